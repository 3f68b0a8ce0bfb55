//! What an operator is told of a message broker that is away, that is not configured, or that cannot be used.

use registry_tests::api::{Api, number_of, within};
use registry_tests::callback::{mapping, send_taken};
use registry_tests::{Installation, PATIENCE, TestNats, TestSandbox};
use serde_json::Value;
use tempfile::TempDir;

const AWAY: &str = "the message broker is away; events wait in the log";
const BACK: &str = "the message broker is back; what waits is published";
const UNFIT: &str = "nothing is published; events wait in the log";
const NONE: &str = "no message broker is configured (nats_url); events stay in the log, and the feed serves them";

async fn publishing(api: &Api, wanted: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let readiness = api.get("/readyz").await.expect(200);
            if wanted(&readiness["publishing"]) {
                return readiness;
            }
        }
    };
    within(PATIENCE, Box::pin(asking)).await
}

fn works(publishing: &Value) -> bool {
    publishing["works"] == true && publishing["lag_events"] == 0
}

#[tokio::test]
async fn one_that_is_away_is_told_of_once_and_again_when_it_changes() {
    let mut nats = TestNats::start();
    let server = nats.url().to_owned();
    nats.stop();
    let sandbox = TestSandbox::start().await;
    let url = server.replace("nats://", "nats://registry:hunter2@");
    let mut installation = Installation::new().with("NATS_URL", &url);
    let (process, tenant) = installation.serve_tenant(&sandbox);
    for shop in ["store-1", "store-2", "store-3"] {
        tenant.register("acad-1", shop).await;
    }
    let away = process.line(AWAY).await;
    assert_eq!(
        (&away["server"], &away["level"]),
        (&server.as_str().into(), &"WARN".into())
    );
    assert!(away["waiting_events"].is_u64(), "{away}");
    assert!(away["reason"].is_string(), "{away}");
    nats.start_again();
    let back = process.line(BACK).await;
    assert_eq!(back["server"], server);
    assert!(number_of(&back, "waiting_events") >= 3, "{back}");
    publishing(&tenant.api, works).await;
    nats.stop();
    publishing(&tenant.api, |publishing| publishing["connected"] == false).await;
    process.line_number(AWAY, 2).await;
    let log = process.log().to_owned();
    assert_eq!((process.lines(AWAY).len(), process.lines(BACK).len()), (2, 1));
    assert!(process.terminate().success());
    let log = std::fs::read_to_string(log).unwrap();
    let address = server.strip_prefix("nats://").unwrap();
    let told = log.lines().filter(|line| line.contains(address)).count();
    assert_eq!(told, 3, "and by nobody else: {log}");
    assert!(!log.contains("async_nats"), "and not at each attempt: {log}");
    assert!(!log.contains("hunter2"));
}

#[tokio::test]
async fn none_is_said_once_and_an_empty_variable_is_none() {
    let mut installation = Installation::new().with("NATS_URL", "");
    installation.create_tenant();
    let process = installation.serve();
    process.line(NONE).await;
    let readiness = Api::new(process.base_url(), None).get("/readyz").await.expect(200);
    assert_eq!(readiness["publishing"], Value::Null);
    assert_eq!(process.lines(NONE).len(), 1);
    assert!(process.terminate().success());
}

#[tokio::test]
async fn one_that_takes_too_small_messages_is_found_when_connecting_and_not_at_a_message() {
    let directory = TempDir::with_prefix("nats-settings-").expect("a temporary directory can be made");
    let settings = directory.path().join("nats.conf");
    std::fs::write(&settings, "max_payload: 65536\n").unwrap();
    let mut nats = TestNats::start_with(&settings);
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("NATS_URL", nats.url());
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let shop = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&shop).await;
    let url = sandbox.mapping("acad-1", "store-1").await.callback_url;
    let told = process.line(UNFIT).await;
    assert_eq!((&told["level"], &told["server"]), (&"ERROR".into(), &nats.url().into()));
    let error = told["error"].as_str().unwrap();
    assert!(
        error.contains("max_payload") && error.contains("65536") && error.contains("327680"),
        "{error}"
    );
    let readiness = publishing(&tenant.api, |publishing| publishing["failure"] == "unfit").await;
    assert_eq!(
        (&readiness["status"], &readiness["publishing"]["connected"]),
        (&"degraded".into(), &true.into())
    );
    // The largest message that a shop can make of a callback today would go through such a server now and then.
    let message = "\u{1F600}".repeat(4_000);
    send_taken(&url, mapping("acad-1", "store-1", "S", Some(&message)).to_string()).await;
    nats.stop();
    std::fs::write(&settings, "max_payload: 1MB\n").unwrap();
    nats.start_again();
    publishing(&tenant.api, works).await;
    assert_eq!(process.lines(UNFIT).len(), 1);
    registry_tests::check_published(&tenant, &nats).await;
    assert!(process.terminate().success());
}
