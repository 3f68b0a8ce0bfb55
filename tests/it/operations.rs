//! What an operator does to an installation: schemas, moving it to another engine and back, folding its log anew.

use std::path::Path;

use registry_tests::api::http_client;
use registry_tests::callback::{mapping, send_taken};
use registry_tests::tenant::{id_of, random};
use registry_tests::{Answer, Api, Installation, TestNats, TestSandbox, TestTenant, check_published, write_key};
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::replicas::cluster::Cluster;
use crate::visitor::PASSWORD;

/// Changes the database behind the registry's back.
async fn tamper(cluster: &Cluster, statement: &str) {
    let mut connection = PgConnection::connect(&cluster.url()).await.expect("the server runs");
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await;
    done.expect("a superuser may do anything");
}

fn refusal(installation: &Installation) -> String {
    let output = installation.run(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).expect("it says why in text")
}

/// `serve` works on the schema it was built for and no other, and says which command helps.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_refuses_any_schema_but_its_own() {
    let cluster = Cluster::start();
    let installation = Installation::new()
        .with("DATABASE_URL", &cluster.url())
        .with("REGISTRY_MASTER_KEY_FILE", &key_file("", "master.key"))
        .with("REGISTRY_CALLBACK_KEYS_FILE", &key_file("1 ", "callback.keys"));
    assert!(refusal(&installation).contains("registry migrate"));
    installation.print(&["migrate"]);
    tamper(
        &cluster,
        "UPDATE _sqlx_migrations SET version = 100000 WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
    )
    .await;
    assert!(refusal(&installation).contains("newer than this program"));
    assert_eq!(
        installation.run(&["migrate"]).status.code(),
        Some(1),
        "there is no way back"
    );
    tamper(&cluster, "DELETE FROM _sqlx_migrations WHERE version = 100000").await;
    let refused = refusal(&installation);
    assert!(
        refused.contains("older than this program") && refused.contains("registry migrate"),
        "{refused}"
    );
}

fn key_file(prefix: &str, name: &str) -> String {
    let directory = std::env::temp_dir().join(format!("registry-keys-{}", random(16)));
    std::fs::create_dir_all(&directory).expect("a directory can be made");
    let key = random(64);
    registry_tests::logs::secret(&key);
    let path = directory.join(name);
    write_key(&path, &format!("{prefix}{key}"));
    path.to_str().expect("a path is text").to_owned()
}

/// What a client sees: every merchant with its `ETag`, and the feed.
async fn seen(tenant: &TestTenant) -> (Vec<(Value, String)>, Vec<Value>) {
    let list = tenant.api.get("/v1/merchants?limit=200").await.expect(200);
    let mut merchants = Vec::new();
    for merchant in list["data"].as_array().expect("a list") {
        let answer = tenant.api.get(&format!("/v1/merchants/{}", id_of(merchant))).await;
        let etag = answer.header("etag").expect("an ETag").to_owned();
        merchants.push((answer.expect(200), etag));
    }
    (merchants, tenant.api.feed().await)
}

pub(crate) async fn live(tenant: &TestTenant, sandbox: &TestSandbox, letters: &[&str]) {
    for number in 0..10 {
        let code = format!("store-{number}");
        let by_reference = format!("/v1/merchants/by-reference/acad-1/{code}");
        if tenant.api.get(&by_reference).await.status == 404 {
            let merchant = tenant.register("acad-1", &code).await;
            tenant.issue_link(&merchant).await;
        }
        let url = sandbox.mapping("acad-1", &code).await.callback_url;
        // None repeats what was said before: that would be doubtful.
        let message = format!("심사 메시지 {}", letters.concat());
        for letter in letters {
            send_taken(&url, mapping("acad-1", &code, letter, Some(&message)).to_string()).await;
        }
    }
}

/// Sends a form of the console.
async fn send_form(base: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = http_client().post(format!("{base}{path}")).body(body);
    let request = request.header("sec-fetch-site", "same-origin");
    Answer::to(request.header("content-type", "application/x-www-form-urlencoded")).await
}

/// Invites somebody, who comes and has a password from then on.
async fn join(tenant: &TestTenant, name: &str) {
    let body = json!({ "email": format!("{name}@example.test"), "name": name, "role": "manager" });
    let invited = tenant.api.post("/v1/people", &body).await.expect(201);
    let url = invited["invitation"]["url"].as_str().expect("an invitation");
    let token = url.rsplit('/').next().expect("a token");
    registry_tests::logs::secret(token);
    let path = format!("/console/join/{token}");
    let joined = send_form(tenant.api.base(), &path, &[("password", PASSWORD)]).await;
    assert_eq!(joined.status, 303, "{}", joined.text);
}

/// Whether somebody gets in with the password that they chose before the installation moved.
async fn gets_in(tenant: &TestTenant, name: &str) -> bool {
    let email = format!("{name}@example.test");
    let fields = [("email", email.as_str()), ("password", PASSWORD)];
    send_form(tenant.api.base(), "/console/sign-in", &fields).await.status == 303
}

/// A tenant's people and which groups are which roles, without when they came.
async fn people_of(tenant: &TestTenant) -> (Value, Value) {
    let people = tenant.api.get("/v1/people").await.expect(200);
    let mappings = tenant.api.get("/v1/role-mappings").await.expect(200);
    let mut people = people["data"].clone();
    for person in people.as_array_mut().expect("a list") {
        person.as_object_mut().expect("a person").remove("signed_in_at");
    }
    (people, mappings)
}

/// From a file to a server and back: the log, the rows, the `ETag`s and the streams go on as if nothing had been.
#[tokio::test(flavor = "multi_thread")]
async fn an_installation_moves_to_postgresql_and_back() {
    let (nats, sandbox, cluster) = (TestNats::shared(), TestSandbox::start().await, Cluster::start());
    let mut on_file = Installation::new().with("NATS_URL", nats.url());
    let (process, tenant, key) = on_file.serve_tenant_with_key(&sandbox);
    // Whoever is opened is asked about at once, and would change between two looks.
    tenant.set(&json!({ "read_back": { "enabled": false } })).await;
    for name in ["kim", "lee"] {
        join(&tenant, name).await;
    }
    let mappings = tenant.api.request(reqwest::Method::PUT, "/v1/role-mappings");
    let mappings = mappings.json(&json!({ "groups": { "ops": "operator", "운영팀": "viewer" } }));
    Answer::to(mappings).await.expect(200);
    live(&tenant, &sandbox, &["W", "P"]).await;
    check_published(&tenant, &nats).await;
    let before = seen(&tenant).await;
    let mut people = people_of(&tenant).await;
    assert!(process.terminate().success());

    let file = format!("sqlite://{}", on_file.database().display());
    let keys = on_file.data_dir().join("keys");
    let path = |name: &str| Path::new(&keys).join(name).to_str().expect("a path is text").to_owned();
    let public_url = tenant.api.base().to_owned();
    let mut on_server = Installation::new()
        .with("NATS_URL", nats.url())
        .with("DATABASE_URL", &cluster.url())
        .with("REGISTRY_LISTEN", public_url.trim_start_matches("http://"))
        .with("REGISTRY_MASTER_KEY_FILE", &path("master.key"))
        .with("REGISTRY_CALLBACK_KEYS_FILE", &path("callback.keys"));
    on_server.print(&["migrate"]);
    let copied = on_file.print(&["copy", "--from", &file, "--to", &cluster.url()]);
    assert!(copied.contains(tenant.slug.as_str()), "{copied}");
    // Again: there is nothing to do but what has changed.
    on_file.print(&["person", "disable", "--email", "lee@example.test"]);
    people.0[1]["state"] = json!("disabled");
    on_file.print(&["copy", "--from", &file, "--to", &cluster.url()]);

    let process = on_server.serve();
    let moved = TestTenant {
        api: Api::new(process.base_url(), Some(key.clone())),
        ..tenant.clone()
    };
    let now = seen(&moved).await;
    assert_eq!((&now.0, &now.1[..before.1.len()]), (&before.0, &before.1[..]));
    assert_eq!(people_of(&moved).await, people);
    let kim = people.0[0]["id"].as_str().expect("an id");
    let sessions = moved.api.get(&format!("/v1/people/{kim}/sessions")).await.expect(200);
    assert_eq!(sessions["data"], json!([]), "they sign in anew");
    check_published(&moved, &nats).await;
    assert!(gets_in(&moved, "kim").await && !gets_in(&moved, "lee").await);
    live(&moved, &sandbox, &["S", "P", "O"]).await;
    check_published(&moved, &nats).await;
    let before = seen(&moved).await;
    assert!(process.terminate().success());

    let mut back = Installation::new()
        .with("NATS_URL", nats.url())
        .with("REGISTRY_LISTEN", public_url.trim_start_matches("http://"))
        .with("REGISTRY_MASTER_KEY_FILE", &path("master.key"))
        .with("REGISTRY_CALLBACK_KEYS_FILE", &path("callback.keys"));
    let file = format!("sqlite://{}", back.database().display());
    back.print(&["migrate"]);
    back.print(&["copy", "--from", &cluster.url(), "--to", &file]);
    let process = back.serve();
    let moved = TestTenant {
        api: Api::new(process.base_url(), Some(key)),
        ..tenant
    };
    assert_eq!(seen(&moved).await, before);
    assert_eq!(people_of(&moved).await, people);
    check_published(&moved, &nats).await;
    assert!(gets_in(&moved, "kim").await && !gets_in(&moved, "lee").await);
    assert!(back.print(&["verify"]).contains("the chain is whole"));
    back.print(&["rebuild", "--check"]);
    assert!(process.terminate().success());
}

/// A row that was changed behind the registry's back is found by a check and healed while the service works.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_is_found_and_healed() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    live(&tenant, &sandbox, &["W", "P"]).await;
    let before = seen(&tenant).await;
    installation.print(&["rebuild", "--check"]);
    let file = format!("sqlite://{}", installation.database().display());
    let mut connection = sqlx::SqliteConnection::connect(&file).await.expect("the file opens");
    let damage = "UPDATE merchants SET status = 'opened', state = replace(state, '\"P\"', '\"O\"') WHERE merchant_code = 'store-3'";
    sqlx::raw_sql(damage)
        .execute(&mut connection)
        .await
        .expect("rows can be changed");
    connection.close().await.expect("the file can be closed");

    assert_ne!(seen(&tenant).await.0, before.0, "the damage shows");
    let output = installation.run(&["rebuild", "--check"]);
    assert_eq!(output.status.code(), Some(1), "a check fails on a difference");
    let report = String::from_utf8(output.stdout).expect("text");
    assert!(report.contains("1 differ"), "{report}");
    installation.print(&["rebuild"]);
    installation.print(&["rebuild", "--check"]);
    assert_eq!(seen(&tenant).await.0, before.0);
    assert!(process.terminate().success());
}

/// The health check of a container: ready, and not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_tells_by_its_exit_code() {
    let mut installation = Installation::new();
    let process = installation.serve();
    let checked = installation.run(&["healthcheck"]);
    assert!(checked.status.success());
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    let (status, body) = told.split_once('\n').expect("a status and a body");
    assert_eq!(status, "HTTP/1.1 200 OK");
    let readiness: Value = serde_json::from_str(body).expect("readiness is JSON");
    assert_eq!(readiness["status"], "ready");
    assert!(process.terminate().success());
    assert!(!installation.run(&["healthcheck"]).status.success());
}
