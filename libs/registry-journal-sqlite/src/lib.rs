//! The journal's storage in one SQLite file: the embedded default.
//!
//! One connection writes, several read. This crate knows SQL and the port of `registry-journal`; it decides nothing.
//! Every batch is one JSON text bound to one statement per table: a statement for each row would cost a hop to the
//! connection's thread each.

mod error;
mod list;
mod load;
mod projected;
mod read;
mod rows;
mod write;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use registry_journal::port::{Journal, Loaded, Scope, TransactError, Writes};
use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

pub use error::OpenError;

static MIGRATOR: Migrator = sqlx::migrate!();

/// How many connections read side by side.
const READERS: u32 = 4;

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The log and its rows in one SQLite file.
#[derive(Clone)]
pub struct SqliteJournal {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteJournal {
    /// Opens the file, makes it if it is not there, and brings its schema up to date.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL, NORMAL would lose the last commits with the power; what was answered must be there.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            // Every batch writes many of the same pages again. The longer the WAL may grow (here 64 MiB), the fewer of
            // them are copied into the file.
            .pragma("wal_autocheckpoint", "16384")
            .pragma("journal_size_limit", "134217728")
            .pragma("cache_size", "-32768");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await;
        let writer = writer.map_err(OpenError::Connect)?;
        MIGRATOR.run(&writer).await.map_err(OpenError::Migrate)?;
        let reading = options.read_only(true).pragma("cache_size", "-8192");
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .connect_with(reading)
            .await;
        Ok(Self {
            writer,
            readers: readers.map_err(OpenError::Connect)?,
        })
    }

    /// Waits for what is running and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError> {
        // IMMEDIATE takes the write lock first: a transaction that reads before it writes could not wait for it.
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await;
        let mut transaction = transaction.map_err(error::transact)?;
        let loaded = load::load(&mut transaction, scope).await?;
        let writes = decide(loaded);
        if write::is_empty(&writes) {
            return transaction.rollback().await.map_err(error::transact);
        }
        write::write(&mut transaction, &writes, scope.now).await?;
        transaction.commit().await.map_err(error::commit)
    }
}
