//! What is counted beside the rows: it moves with an installation, and whoever damages it is found out.

use std::path::Path;

use registry_tests::{Api, Installation, TestSandbox, TestTenant};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::operations::live;
use crate::replicas::cluster::Cluster;

/// Damages, each with what a check says of it.
const DAMAGES: [(&str, &str); 9] = [
    ("DELETE FROM merchant_counts", "what merchant_counts counts"),
    (
        "UPDATE merchant_counts SET count = count + 1",
        "what merchant_counts counts",
    ),
    ("DELETE FROM standing_counts", "what standing_counts counts"),
    (
        "UPDATE standing_counts SET count = count - 1",
        "what standing_counts counts",
    ),
    ("DELETE FROM stay_counts", "what stay_counts counts"),
    (
        "UPDATE stay_counts SET since_on = since_on - 7",
        "what stay_counts counts",
    ),
    ("DELETE FROM cohort_counts", "what cohort_counts counts"),
    (
        "UPDATE cohort_counts SET step = 'nothing' WHERE step = 'linked'",
        "what cohort_counts counts",
    ),
    (
        "INSERT INTO merchant_alerts SELECT tenant_id, merchant_id, merchant_id, 'in_review', 0, updated_at, NULL, NULL
         FROM merchants ORDER BY merchant_id LIMIT 1",
        "what is projected of mer_",
    ),
];

/// A database that can be changed behind the registry's back.
enum Behind {
    File(SqliteConnection),
    Server(PgConnection),
}

impl Behind {
    async fn tamper(&mut self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        let changed = match self {
            Self::File(file) => sqlx::query(statement)
                .execute(file)
                .await
                .map(|done| done.rows_affected()),
            Self::Server(server) => sqlx::query(statement)
                .execute(server)
                .await
                .map(|done| done.rows_affected()),
        };
        assert!(changed.expect("whoever owns it may do anything") > 0);
    }
}

/// Everything that is counted, and the alerts.
async fn counted(api: &Api) -> Vec<Value> {
    let mut told = Vec::new();
    for path in [
        "stats/review-status",
        "stats/ageing",
        "stats/durations",
        "stats/funnel",
        "alerts",
    ] {
        told.push(api.get(&format!("/v1/{path}")).await.expect(200)["data"].clone());
    }
    told
}

/// Nobody is asked: whoever is opened would change between two looks.
async fn grow(tenant: &TestTenant, sandbox: &TestSandbox, letters: &[&str]) {
    tenant.set(&json!({ "read_back": { "enabled": false } })).await;
    live(tenant, sandbox, letters).await;
}

async fn is_found_out_and_mended(installation: &Installation, tenant: &TestTenant, behind: &mut Behind) {
    let before = counted(&tenant.api).await;
    for (damage, told) in DAMAGES {
        behind.tamper(damage).await;
        let checked = installation.run(&["rebuild", "--check"]);
        let report = String::from_utf8(checked.stdout).expect("text");
        assert_eq!(checked.status.code(), Some(1), "{damage}: {report}");
        assert!(
            report.contains(told) && report.contains("1 differ"),
            "{damage}: {report}"
        );
        installation.print(&["rebuild"]);
        let report = installation.print(&["rebuild", "--check"]);
        assert!(
            report.lines().count() == 1 && report.contains("0 differ"),
            "{damage}: {report}"
        );
        assert_eq!(counted(&tenant.api).await, before, "{damage}");
    }
}

/// Whatever is done to a table of counts, or to the list of alerts, is named by a check and mended while the service works.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_counts_are_found_and_mended_in_a_file() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    grow(&tenant, &sandbox, &["W", "P", "O"]).await;
    let file = format!("sqlite://{}", installation.database().display());
    let mut behind = Behind::File(SqliteConnection::connect(&file).await.expect("the file opens"));
    is_found_out_and_mended(&installation, &tenant, &mut behind).await;
    assert!(process.terminate().success());
}

/// Moves an installation while it grows, and looks whether the target counts what the source does: each merchant is written by both
/// copies.
async fn moves_twice(mut from: Installation, to: &mut Installation, urls: (&str, &str)) {
    let sandbox = TestSandbox::start().await;
    let (process, tenant, key) = from.serve_tenant_with_key(&sandbox);
    grow(&tenant, &sandbox, &["W", "P"]).await;
    assert!(process.terminate().success());
    from.print(&["copy", "--from", urls.0, "--to", urls.1]);

    let process = from.serve();
    let tenant = TestTenant {
        api: Api::new(process.base_url(), Some(key.clone())),
        ..tenant
    };
    grow(&tenant, &sandbox, &["S", "O"]).await;
    let before = counted(&tenant.api).await;
    assert!(process.terminate().success());
    from.print(&["copy", "--from", urls.0, "--to", urls.1]);

    to.print(&["rebuild", "--check"]);
    let process = to.serve();
    let moved = Api::new(process.base_url(), Some(key));
    assert_eq!(counted(&moved).await, before);
    assert!(process.terminate().success());
}

/// An installation with the keys of another.
fn with_keys_of(other: &Installation) -> Installation {
    let keys = other.data_dir().join("keys");
    let path = |name: &str| Path::new(&keys).join(name).to_str().expect("a path is text").to_owned();
    Installation::new()
        .with("REGISTRY_MASTER_KEY_FILE", &path("master.key"))
        .with("REGISTRY_CALLBACK_KEYS_FILE", &path("callback.keys"))
}

/// An installation of which nothing is wanted but its keys.
fn keys() -> Installation {
    let keys = Installation::new();
    keys.print(&["tenant", "create", "--slug", "keys", "--name", "Keys"]);
    keys
}

/// From a file to a server.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_copied_twice_to_postgresql_is_counted_once() {
    let cluster = Cluster::start();
    let from = Installation::new();
    from.print(&["migrate"]);
    let mut to = with_keys_of(&from).with("DATABASE_URL", &cluster.url());
    to.print(&["migrate"]);
    let file = format!("sqlite://{}", from.database().display());
    moves_twice(from, &mut to, (&file, &cluster.url())).await;
}

/// From a server to a file.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_copied_twice_to_a_file_is_counted_once() {
    let (cluster, keys) = (Cluster::start(), keys());
    let mut to = with_keys_of(&keys);
    to.print(&["migrate"]);
    let from = with_keys_of(&keys).with("DATABASE_URL", &cluster.url());
    from.print(&["migrate"]);
    let file = format!("sqlite://{}", to.database().display());
    moves_twice(from, &mut to, (&cluster.url(), &file)).await;
}

/// The same as in a file.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_counts_are_found_and_mended_on_a_server() {
    let (cluster, sandbox, keys) = (Cluster::start(), TestSandbox::start().await, keys());
    let mut installation = with_keys_of(&keys).with("DATABASE_URL", &cluster.url());
    installation.print(&["migrate"]);
    let (process, tenant) = installation.serve_tenant(&sandbox);
    grow(&tenant, &sandbox, &["W", "P", "O"]).await;
    let server = PgConnection::connect(&cluster.url()).await;
    let mut behind = Behind::Server(server.expect("the server runs"));
    is_found_out_and_mended(&installation, &tenant, &mut behind).await;
    assert!(process.terminate().success());
}
