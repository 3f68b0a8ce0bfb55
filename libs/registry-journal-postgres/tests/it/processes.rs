//! Several processes on one database.

use std::time::Duration;

use registry_domain::TenantId;
use registry_journal::port::{Duty, Leases};
use registry_journal_contract::Harness;
use registry_journal_contract::fixtures::{World, callback};
use registry_journal_postgres::{PostgresJournal, PostgresLeases};
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::harness::PostgresDatabase;

/// Nothing here takes longer unless it is broken.
const PATIENCE: Duration = Duration::from_secs(10);

fn tenants() -> Vec<TenantId> {
    (1..=50)
        .map(|number| TenantId::from_uuid(Uuid::from_u128(number)))
        .collect()
}

fn leases(database: &PostgresDatabase) -> PostgresLeases {
    PostgresLeases::new(&database.service_url()).expect("a URL")
}

/// Ends the connections of a name, as an operator would.
async fn terminate(database: &PostgresDatabase, name: &str) -> usize {
    let ended: Vec<bool> = sqlx::query_scalar(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()",
    )
    .bind(name)
    .fetch_all(&mut database.connect().await)
    .await
    .expect("a superuser may");
    ended.len()
}

/// Two processes never hold one tenant; each duty is shared out by itself; and whoever asks again keeps what it has.
#[tokio::test]
async fn a_tenant_is_held_once() {
    let database = PostgresDatabase::fresh().await;
    let (first, second) = (leases(&database), leases(&database));
    let all = tenants();
    let held = first.hold(Duty::Relay, &all[..20]).await.expect("an answer");
    assert_eq!(held.tenants.len(), 20);
    let others = second.hold(Duty::Relay, &all).await.expect("an answer");
    assert_eq!(others.tenants.len(), 30);
    assert!(held.tenants.is_disjoint(&others.tenants));
    let reconciling = second.hold(Duty::Reconciliation, &all).await.expect("an answer");
    assert_eq!(reconciling.tenants.len(), 50);
    for _ in 0..3 {
        let again = first.hold(Duty::Relay, &all).await.expect("an answer");
        assert_eq!((again.session, &again.tenants), (held.session, &held.tenants));
    }
}

/// A step may take longer than the server waits for a process that is silent. Whoever lives keeps its leases.
#[tokio::test]
async fn a_busy_process_keeps_its_leases() {
    let database = PostgresDatabase::fresh().await;
    let (first, second) = (leases(&database), leases(&database));
    let all = tenants();
    let held = first.hold(Duty::Relay, &all).await.expect("an answer");
    // Time itself is what is tested: more than the six seconds after which the server ends a silent session.
    sleep(Duration::from_secs(8)).await;
    let others = second.hold(Duty::Relay, &all).await.expect("an answer");
    assert_eq!(others.tenants.len(), 0);
    let again = first.hold(Duty::Relay, &all).await.expect("an answer");
    assert_eq!(again.session, held.session);
}

/// Whose connection is cut has lost everything, learns it at the next question, and another process takes over.
#[tokio::test]
async fn a_cut_connection_loses_its_leases() {
    let database = PostgresDatabase::fresh().await;
    let (first, second) = (leases(&database), leases(&database));
    let all = tenants();
    let before = first.hold(Duty::Relay, &all).await.expect("an answer");
    assert_eq!(before.tenants.len(), 50);
    assert_eq!(terminate(&database, "registry-leases").await, 1);
    let taking_over = async {
        let mut taken = 0;
        while taken < 50 {
            taken = second.hold(Duty::Relay, &all).await.expect("an answer").tenants.len();
        }
    };
    timeout(PATIENCE, taking_over)
        .await
        .expect("the server frees the locks");
    first.hold(Duty::Relay, &all).await.expect_err("the connection is gone");
    let after = first.hold(Duty::Relay, &all).await.expect("it connects again");
    assert!(after.session > before.session);
    assert!(after.tenants.is_empty());
}

/// Giving up lets another process take over at once, and does not hinder from asking again.
#[tokio::test]
async fn released_leases_are_free() {
    let database = PostgresDatabase::fresh().await;
    let (first, second) = (leases(&database), leases(&database));
    let all = tenants();
    let before = first.hold(Duty::Relay, &all).await.expect("an answer");
    first.release().await;
    let taking_over = async { while second.hold(Duty::Relay, &all).await.expect("an answer").tenants.len() < 50 {} };
    timeout(PATIENCE, taking_over)
        .await
        .expect("the server frees the locks");
    let after = first.hold(Duty::Relay, &all).await.expect("it connects again");
    assert!(after.session > before.session && after.tenants.is_empty());
}

/// A process that shares its commits, for as long as the handle lives.
struct Process {
    own: watch::Sender<u64>,
    others: watch::Receiver<u64>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Process {
    /// Returns once it hears others.
    async fn start(journal: &PostgresJournal) -> Self {
        let (own, commits) = watch::channel(0);
        let (told, mut others) = watch::channel(0);
        let stop = CancellationToken::new();
        let task = tokio::spawn(journal.share_commits(commits, told, stop.clone()));
        timeout(PATIENCE, others.changed())
            .await
            .expect("it connects")
            .expect("it works");
        others.borrow_and_update();
        Self {
            own,
            others,
            stop,
            task,
        }
    }

    fn commit(&self) {
        self.own.send_modify(|ticks| *ticks += 1);
    }

    async fn hear(&mut self) -> u64 {
        timeout(PATIENCE, self.others.changed())
            .await
            .expect("it is told")
            .expect("it works");
        *self.others.borrow_and_update()
    }

    async fn end(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task)
            .await
            .expect("it stops")
            .expect("it does not panic");
    }
}

/// A commit of one process wakes the others and not itself; also after the connection was cut.
#[tokio::test]
async fn commits_wake_other_processes() {
    let database = PostgresDatabase::fresh().await;
    let journal = database.open().await;
    let (mut one, mut two) = (Process::start(&journal).await, Process::start(&journal).await);
    one.commit();
    assert_eq!(two.hear().await, 2);
    two.commit();
    // Messages keep their order: had the first process heard itself, it would have counted that before.
    assert_eq!(one.hear().await, 2);

    assert_eq!(terminate(&database, "registry-commits").await, 2);
    assert_eq!(
        (one.hear().await, two.hear().await),
        (3, 3),
        "something may have been missed"
    );
    two.commit();
    assert_eq!(one.hear().await, 4);
    one.end().await;
    two.end().await;
}

/// However often a process commits, it sends few messages.
#[tokio::test]
async fn messages_are_few() {
    let database = PostgresDatabase::fresh().await;
    let journal = database.open().await;
    let mut listener = PgListener::connect(&database.url())
        .await
        .expect("the database can be listened to");
    listener
        .listen("registry_commits")
        .await
        .expect("the database can be listened to");
    let process = Process::start(&journal).await;
    let began = Instant::now();
    let mut messages = 0_u128;
    let listening = async {
        loop {
            listener.recv().await.expect("the connection lives");
            messages += 1;
        }
    };
    let committing = async {
        while began.elapsed() < Duration::from_millis(400) {
            process.commit();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = listening => {}
        () = committing => {}
    }
    let most = began.elapsed().as_millis() / 20 + 1;
    assert!((2..=most).contains(&messages), "{messages} messages, {most} at most");
    process.end().await;
}

/// A write transaction that is left open in another database of the cluster holds nothing up: not writing, not reading
/// what was written, not taking over.
#[tokio::test]
async fn an_idle_transaction_elsewhere_delays_nothing() {
    let elsewhere = PostgresDatabase::empty().await;
    let mut idle = elsewhere.connect().await;
    sqlx::raw_sql("CREATE TABLE t (n int); BEGIN; INSERT INTO t VALUES (1)")
        .execute(&mut idle)
        .await
        .expect("it is written and not committed");
    let world = World::<PostgresDatabase>::new().await;
    let working = async {
        let tenant = world.tenant("acme").await;
        let merchant = world.merchant(tenant, "m", "s").await;
        for number in 0..20 {
            let written = world.report(callback(tenant, merchant, "S", &number.to_string())).await;
            let log = world.log(tenant).await;
            assert!(log.last().is_some_and(|row| written.event_ids.contains(&row.event_id)));
        }
        let held = leases(&world.harness).hold(Duty::Relay, &[tenant]).await;
        assert_eq!(held.expect("an answer").tenants.len(), 1);
    };
    timeout(PATIENCE, working)
        .await
        .expect("nobody waits for the other database");
    sqlx::raw_sql("COMMIT")
        .execute(&mut idle)
        .await
        .expect("it was open all the time");
}
