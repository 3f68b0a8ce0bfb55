//! Networks and servers that fail in the worst moment: nothing is lost, nothing is doubled.

use std::collections::HashSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use registry_domain::{EventId, MerchantId, TenantId};
use registry_journal::port::{Journal, PageSize, Reader, Scope, Writes};
use registry_journal::submission::WriteError;
use registry_journal::writer::{Writer, WriterConfig, WriterStats};
use registry_journal_contract::Harness;
use registry_journal_contract::fixtures::{World, callback, config, written};
use registry_journal_postgres::{PostgresJournal, migrate};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use tokio::net::lookup_host;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::harness::PostgresDatabase;
use crate::proxy::{Committing, Cut, Proxy};

/// A world whose storage is reached in a way of the test's own.
async fn world_on(database: PostgresDatabase, url: &str) -> World<PostgresDatabase> {
    let world = World::<PostgresDatabase>::new().await;
    let storage = PostgresJournal::connect(url).await.expect("the database opens");
    let (writer, _task) = Writer::start(world.parts(storage.clone(), 1), config(), pending());
    World {
        harness: database,
        storage,
        writer,
        ..world
    }
}

/// A world on a server that the test may end.
async fn world_of_its_own() -> (Arc<Cluster>, World<PostgresDatabase>) {
    let cluster = Arc::new(Cluster::start());
    let database = PostgresDatabase::on(&cluster.url()).await;
    migrate(&database.url()).await.expect("the migrations run");
    database.admit_services().await;
    let url = database.service_url();
    let world = world_on(database, &url).await;
    (cluster, world)
}

/// The connection is cut exactly where it commits, at a COMMIT and at a statement that commits by itself: before the server
/// hears of it, after it has answered, and while it is still at it. The command is written once each time, and the caller
/// is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_of_unknown_outcome_counts_once() {
    let database = PostgresDatabase::fresh().await;
    let server = lookup_host((database.server.get_host(), database.server.get_port())).await;
    let server = server.expect("the server has an address").next();
    let proxy = Proxy::before(server.expect("at least one")).await;
    let (host, port) = (proxy.address.ip().to_string(), proxy.address.port());
    let url: PgConnectOptions = database.service_url().parse().expect("a URL");
    let url = url.host(&host).port(port).to_url_lossy().to_string();
    let mut world = world_on(database, &url).await;
    // The commit takes its time, so that somebody who does not wait for it would look too early.
    world
        .harness
        .execute(
            "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
             EXECUTE FUNCTION linger()",
        )
        .await;
    for (how, remembered_max, number) in [(Committing::ByCommit, 0, 2), (Committing::ByItself, 16, 3)] {
        let config = WriterConfig {
            remembered_max,
            ..config()
        };
        let parts = world.parts(world.storage.clone(), number);
        (world.writer, _) = Writer::start(parts, config, pending());
        let stats = cut_each_way(&world, &proxy, how).await;
        // Only what never reached the server was done again.
        assert_eq!((stats.retried, stats.failed), (2, 0), "{how:?}: {stats:?}");
    }
}

async fn cut_each_way(world: &World<PostgresDatabase>, proxy: &Proxy, how: Committing) -> WriterStats {
    let linger = async |word: &str| {
        let statement = format!("ALTER TABLE events {word} TRIGGER linger");
        world.harness.execute(&statement).await;
    };
    linger("DISABLE").await;
    let tenant = world.tenant(&format!("{how:?}").to_lowercase()).await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let mut rows = 2;
    for cut in [Cut::BeforeCommit, Cut::AfterAnswer, Cut::WhileCommitting] {
        for letter in ["P", "S"] {
            // News each time: what was said before would be held.
            let report = async |about: &str| world.report(callback(tenant, merchant, letter, about)).await;
            // Long enough for a writer that remembers to trust in it again.
            for turn in 0..3 {
                report(&format!("{cut:?} {turn}")).await;
            }
            linger("ENABLE").await;
            proxy.arm(cut, how);
            let written = report(&format!("{cut:?}")).await;
            linger("DISABLE").await;
            assert!(proxy.has_cut(), "{how:?} {cut:?}");
            rows += 4 * 2;
            let log = world.log(tenant).await;
            let last: Vec<_> = log[log.len() - 2..].iter().map(|row| row.event_id).collect();
            assert_eq!(last, written.event_ids, "{how:?} {cut:?}");
            world.expect_sound(tenant, rows).await;
        }
    }
    world.writer.stats()
}

/// Less than the time after which the server by itself ends whoever idles in a transaction.
const SOON: Duration = Duration::from_secs(4);

/// Waits until a question about the server's state is answered with yes.
async fn until(connection: &mut PgConnection, question: &str) {
    let asking = async {
        while !sqlx::query_scalar::<_, bool>(AssertSqlSafe(question))
            .fetch_one(&mut *connection)
            .await
            .expect("the server answers")
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, asking)
        .await
        .unwrap_or_else(|_| panic!("never: {question}"));
}

/// Whoever gives a batch up in its middle leaves neither a lock behind nor a connection that is at something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_given_up_frees_its_tenant() {
    let world = World::<PostgresDatabase>::new().await;
    let tenant = world.tenant("acme").await;
    let (mut hand, mut eye) = (world.harness.connect().await, world.harness.connect().await);
    let hold = "BEGIN; LOCK TABLE merchants IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(hold).execute(&mut hand).await.expect("a superuser may");
    let scope = Scope {
        tenants: vec![tenant],
        now: world.now(),
        ..Scope::default()
    };
    let storage = world.storage.clone();
    let batch = tokio::spawn(async move { storage.transact(&scope, &mut |_| Writes::default()).await });
    let of_us = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until(
        &mut eye,
        &format!(
            "SELECT EXISTS (SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
             WHERE {of_us} AND a.wait_event_type = 'Lock')"
        ),
    )
    .await;
    batch.abort();
    assert!(batch.await.expect_err("it is given up").is_cancelled());
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut hand)
        .await
        .expect("it is let go");
    let is_free = format!("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE {of_us})");
    until(&mut eye, &is_free).await;
    world.merchant(tenant, "m", "s").await;
    world.expect_sound(tenant, 2).await;
}

/// No writer waits for less than this.
const PATIENCE_OF_WRITERS: Duration = Duration::from_secs(10);

/// A process that is frozen in the middle of a batch keeps the locks of its tenants until the server ends it. Another one
/// waits for much longer than that: its command is written by the first try.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_try_behind_a_frozen_process_is_written() {
    let world = World::<PostgresDatabase>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let (holds, held) = tokio::sync::oneshot::channel();
    let (thaw, frost) = std::sync::mpsc::channel::<()>();
    let scope = Scope {
        tenants: vec![tenant],
        now: world.now(),
        ..Scope::default()
    };
    let frozen = world.harness.open().await;
    let batch = tokio::spawn(async move {
        let mut holds = Some(holds);
        let mut freeze = move |_| {
            holds.take().expect("it decides once").send(()).ok();
            // The thread stands still, as all of a stopped process do.
            frost.recv().ok();
            Writes::default()
        };
        frozen.transact(&scope, &mut freeze).await
    });
    held.await.expect("it holds the lock");
    let report = world.report(callback(tenant, merchant, "S", "behind it"));
    let written = timeout(PATIENCE_OF_WRITERS * 9 / 10, report).await;
    written.expect("the server ends the frozen process long before others lose patience");
    let stats = world.writer.stats();
    assert_eq!((stats.retried, stats.failed), (0, 0), "{stats:?}");
    drop(thaw);
    batch
        .await
        .expect("it does not panic")
        .expect_err("the server has ended it");
    world.expect_sound(tenant, 4).await;
}

/// Clients hang up. Whatever their questions were at, the connections that the next ones get are fit for any question.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_that_are_given_up_leave_no_connection_in_another_state() {
    let world = World::<PostgresDatabase>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    for number in 0..100 {
        let storage = world.storage.clone();
        let asking = tokio::spawn(async move { storage.tenants(None, PageSize::MAX).await });
        // Here and there on its way: before it begins, while it begins, while it asks.
        let given_up = Instant::now() + Duration::from_micros(6 * number);
        while Instant::now() < given_up {
            tokio::task::yield_now().await;
        }
        asking.abort();
        drop(asking.await);
        let row = world.storage.merchant(tenant, merchant).await;
        assert!(row.expect("storage answers").is_some());
    }
}

/// A restart ends the connections of all lanes. The first command after it does not have to meet each of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_command_after_a_restart_is_written() {
    let (cluster, world) = world_of_its_own().await;
    let tenant = world.tenant("acme").await;
    let other = world.tenant("other").await;
    let locks = |tenant| Scope {
        tenants: vec![tenant],
        now: world.now(),
        ..Scope::default()
    };
    let (one, two) = (locks(tenant), locks(other));
    for shop in ["one", "two"] {
        // Side by side, so that each has a connection of its own, which both keep.
        let (mut nothing, mut neither) = (|_| Writes::default(), |_| Writes::default());
        let (one, two) = tokio::join!(
            world.storage.transact(&one, &mut nothing),
            world.storage.transact(&two, &mut neither)
        );
        one.and(two).expect("nothing is locked");
        let cluster = Arc::clone(&cluster);
        let restart = tokio::task::spawn_blocking(move || cluster.restart_immediately());
        restart.await.expect("the server comes back");
        world.merchant(tenant, "m", shop).await;
    }
}

/// What the callers of a storm were told.
#[derive(Default)]
struct Answers {
    written: Vec<EventId>,
    failed: usize,
}

/// Calls back until told to stop, and says how many answers there were.
async fn call_back(
    writer: Writer,
    (tenant, merchant): (TenantId, MerchantId),
    stop: CancellationToken,
    answered: watch::Sender<u64>,
) -> Answers {
    let mut answers = Answers::default();
    for letter in ["P", "S"].into_iter().cycle() {
        if stop.is_cancelled() {
            break;
        }
        match writer.report(callback(tenant, merchant, letter, "")).await {
            Ok(outcome) => {
                answers.written.extend(written(outcome).event_ids);
                answered.send_modify(|count| *count += 1);
            }
            Err(WriteError::Failed) => answers.failed += 1,
            Err(error) => panic!("{error}"),
        }
    }
    answers
}

/// Uses all connections that read.
async fn ask_side_by_side(world: &World<PostgresDatabase>, tenant: TenantId, merchant: MerchantId) {
    let questions: Vec<_> = (0..8)
        .map(|_| {
            let storage = world.storage.clone();
            tokio::spawn(async move { storage.merchant(tenant, merchant).await })
        })
        .collect();
    for question in questions {
        let row = question.await.expect("nobody panics").expect("storage answers");
        assert!(row.is_some());
    }
}

/// The server is killed again and again while callbacks come in. Whatever was answered is in the log, once; and no
/// question fails because its connection had died before it was asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_was_answered() {
    const CALLERS: usize = 16;
    let (cluster, world) = world_of_its_own().await;
    let tenant = world.tenant("acme").await;
    let stop = CancellationToken::new();
    let (answered, mut counted) = watch::channel(0);
    let (mut merchants, mut callers) = (Vec::new(), Vec::new());
    for caller in 0..CALLERS {
        let merchant = world.merchant(tenant, "m", &format!("s{caller}")).await;
        merchants.push(merchant);
        let calling = call_back(world.writer.clone(), (tenant, merchant), stop.clone(), answered.clone());
        callers.push(tokio::spawn(calling));
    }
    for _ in 0..3 {
        let enough = *counted.borrow() + 200;
        counted.wait_for(|count| *count >= enough).await.expect("callers work");
        ask_side_by_side(&world, tenant, merchants[0]).await;
        let cluster = Arc::clone(&cluster);
        let restart = tokio::task::spawn_blocking(move || cluster.restart_immediately());
        restart.await.expect("the server comes back");
        ask_side_by_side(&world, tenant, merchants[0]).await;
    }
    let enough = *counted.borrow() + 200;
    counted.wait_for(|count| *count >= enough).await.expect("callers work");
    stop.cancel();
    let (mut told, mut failed) = (Vec::new(), 0);
    for caller in callers {
        let answers = caller.await.expect("nobody panics");
        told.extend(answers.written);
        failed += answers.failed;
    }
    let log = world.log(tenant).await;
    world.expect_sound(tenant, log.len()).await;
    let there: HashSet<_> = log.iter().map(|row| row.event_id).collect();
    assert!(
        told.iter().all(|event| there.contains(event)),
        "something was answered and is not there"
    );
    // A callback writes two events. One that failed may be there or not, but not twice.
    let rows = log.len() - 1 - CALLERS;
    let possible = told.len()..=told.len() + 2 * failed;
    assert!(possible.contains(&rows), "{rows} rows, {possible:?} possible");
}
