//! The journal's storage in one SQLite file: the embedded default.
//!
//! One connection writes, several read. This crate knows SQL and the port of `registry-journal`; it decides nothing.
//! Every batch is one JSON text bound to one statement per table: a statement for each row would cost a hop to the
//! connection's thread each.

#[macro_use]
mod rows;

mod alerts;
mod ask;
mod audit;
mod balances;
mod callbacks;
mod counts;
mod deliveries;
mod error;
mod exports;
mod imports;
mod insight;
mod installation;
mod jobs;
mod key_uses;
mod limit;
mod list;
mod load;
mod people;
mod read;
mod sessions;
mod statement;
mod terms;
mod views;
mod worklist;
mod write;

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{
    Additions, AppendError, Asker, ExpectedHead, Journal, Loaded, LoadedMerchant, SchemaState, Scope, Shares,
    TransactError, Writes,
};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};

pub use error::OpenError;

static MIGRATOR: Migrator = sqlx::migrate!();

/// How many connections read side by side for requests, unless somebody says otherwise.
const READERS: u32 = 4;

/// How many connections read for the service's own tasks.
const TASK_READERS: u32 = 2;

/// How many connections look up keys.
const DOOR_READERS: u32 = 2;

/// How long a probe waits for whoever writes.
const PROBE_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The log and its rows in one SQLite file.
#[derive(Clone)]
pub struct SqliteJournal {
    writer: SqlitePool,
    readers: Arc<Readers>,
    asker: Asker,
}

/// The connections on which is asked, and the one on which writing is tried out.
struct Readers {
    requests: SqlitePool,
    shares: Shares,
    tasks: SqlitePool,
    door: SqlitePool,
    probe: SqlitePool,
}

impl SqliteJournal {
    /// Opens a file whose schema is there.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, READERS).await
    }

    /// The same, with so many connections that read for requests.
    pub async fn open_with(path: &Path, readers: u32) -> Result<Self, OpenError> {
        let options = options(path).create_if_missing(false);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await;
        let trying = options.clone().busy_timeout(PROBE_TIMEOUT);
        let reading = options.read_only(true).pragma("cache_size", "-8192");
        // A file does not go away: to try a connection out before each question would cost as much as the question.
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .test_before_acquire(false)
        };
        let requests = pool(readers).min_connections(1).connect_with(reading.clone()).await;
        let readers = Readers {
            shares: Shares::of_readers(readers),
            requests: requests.map_err(OpenError::Connect)?,
            tasks: pool(TASK_READERS).connect_lazy_with(reading.clone()),
            door: pool(DOOR_READERS).connect_lazy_with(reading),
            probe: pool(1).connect_lazy_with(trying),
        };
        Ok(Self {
            writer: writer.map_err(OpenError::Connect)?,
            readers: Arc::new(readers),
            asker: Asker::Requests,
        })
    }

    /// The same storage, asked by somebody else: on connections of their own.
    #[must_use]
    pub fn asked_by(&self, asker: Asker) -> Self {
        Self { asker, ..self.clone() }
    }

    /// Waits for what is running and closes the file.
    pub async fn close(&self) {
        let Readers {
            requests,
            shares: _,
            tasks,
            door,
            probe,
        } = &*self.readers;
        for pool in [requests, tasks, door, probe] {
            pool.close().await;
        }
        self.writer.close().await;
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL, NORMAL would lose the last commits with the power; what was answered must be there.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // Every batch writes many of the same pages again. The longer the WAL may grow (here 64 MiB), the fewer of them
        // are copied into the file.
        .pragma("wal_autocheckpoint", "16384")
        .pragma("journal_size_limit", "134217728")
        .pragma("cache_size", "-32768")
}

/// Opens a file, or makes it, for its owner alone.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600).open(path)
}

/// Makes the file if it is not there and brings its schema up to date. Several processes may do this at once: one
/// works, the others wait for it.
pub async fn migrate(path: &Path) -> Result<(), OpenError> {
    let lock = path.with_extension("migrate.lock");
    let database = path.to_owned();
    let lock = tokio::task::spawn_blocking(move || -> std::io::Result<File> {
        let file = private(&lock)?;
        file.lock()?;
        // SQLite takes an empty file for an empty database, and gives what it makes beside it the same mode. One that is
        // there is not touched: closing it would end the locks that this process has on it.
        if !database.exists() {
            private(&database)?;
        }
        Ok(file)
    });
    // Held until the end: the file is closed with it.
    let _lock = lock
        .await
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(OpenError::Lock)?;
    let one = SqlitePoolOptions::new().max_connections(1);
    let connecting = one.connect_with(options(path).create_if_missing(true)).await;
    let pool = connecting.map_err(OpenError::Connect)?;
    MIGRATOR.run(&pool).await.map_err(OpenError::Migrate)?;
    pool.close().await;
    Ok(())
}

/// Compares the schema with the one that this program was built for. Writes nothing: the file may be somebody else's.
pub async fn schema_state(path: &Path) -> Result<SchemaState, OpenError> {
    let known = MIGRATOR.iter().map(|migration| migration.version).max();
    if !path.exists() {
        return Ok(SchemaState::Empty);
    }
    // Not with our options: an empty file would become a database, and a database of others one with a log of its own.
    let looking = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT);
    let mut connection = looking.connect().await.map_err(OpenError::Connect)?;
    let is_there = sqlx::query_scalar!("SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut connection)
        .await
        .map_err(OpenError::Inspect)?;
    let has = if is_there == 0 {
        None
    } else {
        sqlx::query_scalar!("SELECT max(version) FROM _sqlx_migrations WHERE success = 1")
            .fetch_one(&mut connection)
            .await
            .map_err(OpenError::Inspect)?
    };
    connection.close().await.map_err(OpenError::Connect)?;
    Ok(SchemaState::of(has, known.unwrap_or_default()))
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError> {
        let mut connection = self.writer.acquire().await.map_err(error::transact)?;
        let result = batch(&mut connection, scope, decide).await;
        keep_if(result.is_ok(), &mut connection);
        result
    }

    async fn merchants(
        &self,
        wanted: &[(TenantId, MerchantId)],
    ) -> Result<HashMap<(TenantId, MerchantId), LoadedMerchant>, TransactError> {
        let mut connection = self.writer.acquire().await.map_err(error::transact)?;
        let result = load::merchants(&mut connection, wanted).await;
        keep_if(result.is_ok(), &mut connection);
        Ok(result?.merchants)
    }

    async fn append(&self, expected: &[ExpectedHead], additions: Additions<'_>) -> Result<(), AppendError> {
        let mut connection = self.writer.acquire().await.map_err(error::transact)?;
        let result = append(&mut connection, expected, additions).await;
        keep_if(matches!(result, Ok(()) | Err(AppendError::Moved)), &mut connection);
        result
    }

    async fn probe(&self) -> Result<(), TransactError> {
        let mut connection = self.readers.probe.acquire().await.map_err(error::transact)?;
        let result = probe(&mut connection).await;
        keep_if(result.is_ok(), &mut connection);
        result
    }
}

/// SQLite may have rolled back by itself, as it does when the disk is full. The connection does not learn of that, and
/// would refuse every batch from then on.
fn keep_if(is_well: bool, connection: &mut PoolConnection<Sqlite>) {
    if !is_well {
        connection.close_on_drop();
    }
}

/// IMMEDIATE takes the write lock first: a transaction that reads before it writes could not wait for it.
async fn begin(connection: &mut SqliteConnection) -> Result<Transaction<'_, Sqlite>, TransactError> {
    connection.begin_with("BEGIN IMMEDIATE").await.map_err(error::transact)
}

async fn batch(
    connection: &mut SqliteConnection,
    scope: &Scope,
    decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
) -> Result<(), TransactError> {
    let mut transaction = begin(connection).await?;
    let loaded = load::load(&mut transaction, scope).await?;
    let writes = decide(loaded);
    if writes.is_empty() {
        return transaction.rollback().await.map_err(error::transact);
    }
    write::write(&mut transaction, &writes, scope.now).await?;
    transaction.commit().await.map_err(error::commit)
}

async fn probe(connection: &mut SqliteConnection) -> Result<(), TransactError> {
    let mut transaction = begin(connection).await?;
    sqlx::query!(
        r#"
        INSERT INTO write_probes (id, probes) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET probes = probes + 1
        "#
    )
    .execute(&mut *transaction)
    .await
    .map_err(error::transact)?;
    transaction.commit().await.map_err(error::commit)
}

async fn append(
    connection: &mut SqliteConnection,
    expected: &[ExpectedHead],
    additions: Additions<'_>,
) -> Result<(), AppendError> {
    let mut transaction = begin(connection).await?;
    if load::have_moved(&mut transaction, expected).await? {
        transaction.rollback().await.map_err(error::transact)?;
        return Err(AppendError::Moved);
    }
    write::add(&mut transaction, additions).await?;
    Ok(transaction.commit().await.map_err(error::commit)?)
}
