//! Everything that can happen to storage in one run: the service is killed, its disk is full, nothing can be written. Whatever was
//! acknowledged meanwhile is there afterwards, once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use registry_tests::api::{Api, http_client, number_of, within};
use registry_tests::callback::{is_taken, mapping, try_send_through};
use registry_tests::postgres::service_url;
use registry_tests::tenant::random;
use registry_tests::{Installation, PATIENCE, Process, logs, write_key};
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::sleep;

use super::readiness::Disk;
use super::replicas::cluster::Cluster;

/// Callbacks that are acknowledged in all, at least.
const ACKNOWLEDGED: usize = 5_000;

const SHOPS: usize = 20;
const CONNECTIONS: usize = 32;

/// How long a sender rests that was refused, or not answered.
const PACE: Duration = Duration::from_millis(20);

/// So many refusals show that a spell is felt.
const REFUSED: usize = 32;

/// What storage can be under for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spell {
    DiskFull,
    ReadOnly,
}

/// What is counted while callbacks are sent.
#[derive(Default)]
struct Counts {
    taken: AtomicUsize,
    refused: AtomicUsize,
    enough: AtomicBool,
}

impl Counts {
    async fn rises(&self, count: impl Fn(&Self) -> &AtomicUsize, by: usize) {
        let until = count(self).load(Ordering::SeqCst) + by;
        let rising = async {
            while count(self).load(Ordering::SeqCst) < until {
                sleep(PACE).await;
            }
        };
        within(PATIENCE, rising).await;
    }
}

/// Sends callbacks, each of which says what no other does, until there are enough. Returns what was acknowledged.
async fn send(url: String, connection: usize, counts: Arc<Counts>) -> Vec<String> {
    let (http, shop, mut taken) = (http_client(), connection % SHOPS, Vec::new());
    for number in 0.. {
        if counts.enough.load(Ordering::SeqCst) {
            break;
        }
        let message = format!("message {connection}-{number}");
        let body = mapping("acad", &format!("store-{shop}"), "S", Some(&message)).to_string();
        match try_send_through(&http, &url, body).await {
            Ok(answer) if is_taken(&answer) => {
                taken.push(message);
                counts.taken.fetch_add(1, Ordering::SeqCst);
            }
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{}", answer.text);
                counts.refused.fetch_add(1, Ordering::SeqCst);
                sleep(PACE).await;
            }
            Err(_nobody_is_there) => sleep(PACE).await,
        }
    }
    taken
}

/// Where the data lies.
trait Ground {
    async fn begin(&mut self, spell: Spell);
    async fn end(&mut self, spell: Spell);
}

/// Goes through everything, more than once, until enough was acknowledged. Without a disk of its own nothing is full.
async fn endure(installation: &mut Installation, ground: &mut impl Ground, has_disk: bool) {
    let (_, slug, key) = block_in_place(|| installation.create_tenant());
    let url = block_in_place(|| installation.print(&["tenant", "callback-url", "--tenant", slug.as_str()]));
    logs::secret(url.rsplit('/').next().expect("a token"));
    let mut process = Some(block_in_place(|| installation.serve()));
    let base = process.as_ref().map(Process::base_url).expect("it runs");
    let api = Api::new(base.clone(), Some(key));
    for number in 0..SHOPS {
        let shop = json!({ "member_code": "acad", "merchant_code": format!("store-{number}") });
        api.post("/v1/merchants", &shop).await.expect(201);
    }
    let (url, counts) = (url.replace("http://registry.test", &base), Arc::<Counts>::default());
    let mut senders = JoinSet::new();
    for connection in 0..CONNECTIONS {
        senders.spawn(send(url.clone(), connection, Arc::clone(&counts)));
    }
    let rounds = 2;
    for _ in 0..rounds {
        counts.rises(|counts| &counts.taken, ACKNOWLEDGED / rounds / 4).await;
        block_in_place(|| process.take().expect("it runs").kill());
        process = Some(block_in_place(|| installation.serve()));
        for spell in [Spell::DiskFull, Spell::ReadOnly] {
            counts.rises(|counts| &counts.taken, ACKNOWLEDGED / rounds / 4).await;
            if spell == Spell::DiskFull && !has_disk {
                continue;
            }
            ground.begin(spell).await;
            counts.rises(|counts| &counts.refused, REFUSED).await;
            ground.end(spell).await;
        }
        counts.rises(|counts| &counts.taken, ACKNOWLEDGED / rounds / 4).await;
    }
    counts.enough.store(true, Ordering::SeqCst);
    let taken: BTreeSet<_> = senders.join_all().await.into_iter().flatten().collect();
    assert!(taken.len() >= ACKNOWLEDGED, "{}", taken.len());
    // Once more from the disk alone.
    block_in_place(|| process.take().expect("it runs").kill());
    let process = block_in_place(|| installation.serve());
    expect_all(&api, &taken).await;
    block_in_place(|| {
        assert!(installation.print(&["verify"]).contains("the chain is whole"));
        installation.print(&["rebuild", "--check"]);
        assert!(process.terminate().success());
    });
}

async fn expect_all(api: &Api, taken: &BTreeSet<String>) {
    let feed = api.feed().await;
    let seqs: Vec<_> = feed.iter().map(|event| number_of(event, "seq")).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "the log has no gap");
    let changes = feed.iter().filter(|event| event["type"] == "review.changed");
    let messages: Vec<_> = changes.filter_map(|event| event["data"]["message"].as_str()).collect();
    let found: BTreeSet<_> = messages.iter().map(|message| (*message).to_owned()).collect();
    assert_eq!(found.len(), messages.len(), "nothing was recorded twice");
    let lost: Vec<_> = taken.difference(&found).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

/// A file that somebody else keeps locked is as one that can only be read.
struct OnFile<'a> {
    disk: Option<Disk<'a>>,
    database: &'a Path,
    holder: Option<SqliteConnection>,
}

impl Ground for OnFile<'_> {
    async fn begin(&mut self, spell: Spell) {
        match spell {
            Spell::DiskFull => self.disk.as_ref().expect("it is there").fill(),
            Spell::ReadOnly => {
                let options = SqliteConnectOptions::new()
                    .filename(self.database)
                    .busy_timeout(PATIENCE);
                let holder = SqliteConnection::connect_with(&options).await;
                let holder = self.holder.insert(holder.expect("the file opens"));
                let held = sqlx::raw_sql("BEGIN IMMEDIATE").execute(holder).await;
                held.expect("its turn comes");
            }
        }
    }

    async fn end(&mut self, spell: Spell) {
        match spell {
            Spell::DiskFull => self.disk.as_ref().expect("it is there").empty(),
            Spell::ReadOnly => {
                let closed = self.holder.take().expect("it is held").close().await;
                closed.expect("it ends");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_missing_from_a_file() {
    let mut installation = Installation::new().with("REGISTRY_PUBLIC_URL", "http://registry.test");
    let (directory, database) = (installation.data_dir().to_owned(), installation.database());
    let mut ground = OnFile {
        // Only root may: in CI it is.
        disk: Disk::over(&directory, "128m"),
        database: &database,
        holder: None,
    };
    let has_disk = ground.disk.is_some();
    endure(&mut installation, &mut ground, has_disk).await;
}

/// A server whose files lie on a disk of its own where that can be made. When it has no room for its log it dies, and is started again.
struct OnServer<'a> {
    cluster: Cluster,
    disk: Option<Disk<'a>>,
}

impl OnServer<'_> {
    async fn run(&self, statements: &[&str]) {
        let connecting = async {
            loop {
                if let Ok(connection) = PgConnection::connect(&self.cluster.url()).await {
                    return connection;
                }
                sleep(PACE).await;
            }
        };
        let mut superuser = within(PATIENCE, connecting).await;
        for statement in statements {
            let done = sqlx::raw_sql(AssertSqlSafe(*statement)).execute(&mut superuser).await;
            done.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }
}

impl Ground for OnServer<'_> {
    async fn begin(&mut self, spell: Spell) {
        match spell {
            Spell::DiskFull => self.disk.as_ref().expect("it is there").fill(),
            Spell::ReadOnly => {
                self.run(&[
                    "ALTER DATABASE postgres SET default_transaction_read_only = on",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'registry_service'",
                ])
                .await;
            }
        }
    }

    async fn end(&mut self, spell: Spell) {
        match spell {
            Spell::DiskFull => {
                self.disk.as_ref().expect("it is there").empty();
                block_in_place(|| self.cluster.revive());
            }
            Spell::ReadOnly => {
                self.run(&[
                    "SET default_transaction_read_only = off",
                    "ALTER DATABASE postgres RESET default_transaction_read_only",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'registry_service'",
                ])
                .await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_missing_from_a_server() {
    let place = tempfile::TempDir::with_prefix("registry-hardship-").expect("there is a temporary directory");
    let disk = Disk::over(place.path(), "512m");
    let has_disk = disk.is_some();
    // The mount goes before its directory does, and the server before the mount.
    let mut ground = OnServer {
        cluster: block_in_place(|| {
            Cluster::start_in(
                place.path().to_owned(),
                None,
                "-c max_wal_size=96MB -c min_wal_size=32MB",
            )
        }),
        disk,
    };
    let keys = tempfile::TempDir::with_prefix("registry-keys-").expect("there is a temporary directory");
    let key_file = |name: &str, prefix: &str| {
        let (path, key) = (keys.path().join(name), random(64));
        logs::secret(&key);
        write_key(&path, &format!("{prefix}{key}"));
        path.to_str().expect("a path is text").to_owned()
    };
    let migrating = Installation::new().with("DATABASE_URL", &ground.cluster.url());
    block_in_place(|| migrating.print(&["migrate"]));
    let mut installation = Installation::new()
        .with("REGISTRY_PUBLIC_URL", "http://registry.test")
        .with("DATABASE_URL", &service_url(&ground.cluster.url()).await)
        .with("REGISTRY_MASTER_KEY_FILE", &key_file("master.key", ""))
        .with("REGISTRY_CALLBACK_KEYS_FILE", &key_file("callback.keys", "1 "));
    endure(&mut installation, &mut ground, has_disk).await;
}
