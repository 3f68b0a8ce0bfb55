//! The journal's storage in PostgreSQL 15 or newer: for several processes side by side, and for scale.
//!
//! This crate knows SQL and the port of `registry-journal`; it decides nothing. A batch is one transaction with one
//! statement for each table, whose rows go as arrays. Every process writes and reads through a few connections, and each
//! connection works in the role that may do just that, whoever logged in.

// The harness of the tests knows this crate from outside.
#[cfg(test)]
extern crate self as registry_journal_postgres;
#[cfg(test)]
#[path = "../tests/it/harness.rs"]
mod harness;

#[macro_use]
mod rows;

mod ask;
mod batch;
mod begin;
mod callbacks;
mod commits;
mod error;
mod lease;
mod list;
mod load;
mod read;
mod session;
mod worklist;
mod write;

use std::sync::Arc;

use registry_journal::port::SchemaState;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{ConnectOptions, Connection};

use batch::WriterConnections;

pub use error::OpenError;
pub use lease::PostgresLeases;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The log and its rows in a PostgreSQL database.
#[derive(Clone)]
pub struct PostgresJournal {
    login: PgConnectOptions,
    writers: Arc<WriterConnections>,
    readers: PgPool,
}

impl PostgresJournal {
    /// Connects to a database whose schema is there. The user of the URL is a member of `registry_writer`,
    /// `registry_reader` and `registry_directory`.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let login = session::login(url)?;
        let writers = session::writers(&login).await.map_err(OpenError::Connect)?;
        let readers = session::readers(&login).await.map_err(OpenError::Connect)?;
        let writers = Arc::new(WriterConnections::new(writers));
        Ok(Self {
            login,
            writers,
            readers,
        })
    }

    /// Waits for what is running and disconnects.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

/// Brings the schema up to date. The user of the URL is a superuser, or a member of `registry_owner` where all roles exist,
/// or may make roles (before PostgreSQL 16 even where they exist; since then only who made a role may join it). Several
/// processes may do this at once: one works, the others wait for it.
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    let login = session::login(url)?;
    let owner = session::owner(&login).await.map_err(OpenError::Connect)?;
    MIGRATOR.run(&owner).await.map_err(OpenError::Migrate)?;
    owner.close().await;
    Ok(())
}

/// Compares the schema with the one that this program was built for.
pub async fn schema_state(url: &str) -> Result<SchemaState, OpenError> {
    let mut connection = session::login(url)?.connect().await.map_err(OpenError::Connect)?;
    let is_there = sqlx::query_scalar!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "is_there!""#)
        .fetch_one(&mut connection)
        .await
        .map_err(OpenError::Inspect)?;
    let has = if is_there {
        sqlx::query_scalar!("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(&mut connection)
            .await
            .map_err(OpenError::Inspect)?
    } else {
        None
    };
    connection.close().await.ok();
    let known = MIGRATOR.iter().map(|migration| migration.version).max();
    Ok(SchemaState::of(has, known.unwrap_or_default()))
}
