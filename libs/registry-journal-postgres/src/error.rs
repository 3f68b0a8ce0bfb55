//! What PostgreSQL's errors mean for a batch and for a question.

use registry_journal::port::{AppendError, ReadError, TransactError};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// Why a database could not be opened or prepared.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is none of a PostgreSQL database.
    #[error("the database URL cannot be read")]
    Url(#[source] sqlx::Error),
    /// The server cannot be reached, or does not let us in.
    #[error("the database cannot be connected to")]
    Connect(#[source] sqlx::Error),
    /// What schema the database has cannot be found out.
    #[error("the database does not tell its schema")]
    Inspect(#[source] sqlx::Error),
    /// Its schema cannot be brought up to date.
    #[error("the database schema cannot be brought up to date")]
    Migrate(#[source] MigrateError),
    /// Whoever logged in may not change the schema.
    #[error(
        "the login {login} may not change the schema: run `registry migrate` with one that may become registry_owner, such as \
         registry_migrate of infra/postgres/roles.sql"
    )]
    NotOwner {
        /// As whom the URL logs in.
        login: String,
        /// What the server refused.
        source: MigrateError,
    },
}

impl OpenError {
    /// Why migrations did not run for somebody.
    pub(crate) fn migrating(login: &str, error: MigrateError) -> Self {
        if let MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) = &error
            && code(cause) == Some(INSUFFICIENT_PRIVILEGE)
        {
            let login = login.to_owned();
            return Self::NotOwner { login, source: error };
        }
        Self::Migrate(error)
    }
}

/// The right to do something is missing.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Classes of SQLSTATE after which another try may succeed: connection exception, transaction rollback (serialization,
/// deadlock), insufficient resources, operator intervention (shutdown, cancelled by a time-out), system error.
const TRANSIENT_CLASSES: [&str; 5] = ["08", "40", "53", "57", "58"];

/// The same, one by one: lock not available, idle in a transaction for too long, read-only (a standby, before it takes
/// over), insufficient privilege, no such table or schema. The last three are no fault of what was to be written: a right
/// that was taken away, a database that was restored by half.
const TRANSIENT: [&str; 6] = ["55P03", "25P03", "25006", INSUFFICIENT_PRIVILEGE, "42P01", "3F000"];

/// A failed statement, before the commit: nothing was written.
pub(crate) fn transact(error: sqlx::Error) -> TransactError {
    if code(&error) == Some(UNTIMELY) {
        return TransactError::Untimely(error.into());
    }
    let is_away = is_lost(&error) || matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed);
    let is_transient = is_away
        || code(&error).is_some_and(|code| TRANSIENT.contains(&code) || TRANSIENT_CLASSES.contains(&&code[..2]));
    if is_transient {
        TransactError::Transient(error.into())
    } else {
        TransactError::Rejected(error.into())
    }
}

/// A failed commit. If the server says what is wrong and stays, it has rolled back. If it says good-bye, or nothing,
/// the commit may have come before that.
pub(crate) fn commit(error: sqlx::Error) -> TransactError {
    match database(&error).map(PgDatabaseError::severity) {
        Some(PgSeverity::Error) => transact(error),
        _ => TransactError::CommitUnknown(error.into()),
    }
}

/// What `registry_in_time` raises.
const UNTIMELY: &str = "RG002";

/// What `registry_hold` raises.
const MOVED: &str = "RG001";

/// A failed statement that commits by itself.
pub(crate) fn append(error: sqlx::Error) -> AppendError {
    if code(&error) == Some(MOVED) {
        return AppendError::Moved;
    }
    commit(error).into()
}

/// Whether the connection is of no more use. That none was to be had is something else: another try would wait as long.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match database(error) {
        Some(told) => matches!(told.severity(), PgSeverity::Fatal | PgSeverity::Panic),
        None => matches!(
            error,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::BeginFailed
        ),
    }
}

pub(crate) fn read(question: &'static str, error: sqlx::Error) -> ReadError {
    ReadError::Unavailable {
        question,
        source: error.into(),
    }
}

fn database(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn code(error: &sqlx::Error) -> Option<&str> {
    database(error).map(PgDatabaseError::code)
}
