//! A process that dies in the middle of its work, and a log that somebody touched.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use registry_tests::api::number_of;
use registry_tests::callback::{is_taken, mapping, try_send};
use registry_tests::sandbox::TestSandbox;
use registry_tests::{Installation, TestNats, TestTenant, check_published};
use rustix::process::Signal;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Row};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// After so long a signal is one that somebody meant.
const MADE_UP_MIND: Duration = Duration::from_millis(350);

const SHOPS: usize = 20;
const CONNECTIONS: usize = 32;

/// So many are answered before the process is killed.
const ANSWERED: usize = 400;

/// Sends callbacks until nobody answers any more. Each tells what no other does.
struct Storm {
    tasks: JoinSet<Vec<String>>,
    answered: Arc<AtomicUsize>,
    enough: Arc<Notify>,
}

impl Storm {
    fn begin(urls: &[String]) -> Self {
        let mut storm = Self {
            tasks: JoinSet::new(),
            answered: Arc::default(),
            enough: Arc::default(),
        };
        for connection in 0..CONNECTIONS {
            let shop = connection % urls.len();
            let url = urls[shop].clone();
            let (answered, enough) = (Arc::clone(&storm.answered), Arc::clone(&storm.enough));
            storm.tasks.spawn(async move {
                let mut taken = Vec::new();
                for number in 0.. {
                    let message = format!("message {connection}-{number}");
                    let body = mapping("acad-1", &format!("store-{shop}"), "S", Some(&message)).to_string();
                    match try_send(&url, body).await {
                        Ok(answer) => assert!(is_taken(&answer), "{}", answer.text),
                        Err(_nobody_is_there) => break,
                    }
                    taken.push(message);
                    if answered.fetch_add(1, Ordering::SeqCst) == ANSWERED {
                        enough.notify_one();
                    }
                }
                taken
            });
        }
        storm
    }

    /// All that were answered, once nobody answers any more.
    async fn end(mut self) -> BTreeSet<String> {
        let mut taken = BTreeSet::new();
        while let Some(of_one) = self.tasks.join_next().await {
            taken.extend(of_one.expect("a sender does not fail"));
        }
        taken
    }
}

async fn shops(tenant: &TestTenant, sandbox: &TestSandbox) -> Vec<String> {
    let mut urls = Vec::new();
    for number in 0..SHOPS {
        let code = format!("store-{number}");
        let merchant = tenant.register("acad-1", &code).await;
        tenant.issue_link(&merchant).await;
        urls.push(sandbox.mapping("acad-1", &code).await.callback_url);
    }
    urls
}

/// Starts the service again and checks that all that was answered is there, once, and published once.
async fn check_taken(installation: &mut Installation, tenant: TestTenant, nats: &TestNats, taken: &BTreeSet<String>) {
    let process = installation.serve();
    let tenant = tenant.reconnected();
    let feed = tenant.api.feed().await;
    let seqs: Vec<_> = feed.iter().map(|event| number_of(event, "seq")).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "the log has no gap");
    let changes = feed.iter().filter(|event| event["type"] == "review.changed");
    let messages: Vec<_> = changes.filter_map(|event| event["data"]["message"].as_str()).collect();
    let found: BTreeSet<_> = messages.iter().map(|message| (*message).to_owned()).collect();
    assert_eq!(found.len(), messages.len(), "nothing was recorded twice");
    let lost: Vec<_> = taken.difference(&found).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
    assert!(
        found.len() - taken.len() <= CONNECTIONS,
        "what was not answered was under way"
    );
    assert!(check_published(&tenant, nats).await > ANSWERED);
    let report = installation.print(&["verify"]);
    assert!(report.contains("the chain is whole"), "{report}");
    assert!(process.terminate().success());
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_kill_and_published_once() {
    let nats = TestNats::shared();
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("NATS_URL", nats.url());
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let urls = shops(&tenant, &sandbox).await;
    let storm = Storm::begin(&urls);
    storm.enough.notified().await;
    process.kill();
    let taken = storm.end().await;
    assert!(taken.len() >= ANSWERED);
    check_taken(&mut installation, tenant, &nats, &taken).await;
}

/// Told once, and told twice: then it ends in the middle of everything.
#[tokio::test]
async fn what_was_answered_is_there_after_a_stop_under_load_however_short() {
    let nats = TestNats::shared();
    let sandbox = TestSandbox::start().await;
    for signals in [1, 2] {
        let mut installation = Installation::new().with("NATS_URL", nats.url());
        let (process, tenant) = installation.serve_tenant(&sandbox);
        let urls = shops(&tenant, &sandbox).await;
        let storm = Storm::begin(&urls);
        storm.enough.notified().await;
        process.signal(Signal::TERM);
        if signals == 2 {
            // One that comes at once would be the same one.
            tokio::time::sleep(MADE_UP_MIND).await;
            process.signal(Signal::TERM);
        }
        let taken = storm.end().await;
        let code = process.wait().code();
        // The second may find it at its end.
        assert!(code == Some(0) || signals == 2 && code == Some(143), "{code:?}");
        assert!(taken.len() >= ANSWERED);
        check_taken(&mut installation, tenant, &nats, &taken).await;
    }
}

#[tokio::test]
async fn a_kill_between_the_log_and_the_stream_leaves_nothing_unpublished() {
    let mut nats = TestNats::start();
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new().with("NATS_URL", nats.url());
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let urls = shops(&tenant, &sandbox).await;
    check_published(&tenant, &nats).await;
    nats.stop();
    let storm = Storm::begin(&urls);
    storm.enough.notified().await;
    process.kill();
    let taken = storm.end().await;
    nats.start_again();
    let process = installation.serve();
    let tenant = tenant.reconnected();
    assert!(check_published(&tenant, &nats).await > taken.len());
    assert!(process.terminate().success());
}

#[tokio::test]
async fn a_row_that_was_altered_is_named() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    for number in 0..10 {
        tenant.register("acad-1", &format!("store-{number}")).await;
    }
    let events = tenant.api.feed().await;
    assert!(process.terminate().success());
    let seq = events[events.len() / 2]["seq"].as_i64().unwrap();
    assert!(installation.run(&["verify"]).status.success());
    for column in ["sealed", "data", "recorded_at", "actor", "hash"] {
        let before = alter(&installation.database(), seq, column).await;
        let output = installation.run(&["verify"]);
        let report = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{column}: {report}");
        assert!(
            report.contains(&format!("event {seq} ")) || report.contains(&format!("seq {seq}")),
            "{column}: {report}"
        );
        put_back(&installation.database(), seq, column, before).await;
        assert!(installation.run(&["verify"]).status.success(), "{column} was put back");
    }
    remove(&installation.database(), seq).await;
    let output = installation.run(&["verify"]);
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(report.contains(&format!("event {seq} is missing")), "{report}");
}

#[tokio::test]
async fn the_database_refuses_to_change_or_delete_an_event() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    tenant.register("acad-1", "store-1").await;
    let mut database = open(&installation.database()).await;
    for statement in ["UPDATE events SET actor = 'x'", "DELETE FROM events"] {
        let refused = sqlx::query(statement).execute(&mut database).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    assert!(process.terminate().success());
}

async fn open(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file);
    SqliteConnection::connect_with(&options)
        .await
        .expect("the file is a database")
}

/// As a database tool would: first the guard goes.
pub(crate) async fn open_unguarded(file: &Path) -> SqliteConnection {
    let mut database = open(file).await;
    for statement in [
        "DROP TRIGGER IF EXISTS events_refuse_update",
        "DROP TRIGGER IF EXISTS events_refuse_delete",
    ] {
        sqlx::query(statement)
            .execute(&mut database)
            .await
            .expect("a trigger can be dropped");
    }
    database
}

/// What stood in a column: bytes, or a text or number as SQLite writes it.
enum Before {
    Bytes(Vec<u8>),
    Text(String),
    Number(i64),
}

/// Changes one byte, or the last digit of a number.
async fn alter(file: &Path, seq: i64, column: &str) -> Before {
    let mut database = open_unguarded(file).await;
    let select = match column {
        "sealed" => "SELECT sealed FROM events WHERE seq = ?",
        "hash" => "SELECT hash FROM events WHERE seq = ?",
        "data" => "SELECT data FROM events WHERE seq = ?",
        "actor" => "SELECT actor FROM events WHERE seq = ?",
        _ => "SELECT recorded_at FROM events WHERE seq = ?",
    };
    let row = sqlx::query(select)
        .bind(seq)
        .fetch_one(&mut database)
        .await
        .expect("the row is there");
    let (before, after) = match column {
        "sealed" | "hash" => {
            let bytes: Vec<u8> = row.get(0);
            let mut altered = bytes.clone();
            *altered.last_mut().expect("it has bytes") ^= 1;
            (Before::Bytes(bytes), Before::Bytes(altered))
        }
        "recorded_at" => {
            let number: i64 = row.get(0);
            (Before::Number(number), Before::Number(number + 1))
        }
        _ => {
            let text: String = row.get(0);
            let altered = text.replacen(':', ";", 1);
            assert_ne!(text, altered, "there is a byte to change");
            (Before::Text(text), Before::Text(altered))
        }
    };
    database.close().await.expect("the file can be closed");
    put_back(file, seq, column, after).await;
    before
}

async fn put_back(file: &Path, seq: i64, column: &str, value: Before) {
    let mut database = open_unguarded(file).await;
    let update = match column {
        "sealed" => "UPDATE events SET sealed = ? WHERE seq = ?",
        "hash" => "UPDATE events SET hash = ? WHERE seq = ?",
        "data" => "UPDATE events SET data = ? WHERE seq = ?",
        "actor" => "UPDATE events SET actor = ? WHERE seq = ?",
        _ => "UPDATE events SET recorded_at = ? WHERE seq = ?",
    };
    let query = match value {
        Before::Bytes(bytes) => sqlx::query(update).bind(bytes),
        Before::Text(text) => sqlx::query(update).bind(text),
        Before::Number(number) => sqlx::query(update).bind(number),
    };
    query
        .bind(seq)
        .execute(&mut database)
        .await
        .expect("without its guard a row can be changed");
    database.close().await.expect("the file can be closed");
}

async fn remove(file: &Path, seq: i64) {
    let mut database = open_unguarded(file).await;
    let delete = sqlx::query("DELETE FROM events WHERE seq = ?").bind(seq);
    delete
        .execute(&mut database)
        .await
        .expect("without its guard a row can be deleted");
    database.close().await.expect("the file can be closed");
}

/// Everything in the log that is not sealed.
pub async fn open_columns(file: &Path) -> String {
    let mut database = open(file).await;
    let rows =
        sqlx::query("SELECT type, actor, coalesce(idempotency_key, ''), data FROM events ORDER BY tenant_id, seq")
            .fetch_all(&mut database)
            .await
            .expect("the log can be read");
    let columns = rows
        .iter()
        .flat_map(|row| (0..4).map(move |column| row.get::<String, _>(column)));
    columns.collect::<Vec<_>>().join("\n")
}
