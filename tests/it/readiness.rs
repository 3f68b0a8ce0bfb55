//! Ready means that something can be written: neither more nor less.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures::future::join_all;
use registry::config::Database;
use registry::secrets::Secrets;
use registry::storage::migrate;
use registry_journal::Ambient;
use registry_tests::api::{Answer, Api, within};
use registry_tests::callback::{is_taken, mapping, send, send_taken};
use registry_tests::tenant::random;
use registry_tests::{Installation, PATIENCE, TestApp, logs};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use tokio::time::{Instant, sleep};

use super::replicas::cluster::Cluster;

/// How often it is looked whether something has become true.
const LOOK: Duration = Duration::from_millis(100);

/// Nobody waits longer for an answer about readiness: the proxy in infra/ takes a replica away after three seconds.
const READY_LIMIT: Duration = Duration::from_millis(2_500);

/// So soon it shows that nothing can be written, however short ago something was.
const TOLD_WITHIN: Duration = Duration::from_millis(3_500);

/// Asks until the answer about readiness has this status.
async fn ready_becomes(api: &Api, status: u16) -> Value {
    let asking = async {
        loop {
            let asked_at = Instant::now();
            let answer = api.get("/readyz").await;
            assert!(asked_at.elapsed() < READY_LIMIT, "it took {:?}", asked_at.elapsed());
            if answer.status == status {
                return answer.body;
            }
            sleep(LOOK).await;
        }
    };
    within(PATIENCE, asking).await
}

fn expect_unwritable(readiness: &Value) {
    assert_eq!(readiness["status"], "unavailable", "{readiness}");
    assert_eq!(readiness["writer"]["works"], false, "{readiness}");
    assert!(readiness["writer"]["failing_since"].is_string(), "{readiness}");
    assert_eq!(readiness["storage"]["available"], true, "{readiness}");
}

/// Nothing can be written, and that is said of nothing else.
async fn expect_only_reading_works(app: &TestApp, url: &str) {
    let broken_at = Instant::now();
    expect_unwritable(&ready_becomes(&app.tenant.api, 503).await);
    assert!(broken_at.elapsed() < TOLD_WITHIN, "it took {:?}", broken_at.elapsed());
    let refused = send(url, mapping("acad-1", "store-1", "S", None).to_string()).await;
    refused.problem(503, "storage_unavailable");
    app.tenant.api.get("/v1/merchants").await.expect(200);
    let metrics = app.tenant.api.get("/metrics").await.text;
    assert!(metrics.contains("registry_writer_works 0"), "{metrics}");
}

async fn expect_all_works(app: &TestApp, url: &str, letter: &str) {
    let readiness = ready_becomes(&app.tenant.api, 200).await;
    assert_eq!(readiness["writer"]["failing_since"], Value::Null, "{readiness}");
    send_taken(url, mapping("acad-1", "store-1", letter, None).to_string()).await;
}

/// A service on a server of its own, with a login that may do what a service does and no more.
struct OnServer {
    app: TestApp,
    superuser: PgConnection,
    cluster: Cluster,
}

impl OnServer {
    async fn start() -> Self {
        let cluster = Cluster::start();
        let database = Database::parse(&cluster.url(), None).expect("a database");
        migrate(&database).await.expect("an empty database takes the schema");
        let options: PgConnectOptions = cluster.url().parse().expect("a URL");
        let mut superuser = options.connect().await.expect("it has just been started");
        run(
            &mut superuser,
            "CREATE ROLE service LOGIN IN ROLE registry_writer, registry_reader, registry_directory",
        )
        .await;
        let login = options.username("service").to_url_lossy().to_string();
        let app = TestApp::start_with(|config| {
            config.database_url = Some(login);
            Secrets::open_or_make(config, Ambient::system().ids.as_ref(), true).expect("keys can be made");
        })
        .await;
        Self {
            app,
            superuser,
            cluster,
        }
    }

    async fn run(&mut self, statement: &str) {
        run(&mut self.superuser, statement).await;
    }

    /// Ends all connections of the service, as a server does that another one takes over from.
    async fn disconnect(&mut self) {
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'service'")
            .await;
    }

    /// Waits until so many questions of requests wait for a lock.
    async fn blocked(&mut self, count: i64) {
        let waiting = async {
            loop {
                let blocked: i64 = sqlx::query_scalar(
                    "SELECT count(*) FROM pg_stat_activity
                     WHERE usename = 'service' AND application_name = 'registry-reader' AND wait_event_type = 'Lock'",
                )
                .fetch_one(&mut self.superuser)
                .await
                .expect("the server tells");
                if blocked >= count {
                    return;
                }
                sleep(LOOK).await;
            }
        };
        within(PATIENCE, waiting).await;
    }
}

async fn run(connection: &mut PgConnection, statement: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// A registered shop with its callback URL.
async fn shop(app: &TestApp) -> String {
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    app.sandbox.mapping("acad-1", "store-1").await.callback_url
}

/// After a fail-over to a server that takes no writes, and back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_read_only_is_no_server() {
    let mut on = OnServer::start().await;
    let url = shop(&on.app).await;
    expect_all_works(&on.app, &url, "W").await;
    on.run("ALTER DATABASE postgres SET default_transaction_read_only = on")
        .await;
    on.disconnect().await;
    expect_only_reading_works(&on.app, &url).await;
    on.run("ALTER DATABASE postgres RESET default_transaction_read_only")
        .await;
    on.disconnect().await;
    expect_all_works(&on.app, &url, "P").await;
    on.app.finish().await;
}

/// The login may not become the writer any more; or the writer may not write the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_shows() {
    let mut on = OnServer::start().await;
    let url = shop(&on.app).await;
    expect_all_works(&on.app, &url, "W").await;
    on.run("REVOKE registry_writer FROM service").await;
    on.disconnect().await;
    expect_only_reading_works(&on.app, &url).await;
    on.run("GRANT registry_writer TO service").await;
    expect_all_works(&on.app, &url, "P").await;
    on.run("REVOKE INSERT ON events FROM registry_writer").await;
    expect_only_reading_works(&on.app, &url).await;
    on.run("GRANT INSERT ON events TO registry_writer").await;
    expect_all_works(&on.app, &url, "S").await;
    on.app.finish().await;
}

/// Reads that take their time take away neither readiness nor callbacks nor keys; and those of one tenant not the reads of
/// another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_reads_hold_up_themselves() {
    let mut on = OnServer::start().await;
    let url = shop(&on.app).await;
    let other = on.app.other_tenant().await;
    // Whoever has been seen is believed for a while: these have not.
    let keys = join_all((0..4).map(|_| on.app.key(other.id, &[]))).await;
    let slow = |api: &Api, count: usize| {
        let requests = (0..count).map(|_| {
            let api = api.clone();
            tokio::spawn(async move { api.get("/v1/quarantine").await })
        });
        requests.collect::<Vec<_>>()
    };
    // Whoever is in a transaction sees the activity of others as it was when it first looked.
    let mut holder = PgConnection::connect(&on.cluster.url()).await.expect("the server runs");
    run(&mut holder, "BEGIN; LOCK TABLE quarantine IN ACCESS EXCLUSIVE MODE").await;
    let mut reads = slow(&on.app.tenant.api, 16);
    on.blocked(6).await;
    within(Duration::from_secs(2), other.api.get("/v1/merchants"))
        .await
        .expect(200);
    // Two tenants together can fill all connections for requests.
    reads.extend(slow(&other.api, 8));
    on.blocked(8).await;
    ready_becomes(&on.app.tenant.api, 200).await;
    for key in &keys {
        let checked = within(Duration::from_secs(2), key.get("/v1/merchants")).await;
        checked.problem(403, "insufficient_scope");
    }
    let api_key = random(32);
    logs::secret(&api_key);
    let mut with_key = mapping("acad-1", "store-1", "S", Some("서류를 보내 주세요"));
    with_key["apiKey"] = Value::from(api_key);
    for body in [mapping("acad-1", "store-1", "P", None), with_key] {
        let answer = within(Duration::from_secs(5), send(&url, body.to_string())).await;
        assert!(is_taken(&answer), "{} {}", answer.status, answer.text);
    }
    // As many as were too many for its share are sent away, and are told when to come again.
    let answers: Vec<Answer> = join_all(reads)
        .await
        .into_iter()
        .map(|read| read.expect("an answer"))
        .collect();
    let turned_away: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(turned_away.len() >= 10, "{}", turned_away.len());
    for answer in turned_away {
        assert_eq!(answer.body["code"], "too_many_reads");
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    run(&mut holder, "ROLLBACK").await;
    let metrics = on.app.tenant.api.get("/metrics").await.text;
    assert!(metrics.contains("registry_reads_turned_away_total"), "{metrics}");
    on.app.finish().await;
}

/// Somebody else holds the lock of the file, and does not let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_locked_is_no_file() {
    let app = TestApp::start_with(|config| config.database_url = None).await;
    let url = shop(&app).await;
    expect_all_works(&app, &url, "W").await;
    let options = SqliteConnectOptions::new().filename(app.data_dir().join("registry.db"));
    let mut holder = SqliteConnection::connect_with(&options).await.expect("the file opens");
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut holder)
        .await
        .expect("it is free");
    expect_only_reading_works(&app, &url).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.expect("it ends");
    expect_all_works(&app, &url, "P").await;
    app.finish().await;
}

/// A directory on a disk of its own.
pub struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    /// None where the test may not make one.
    pub fn over(directory: &'a Path, size: &str) -> Option<Self> {
        let mut command = Command::new("mount");
        let options = format!("size={size}");
        command.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(directory);
        let status = command.status().ok()?;
        status.success().then_some(Self(directory))
    }

    /// Until nothing more fits.
    pub fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).expect("the disk has room");
        for length in [65_536, 1] {
            let block = vec![b'x'; length];
            while file.write_all(&block).is_ok() {}
        }
    }

    pub fn empty(&self) {
        fs::remove_file(self.0.join("filler")).expect("it is there");
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0).status().ok();
    }
}

/// The disk is full, and has room again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_no_disk() {
    let mut installation = Installation::new().with("REGISTRY_PUBLIC_URL", "http://registry.test");
    let directory = installation.data_dir().to_owned();
    let Some(disk) = Disk::over(&directory, "16m") else {
        // Only root may: in CI it is.
        return;
    };
    let (_, slug, key) = installation.create_tenant();
    let url = installation.print(&["tenant", "callback-url", "--tenant", slug.as_str()]);
    logs::secret(url.rsplit('/').next().expect("a token"));
    let process = installation.serve();
    let api = Api::new(process.base_url(), Some(key));
    let url = url.replace("http://registry.test", &process.base_url());
    ready_becomes(&api, 200).await;
    disk.fill();
    expect_unwritable(&ready_becomes(&api, 503).await);
    let refused = send(&url, mapping("acad-1", "store-1", "S", None).to_string()).await;
    refused.problem(503, "storage_unavailable");
    disk.empty();
    ready_becomes(&api, 200).await;
    send_taken(&url, mapping("acad-1", "store-1", "S", None).to_string()).await;
    assert!(process.terminate().success());
}
