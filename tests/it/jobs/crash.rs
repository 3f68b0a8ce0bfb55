//! A process that dies in the middle of a job, again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use registry_tests::api::text_of;
use registry_tests::sandbox::TestSandbox;
use registry_tests::tenant::id_of;
use registry_tests::{Installation, PATIENCE, TestTenant};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::imports;

use super::{confirm, count, job, plan, rows, shops, told};

const SHOPS: usize = 200;

/// After so many the process is killed, and after so many the next one.
const KILLED_AT: [u64; 2] = [40, 110];

/// The longest that a call whose process died takes to be settled, and the rest of the job.
const ENDS_WITHIN: Duration = Duration::from_secs(150);

async fn until_tried(tenant: &TestTenant, begun: &Value, tried: u64) {
    let looks = async {
        loop {
            let job = job(tenant, begun).await;
            if count(&job, "done") + count(&job, "failed") >= tried {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, looks).await.expect("it goes on");
}

/// How often each merchant has an event of a type.
fn by_merchant(feed: &[Value], event_type: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in feed.iter().filter(|event| event["type"] == event_type) {
        *counts.entry(text_of(event, "merchant_id").to_owned()).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn every_row_has_one_outcome_and_no_shop_two_links_whoever_dies() {
    go_through(async |tenant| {
        shops(tenant, SHOPS).await;
        plan(tenant, json!({ "action": "issue_links", "filter": "stage=registered" })).await
    })
    .await;
}

#[tokio::test]
async fn a_file_is_read_in_once_whoever_dies() {
    go_through(async |tenant| {
        let rows = (0..SHOPS).map(|number| format!("acad-12,store-{number},가나다 {number}\n"));
        let text = format!("member_code,merchant_code,상호\n{}", rows.collect::<String>());
        let file = imports::hand_over(&tenant.api, "text/csv", text.into_bytes())
            .await
            .expect(201);
        plan(
            tenant,
            json!({ "action": "import", "import_id": id_of(&file), "issue_links": true }),
        )
        .await
    })
    .await;
}

/// Carries out a plan with links for many shops, and kills the process on the way.
async fn go_through(planned: impl AsyncFnOnce(&TestTenant) -> Value) {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("REGISTRY_RECONCILE_CALLS_PER_SECOND", "60");
    let (mut process, mut tenant) = installation.serve_tenant(&sandbox);
    let planned = planned(&tenant).await;
    sandbox
        .faults(
            &json!({ "seed": 7, "calls": { "auth/mapping": { "answer": "500", "probability": 0.05, "slow_ms": 60 } } }),
        )
        .await;
    assert_eq!(planned["eligible"], SHOPS);
    let begun = confirm(&tenant, &planned).await;
    for tried in KILLED_AT {
        until_tried(&tenant, &begun, tried).await;
        process.kill();
        process = installation.serve();
        tenant = tenant.reconnected();
    }
    let ends = async {
        while job(&tenant, &begun).await["ended_at"].is_null() {
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(ENDS_WITHIN, ends).await.expect("it comes to its end");
    let over = job(&tenant, &begun).await;
    let (done, failed) = (count(&over, "done"), count(&over, "failed"));
    assert_eq!(
        (over["state"].as_str(), done + failed),
        (Some("finished"), SHOPS as u64)
    );
    assert!(done > SHOPS as u64 / 2, "{over}");
    let rows = rows(&tenant, &begun).await;
    let numbers: Vec<_> = rows.iter().filter_map(|row| row["number"].as_u64()).collect();
    assert_eq!(numbers, (1..=SHOPS as u64).collect::<Vec<_>>());
    let feed = tenant.api.feed().await;
    let (asked, issued) = (by_merchant(&feed, "link.requested"), by_merchant(&feed, "link.issued"));
    assert!(asked.values().all(|times| *times == 1), "nobody is asked for twice");
    assert!(sandbox.calls("auth/mapping").await <= SHOPS as u64);
    for row in &rows {
        let merchant = text_of(row, "merchant_id");
        match text_of(row, "state") {
            "done" => assert_eq!(issued.get(merchant), Some(&1), "{row}"),
            "failed" => assert_eq!(issued.get(merchant), None, "{row}"),
            other => panic!("{other} is no end: {row}"),
        }
    }
    assert_eq!(
        told(&tenant)
            .await
            .iter()
            .filter(|name| *name == "job.confirmed")
            .count(),
        1
    );
    assert!(told(&tenant).await.contains(&"job.finished".to_owned()));
    assert!(installation.print(&["verify"]).contains("the chain is whole"));
    let merchants = tenant.api.get("/v1/merchants?limit=500").await.expect(200);
    assert_eq!(
        merchants["data"].as_array().map(Vec::len),
        Some(SHOPS),
        "each shop once"
    );
    assert!(process.terminate().success());
}

#[tokio::test]
async fn an_operator_sees_jobs_and_has_them_rest_and_go_on() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("REGISTRY_RECONCILE_CALLS_PER_SECOND", "5");
    let (process, tenant) = installation.serve_tenant(&sandbox);
    shops(&tenant, 30).await;
    let planned = plan(&tenant, json!({ "action": "issue_links", "filter": "" })).await;
    let begun = confirm(&tenant, &planned).await;
    let slug = tenant.slug.as_str();
    let listed = installation.print(&["job", "list", "--tenant", slug]);
    assert!(
        listed.contains(id_of(&begun)) && listed.contains("issue_links"),
        "{listed}"
    );
    let act = |what: &str| installation.print(&["job", what, "--tenant", slug, "--job", id_of(&begun)]);
    assert!(act("pause").contains("paused"));
    assert_eq!(job(&tenant, &begun).await["state"], "paused");
    assert!(act("show").contains("paused"));
    act("resume");
    let resumed = job(&tenant, &begun).await;
    assert_ne!(resumed["state"], "paused");
    assert_eq!(resumed["actor"]["id"], "command_line");
    assert!(act("cancel").contains("cancelled"));
    let json = installation.print(&["job", "list", "--tenant", slug, "--json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json[0]["state"], "cancelled");
    let unknown = [
        "job",
        "show",
        "--tenant",
        slug,
        "--job",
        "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6",
    ];
    assert!(!installation.run(&unknown).status.success());
    assert!(process.terminate().success());
}
