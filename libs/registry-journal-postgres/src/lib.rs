//! The journal's storage in PostgreSQL 15 or newer: for several processes side by side, and for scale.
//!
//! This crate knows SQL and the port of `registry-journal`; it decides nothing. A batch is one transaction with one
//! statement for each table, whose rows go as arrays. Every process writes and reads through a few connections, and each
//! connection works in the role that may do just that, whoever logged in.

#[macro_use]
mod rows;

mod alerts;
mod ask;
mod audit;
mod balances;
mod batch;
mod begin;
mod callbacks;
mod commits;
mod counts;
mod deliveries;
mod error;
mod exports;
mod imports;
mod insight;
mod installation;
mod jobs;
mod key_uses;
mod lease;
mod list;
mod load;
mod people;
mod read;
mod session;
mod sessions;
mod statement;
mod terms;
mod views;
mod worklist;
mod write;

use std::sync::Arc;

use registry_journal::port::{Asker, SchemaState, Shares};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{ConnectOptions, Connection, PgConnection};

use batch::WriterConnections;

pub use error::OpenError;
pub use lease::PostgresLeases;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The log and its rows in a PostgreSQL database.
#[derive(Clone)]
pub struct PostgresJournal {
    login: PgConnectOptions,
    writers: Arc<WriterConnections>,
    readers: Arc<Readers>,
    asker: Asker,
}

/// The connections on which is asked, and the one on which writing is tried out.
struct Readers {
    requests: PgPool,
    shares: Shares,
    tasks: PgPool,
    door: PgPool,
    probe: PgPool,
}

impl PostgresJournal {
    /// Connects to a database whose schema is there. The user of the URL is a member of `registry_writer`,
    /// `registry_reader` and `registry_directory`.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        Self::connect_with(url, session::READERS).await
    }

    /// The same, with so many connections that read for requests.
    pub async fn connect_with(url: &str, readers: u32) -> Result<Self, OpenError> {
        let login = session::login(url)?;
        let writers = session::writers(&login).await.map_err(OpenError::Connect)?;
        let requests = session::readers(&login, readers).await.map_err(OpenError::Connect)?;
        let readers = Readers {
            requests,
            shares: Shares::of_readers(readers),
            tasks: session::later_readers(&login, "registry-task", session::TASK_READERS),
            door: session::later_readers(&login, "registry-door", session::DOOR_READERS),
            probe: session::probe(&login),
        };
        Ok(Self {
            login,
            writers: Arc::new(WriterConnections::new(writers)),
            readers: Arc::new(readers),
            asker: Asker::Requests,
        })
    }

    /// The same storage, asked by somebody else: on connections of their own.
    #[must_use]
    pub fn asked_by(&self, asker: Asker) -> Self {
        Self { asker, ..self.clone() }
    }

    /// Waits for what is running and disconnects.
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
        self.writers.close().await;
    }
}

/// Brings the schema up to date. The user of the URL is a superuser, or a member of `registry_owner` where all roles exist,
/// or may make roles (before PostgreSQL 16 even where they exist; since then only who made a role may join it). Several
/// processes may do this at once: one works, the others wait for it.
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    let login = session::login(url)?;
    let owner = session::owner(&login).await.map_err(OpenError::Connect)?;
    let migrated = MIGRATOR.run(&owner).await;
    migrated.map_err(|error| OpenError::migrating(login.get_username(), error))?;
    owner.close().await;
    Ok(())
}

/// Compares the schema with the one that this program was built for. The service's login can see nothing before it has
/// become one of its roles; whoever migrates is none of them.
pub async fn schema_state(url: &str) -> Result<SchemaState, OpenError> {
    let options = session::login(url)?.application_name("registry-schema");
    let mut connection = options.connect().await.map_err(OpenError::Connect)?;
    let has = last_migration(&mut connection).await.map_err(OpenError::Inspect)?;
    connection.close().await.ok();
    let known = MIGRATOR.iter().map(|migration| migration.version).max();
    Ok(SchemaState::of(has, known.unwrap_or_default()))
}

async fn last_migration(connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    let may_become = sqlx::query_scalar!(
        r#"SELECT coalesce(pg_has_role(to_regrole('registry_directory')::oid, 'MEMBER'), false) AS "may!""#
    );
    if may_become.fetch_one(&mut *connection).await? {
        become_role(connection, "registry_directory").await?;
    }
    let table = sqlx::query!(
        r#"
        SELECT found.oid IS NOT NULL AS "is_there!", coalesce(has_table_privilege(found.oid, 'SELECT'), false) AS "is_open!"
        FROM (SELECT to_regclass('_sqlx_migrations') AS oid) AS found
        "#
    );
    let table = table.fetch_one(&mut *connection).await?;
    if !table.is_there {
        return Ok(None);
    }
    if !table.is_open {
        // The first migration, which opens it to the role, has not run to its end.
        become_role(connection, "none").await?;
    }
    sqlx::query_scalar!("SELECT max(version) FROM _sqlx_migrations WHERE success")
        .fetch_one(connection)
        .await
}

async fn become_role(connection: &mut PgConnection, role: &str) -> Result<(), sqlx::Error> {
    let statement = sqlx::query!("SELECT set_config('role', $1, false)", role);
    statement.fetch_one(connection).await.map(drop)
}
