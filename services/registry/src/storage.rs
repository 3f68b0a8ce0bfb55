//! Opening the storage, keeping its schema up to date, and making sure that one process at a time serves from a file.

use std::fs::{File, TryLockError};
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use futures::future::OptionFuture;
use registry_journal::port::{Asker, Founding, KeyEvidence, Leases, People, SchemaState, SoleProcess};
use registry_journal::{Archive, Journal, Keyring, Reader};
use registry_journal_postgres::{PostgresJournal, PostgresLeases};
use registry_journal_sqlite::SqliteJournal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Database};
use crate::files::{self, make_data_directory};

/// How many batches go to PostgreSQL side by side.
const LANES: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// The storage of an installation.
#[derive(Clone)]
pub struct Storage {
    /// Writing.
    pub journal: Arc<dyn Journal>,
    /// Reading, for the service's own tasks and for commands.
    pub reader: Arc<dyn Reader>,
    /// The log, read back for them.
    pub archive: Archive,
    /// What belongs to no tenant.
    pub(crate) founding: Arc<dyn Founding>,
    /// The same for requests, of which one tenant gets a share.
    pub for_requests: Archive,
    /// The same for keys, which must be known before a request or a callback is dealt with.
    pub for_keys: Archive,
    /// Where API keys are looked up.
    pub keys: Arc<dyn Reader>,
    /// Where people and their sessions are kept.
    pub people: Arc<dyn People>,
    /// How many batches it can write side by side.
    pub lanes: NonZeroUsize,
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<SqliteJournal>),
    Postgres(Arc<PostgresJournal>, String),
}

impl Engine {
    /// A file has one writer. A server works on several batches at once; each lane more makes the batches of all smaller.
    const fn lanes(&self) -> NonZeroUsize {
        match self {
            Self::Sqlite(_) => NonZeroUsize::MIN,
            Self::Postgres(..) => LANES,
        }
    }
}

impl Storage {
    /// Opens a database that is there, with so many connections that read for requests; a schema that is not ours is refused.
    pub async fn open(database: &Database, keyring: Arc<Keyring>, readers: Option<u32>) -> anyhow::Result<Self> {
        expect_current(database, schema_state(database).await?)?;
        let opening = || format!("{database} cannot be opened");
        match database {
            Database::Sqlite(file) => {
                close_to_others(file);
                let journal = match readers {
                    Some(readers) => SqliteJournal::open_with(file, readers).await,
                    None => SqliteJournal::open(file).await,
                };
                let journal = Arc::new(journal.with_context(opening)?);
                let asked_by = |asker| Arc::new(journal.asked_by(asker));
                Ok(Self::over(asked_by, &keyring, Engine::Sqlite(Arc::clone(&journal))))
            }
            Database::Postgres(url) => {
                let journal = match readers {
                    Some(readers) => PostgresJournal::connect_with(url.as_str(), readers).await,
                    None => PostgresJournal::connect(url.as_str()).await,
                };
                let journal = Arc::new(journal.with_context(opening)?);
                let asked_by = |asker| Arc::new(journal.asked_by(asker));
                let engine = Engine::Postgres(Arc::clone(&journal), url.to_string());
                Ok(Self::over(asked_by, &keyring, engine))
            }
        }
    }

    fn over<J: Journal + Reader + Founding + People + 'static>(
        asked_by: impl Fn(Asker) -> Arc<J>,
        keyring: &Arc<Keyring>,
        engine: Engine,
    ) -> Self {
        let (tasks, door) = (asked_by(Asker::Tasks), asked_by(Asker::Door));
        Self {
            journal: tasks.clone(),
            reader: tasks.clone(),
            founding: tasks.clone(),
            archive: Archive::new(tasks, Arc::clone(keyring)),
            for_requests: Archive::new(asked_by(Asker::Requests), Arc::clone(keyring)),
            for_keys: Archive::new(door.clone(), Arc::clone(keyring)),
            people: door.clone(),
            keys: door,
            lanes: engine.lanes(),
            engine,
        }
    }

    /// Leases of their own for one duty.
    pub fn leases(&self) -> anyhow::Result<Arc<dyn Leases>> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(Arc::new(SoleProcess)),
            Engine::Postgres(_, url) => Ok(Arc::new(PostgresLeases::new(url)?)),
        }
    }

    /// Lets `wakes` tick whenever `own` does, and whenever another process has committed, until it is told to stop.
    pub async fn share_commits(
        self,
        mut own: watch::Receiver<u64>,
        wakes: watch::Sender<u64>,
        stop: CancellationToken,
    ) {
        let with_others = match &self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(journal, _) => Some(journal.share_commits(own.clone(), wakes.clone(), stop.clone())),
        };
        let ours = async {
            while own.changed().await.is_ok() {
                wakes.send_modify(|ticks| *ticks += 1);
            }
            stop.cancelled().await;
        };
        tokio::join!(OptionFuture::from(with_others), stop.run_until_cancelled(ours));
    }

    /// Waits for what is running and closes the database.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(journal) => journal.close().await,
            Engine::Postgres(journal, _) => journal.close().await,
        }
    }
}

/// Brings the schema up to date. Any number of processes may do this at once.
pub async fn migrate(database: &Database) -> anyhow::Result<()> {
    let migrating = || format!("the schema of {database} cannot be brought up to date");
    match database {
        Database::Sqlite(file) => {
            if let Some(directory) = file.parent() {
                make_data_directory(directory)?;
            }
            registry_journal_sqlite::migrate(file).await.with_context(migrating)
        }
        Database::Postgres(url) => registry_journal_postgres::migrate(url.as_str())
            .await
            .with_context(migrating),
    }
}

/// Compares the schema with the one that this program was built for.
pub async fn schema_state(database: &Database) -> anyhow::Result<SchemaState> {
    let looking = || format!("the schema of {database} cannot be looked at");
    match database {
        Database::Sqlite(file) => registry_journal_sqlite::schema_state(file).await.with_context(looking),
        Database::Postgres(url) => registry_journal_postgres::schema_state(url.as_str())
            .await
            .with_context(looking),
    }
}

/// Whether anything was ever sealed in a file, or may have been.
pub(crate) async fn has_data(file: &Path) -> anyhow::Result<bool> {
    match registry_journal_sqlite::schema_state(file).await? {
        SchemaState::Empty => Ok(false),
        SchemaState::Older { .. } | SchemaState::Newer { .. } => Ok(true),
        SchemaState::Current => {
            let journal = SqliteJournal::open(file).await?;
            let evidence = journal.key_evidence().await;
            journal.close().await;
            Ok(evidence? != KeyEvidence::default())
        }
    }
}

pub(crate) fn expect_current(database: &Database, state: SchemaState) -> anyhow::Result<()> {
    match state {
        SchemaState::Current => Ok(()),
        SchemaState::Empty => anyhow::bail!("{database} has no schema yet; run `registry migrate`"),
        SchemaState::Older { has, needs } => anyhow::bail!(
            "the schema of {database} is older than this program: it is at {has} and must be at {needs}; run `registry migrate`"
        ),
        SchemaState::Newer { has, knows } => anyhow::bail!(
            "the schema of {database} is newer than this program: it is at {has} and this program knows {knows}; \
             run the version of registry that brought it there, or a later one"
        ),
    }
}

/// What lies beside a database file: SQLite gives its own the mode of the database, once they are made.
fn close_to_others(database: &Path) {
    files::close_to_others(database);
    for ending in ["-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        files::close_to_others(Path::new(&name));
    }
    for extension in ["serve.lock", "migrate.lock"] {
        files::close_to_others(&database.with_extension(extension));
    }
}

/// Held while a process serves from a file. Two relays on one file would fight; commands of an operator may run beside.
pub struct ServeLock {
    _file: Option<File>,
}

impl ServeLock {
    /// Takes the lock, or says that another process has it. On a server any number of processes may serve.
    pub fn take(config: &Config) -> anyhow::Result<Self> {
        let Database::Sqlite(database) = config.database()? else {
            return Ok(Self { _file: None });
        };
        if let Some(directory) = database.parent() {
            make_data_directory(directory)?;
        }
        let path = database.with_extension("serve.lock");
        let mut options = File::options();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => anyhow::bail!("another process serves from {}", database.display()),
            Err(TryLockError::Error(error)) => Err(error).context("the database file cannot be locked"),
        }
    }
}
