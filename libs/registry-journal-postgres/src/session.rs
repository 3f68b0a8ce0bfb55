//! Connections: as whom they work, and how long anything may take.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{PgConnection, PgExecutor, Postgres};

use crate::{OpenError, begin};

/// How many connections write side by side, each a batch of other tenants.
pub(crate) const WRITERS: u32 = 8;

/// How many connections read side by side for requests, unless somebody says otherwise.
pub(crate) const READERS: u32 = 8;

/// How many connections read for the service's own tasks.
pub(crate) const TASK_READERS: u32 = 4;

/// How many connections look up keys.
pub(crate) const DOOR_READERS: u32 = 2;

/// How long to wait for a connection: a server that is restarted is back within this time.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The same for a question, which nobody sends again by itself: a machine that is short of processors has time to make
/// the connection.
const READER_CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How long a batch may take before its commit, and how long its commit. The server gives up earlier by itself; what
/// takes longer does not come back.
pub(crate) const BATCH_LIMIT: Duration = Duration::from_secs(30);

/// The same for a question.
pub(crate) const QUESTION_LIMIT: Duration = Duration::from_secs(15);

/// The same for a question that looks at all rows of a tenant, which only whoever compares them with its log asks.
pub(crate) const WALK_LIMIT: Duration = Duration::from_mins(5);

/// The same for what processes tell each other: whoever cannot be reached for so long is taken for gone.
pub(crate) const SIGNAL_LIMIT: Duration = Duration::from_secs(5);

/// A setting and its value, as the server itself writes it.
pub(crate) type Setting = (&'static str, &'static str);

/// The server soon notices that a machine is gone, and frees its locks. These are not read back: where no TCP is, the
/// server says 0.
const KEEPALIVES: [Setting; 3] = [
    ("tcp_keepalives_idle", "2"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "3"),
];

/// What else holds for every connection.
const EVERYWHERE: [Setting; 2] = [
    // Each statement knows its index. While a table is small the planner would rather walk it, and keep that plan for
    // a connection's life while the table grows.
    ("enable_seqscan", "off"),
    // Compiling takes longer than any statement here.
    ("jit", "off"),
];

const WRITER: [Setting; 9] = [
    ("role", "registry_writer"),
    // A statement that commits by itself is to see, under its locks, what was committed before it had them.
    ("default_transaction_isolation", "read committed"),
    // What was answered is there after a power cut, whatever the server's default is.
    ("synchronous_commit", "on"),
    // Ten times what the largest batch takes on a slow disk.
    ("statement_timeout", "20s"),
    // Other writers hold the lock of a tenant for one batch each, and whoever is stopped holds it for as long as the next
    // line lets it: whoever waits outlasts two of those, one after the other.
    ("lock_timeout", "15s"),
    // Between two statements lies only our own work in memory. A process that is stopped there must not keep the locks.
    ("idle_in_transaction_session_timeout", "5s"),
    // Every join here is a list of keys that probes an index. The planner does not know how short the list is, so its
    // plan for any list is the right one, and planning each batch anew is time lost.
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// Where writing is tried out: whoever waits for it, waits for so little.
const PROBE: [Setting; 5] = [
    ("role", "registry_writer"),
    ("default_transaction_isolation", "read committed"),
    ("synchronous_commit", "on"),
    ("statement_timeout", "1500ms"),
    ("lock_timeout", "1500ms"),
];

const READER: [Setting; 5] = [
    ("role", "registry_reader"),
    // A question is one statement, or a few that each see what is committed.
    ("default_transaction_isolation", "read committed"),
    // A question takes one processor. The planner, who does not know how few events are looked at, would start others.
    ("max_parallel_workers_per_gather", "0"),
    ("statement_timeout", "10s"),
    // A transaction holds one question.
    ("idle_in_transaction_session_timeout", "10s"),
];

/// Nothing of a tenant is read or written on these.
pub(crate) const SIGNALS: [Setting; 3] = [
    ("role", "registry_directory"),
    ("statement_timeout", "4s"),
    // Nothing is written here that a power cut could take away.
    ("synchronous_commit", "off"),
];

/// What a URL says: where, and as whom to log in.
pub(crate) fn login(url: &str) -> Result<PgConnectOptions, OpenError> {
    url.parse().map_err(OpenError::Url)
}

/// A connection that says what it is for, so that an operator finds it, and has these settings from its first moment.
pub(crate) fn options(login: &PgConnectOptions, name: &str, settings: &[Setting]) -> PgConnectOptions {
    login
        .clone()
        .application_name(name)
        .options(KEEPALIVES.iter().chain(&EVERYWHERE).chain(settings).copied())
}

/// What a connection asked for and does not have.
#[derive(Debug, thiserror::Error)]
#[error(
    "the connection has {name} = {found:?} and not {wanted:?}, for which it asked: something between drops what connections \
     ask for, and nothing can be promised through it; connect to the server itself"
)]
struct NotAsAsked {
    name: &'static str,
    wanted: &'static str,
    found: String,
}

/// Looks at what a new connection has. What a batch or a lease promises rests on it, and a pooler that drops the options
/// of a connection says nothing.
pub(crate) async fn read_back(connection: impl PgExecutor<'_>, settings: &[Setting]) -> Result<(), sqlx::Error> {
    // In an order in which what matters most is told first.
    let asked: Vec<_> = settings.iter().chain(&EVERYWHERE).copied().collect();
    let names: Vec<_> = asked.iter().map(|(name, _)| (*name).to_owned()).collect();
    let found = sqlx::query_scalar!(
        r#"
        SELECT coalesce(current_setting(wanted.name, true), '') AS "value!"
        FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place) ORDER BY wanted.place
        "#,
        &names
    )
    .fetch_all(connection)
    .await?;
    let other = asked
        .into_iter()
        .zip(found)
        .find(|((_, wanted), found)| wanted != found);
    match other {
        None => Ok(()),
        Some(((name, wanted), found)) => Err(sqlx::Error::Configuration(NotAsAsked { name, wanted, found }.into())),
    }
}

/// Whoever writes keeps its connection from batch to batch. Only when it is taken out of the pool is it tried out.
pub(crate) async fn writers(login: &PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    let options = options(login, "registry-writer", &WRITER);
    try_out(&options, &WRITER).await?;
    pool(WRITERS)
        .test_before_acquire(true)
        .after_connect(|connection, _| {
            Box::pin(async move {
                read_back(&mut *connection, &WRITER).await?;
                begin::prepare(connection).await
            })
        })
        .connect_with(options)
        .await
}

/// They are not tried out before each question: that would be another round trip.
pub(crate) async fn readers(login: &PgConnectOptions, count: u32) -> Result<PgPool, sqlx::Error> {
    let options = options(login, "registry-reader", &READER);
    try_out(&options, &READER).await?;
    pool(count)
        .test_before_acquire(false)
        .acquire_timeout(READER_CONNECT_LIMIT)
        .after_connect(|connection, _| Box::pin(read_back(connection, &READER)))
        .connect_with(options)
        .await
}

/// A pool tries again for as long as a new connection is not as it should be, and then says only that there was none.
/// So the first one is looked at before there is a pool.
async fn try_out(options: &PgConnectOptions, settings: &[Setting]) -> Result<(), sqlx::Error> {
    // A pool for its patience with a server that is just starting.
    let one = pool(1).connect_with(options.clone()).await?;
    let looked = read_back(&one, settings).await;
    one.close().await;
    looked
}

/// Other connections that read, made in the background.
pub(crate) fn later_readers(login: &PgConnectOptions, name: &str, connections: u32) -> PgPool {
    pool(connections)
        .test_before_acquire(false)
        .acquire_timeout(READER_CONNECT_LIMIT)
        .after_connect(|connection, _| Box::pin(read_back(connection, &READER)))
        .connect_lazy_with(options(login, name, &READER))
}

/// The one connection on which writing is tried out, made when it is: what keeps it from being made keeps a batch, too.
pub(crate) fn probe(login: &PgConnectOptions) -> PgPool {
    pool(1)
        .min_connections(0)
        .after_connect(|connection, _| Box::pin(read_back(connection, &PROBE)))
        .connect_lazy_with(options(login, "registry-probe", &PROBE))
}

/// For migrations, as whoever logs in. An index of a large table takes its time.
pub(crate) async fn owner(login: &PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    pool(1)
        .connect_with(login.clone().application_name("registry-migrate"))
        .await
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(CONNECT_LIMIT)
}

/// A connection that is at something. Dropped before that has ended it is closed: whatever state it is in, the server
/// rolls back and frees its locks, and nobody else gets to work in it.
pub(crate) struct Underway(Option<PoolConnection<Postgres>>);

impl Underway {
    pub(crate) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self(Some(connection))
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect("a connection is there until its work has ended")
    }

    /// The work has ended, the connection is fit for more.
    pub(crate) fn ended(mut self) -> PoolConnection<Postgres> {
        self.0.take().expect("work ends once")
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

/// What takes longer than this is treated like a lost connection.
pub(crate) async fn limited<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(late) => Err(sqlx::Error::Io(late.into())),
    }
}
