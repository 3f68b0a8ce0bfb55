//! The queue of the write path, and the past: whoever sends much, or looks far back, leaves others theirs.

use chrono::TimeDelta;
use futures::future::join_all;
use registry_tests::TestApp;
use registry_tests::api::{text_of, until};
use registry_tests::callback::{is_taken, mapping, send};
use registry_tests::settings::settings;
use registry_tests::tenant::id_of;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::metric;

/// Three of these are more than a tenant's share of a mebibyte.
const LARGE: usize = 300 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_sends_much_leaves_room_in_the_queue() {
    if settings().postgres_url.is_some() {
        // Who holds up the writer of a file is another matter than who holds up a server.
        return;
    }
    let mut app = TestApp::start_with(|config| config.queue_mebibytes_max = 1).await;
    let other = app.other_tenant().await;
    let (theirs, own) = (
        app.tenant_callback_url(other.id),
        app.tenant_callback_url(app.tenant.id),
    );
    let options = SqliteConnectOptions::new().filename(app.data_dir().join("registry.db"));
    let mut holder = options.connect().await.expect("the file opens");
    let held = sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut holder).await;
    held.expect("its turn comes");

    let large = "[".repeat(LARGE);
    let flood = join_all((0..8).map(|_| send(&own, large.clone())));
    let meanwhile = async {
        // One is being written, and what it may have beside that waits.
        until(|| async { metric(&app, "registry_writer_refused_total").await >= 5 }).await;
        assert!(metric(&app, "registry_writer_queue_bytes").await > LARGE as u64);
        let small = mapping("acad-2", "store-1", "P", None).to_string();
        let (taken, ()) = tokio::join!(send(&theirs, small), release(&app, holder));
        assert!(is_taken(&taken), "{}", taken.text);
    };
    let (answers, ()) = tokio::join!(flood, meanwhile);
    let refused: Vec<_> = answers.into_iter().filter(|answer| answer.status == 503).collect();
    assert!((5..8).contains(&refused.len()), "{}", refused.len());
    for answer in refused {
        answer.problem(503, "overloaded");
    }
    app.finish().await;
}

/// Lets go of the file once the other tenant's callback waits as well.
async fn release(app: &TestApp, holder: SqliteConnection) {
    until(|| async { metric(app, "registry_writer_queue_length").await >= 2 }).await;
    holder.close().await.expect("it ends");
}

#[tokio::test]
async fn the_past_of_a_very_long_life_is_not_read_whole() {
    let app = TestApp::start_with(|config| config.past_events_max = 500).await;
    let shop = app.tenant.register("acad-1", "store-1").await;
    let url = app.tenant_callback_url(app.tenant.id);
    for number in 0..260 {
        let body = mapping("acad-1", "store-1", "S", Some(&format!("서류 {number}"))).to_string();
        assert!(is_taken(&send(&url, body).await));
    }
    let path = format!("/v1/merchants/{}", id_of(&shop));
    let now = app.tenant.api.get(&path).await.expect(200);
    assert!(now["version"].as_u64().is_some_and(|version| version > 501), "{now}");
    let at = async |query: &str| app.tenant.api.get(&format!("{path}?{query}")).await;
    assert_eq!(at("as_of_version=500").await.expect(200)["version"], 500);
    at("as_of_version=501").await.problem(422, "past_too_long");
    app.advance(TimeDelta::hours(1));
    let last = text_of(&now, "updated_at");
    at(&format!("as_of={last}")).await.problem(422, "past_too_long");
    let first = text_of(&shop, "updated_at");
    assert_eq!(at(&format!("as_of={first}")).await.expect(200)["version"], 1);
    app.tenant
        .api
        .get(&format!("{path}/events?sort=-version"))
        .await
        .expect(200);
    assert_eq!(metric(&app, "registry_past_reads_turned_away_total").await, 0);
    app.finish().await;
}
