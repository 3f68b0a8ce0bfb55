//! What SQLite's errors mean for a batch.

use registry_journal::port::{ReadError, TransactError};
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

/// Why the file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or made.
    #[error("the database file cannot be opened")]
    Connect(#[source] sqlx::Error),
    /// The lock that lets one process at a time change the schema cannot be taken.
    #[error("the lock beside the database file cannot be taken")]
    Lock(#[source] std::io::Error),
    /// It cannot be found out which schema it has.
    #[error("the database schema cannot be looked at")]
    Inspect(#[source] sqlx::Error),
    /// Its schema cannot be brought up to date.
    #[error("the database schema cannot be brought up to date")]
    Migrate(#[source] MigrateError),
}

/// Primary result codes after which another try may succeed: no permission, busy, locked, read-only, I/O error, full, cannot
/// open. None of them is a fault of what was to be written.
const TRANSIENT: [i32; 7] = [3, 5, 6, 8, 10, 13, 14];

/// A failed statement, before the commit: nothing was written.
pub(crate) fn transact(error: sqlx::Error) -> TransactError {
    let lost = matches!(
        &error,
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed
    );
    let transient = lost || error.as_database_error().is_some_and(is_transient);
    if transient {
        TransactError::Transient(error.into())
    } else {
        TransactError::Rejected(error.into())
    }
}

/// A failed commit. Whether it took effect shows only in the file.
pub(crate) fn commit(error: sqlx::Error) -> TransactError {
    TransactError::CommitUnknown(error.into())
}

pub(crate) fn read(question: &'static str) -> impl Fn(sqlx::Error) -> ReadError {
    move |error| ReadError::Unavailable {
        question,
        source: error.into(),
    }
}

fn is_transient(error: &dyn DatabaseError) -> bool {
    let extended = error.code().and_then(|code| code.parse::<i32>().ok());
    extended.is_some_and(|code| TRANSIENT.contains(&(code & 0xff)))
}
