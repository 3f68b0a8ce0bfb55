//! Opening the storage, and making sure that one process at a time serves from it.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use registry_journal::{Archive, Keyring};
use registry_journal_sqlite::SqliteJournal;

use crate::config::Config;

/// The storage of an installation.
#[derive(Clone)]
pub struct Storage {
    /// The adapter.
    pub journal: Arc<SqliteJournal>,
    /// The log, read back.
    pub archive: Archive,
}

impl Storage {
    /// Opens the database, makes it if it is not there, and brings its schema up to date.
    pub async fn open(config: &Config, keyring: Arc<Keyring>) -> anyhow::Result<Self> {
        let file = config.database_file()?;
        if let Some(directory) = file.parent() {
            make_directory(directory)?;
        }
        let journal = SqliteJournal::open(&file).await;
        let journal = Arc::new(journal.with_context(|| format!("{} cannot be opened", file.display()))?);
        let archive = Archive::new(journal.clone(), keyring);
        Ok(Self { journal, archive })
    }
}

fn make_directory(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("the directory {} cannot be made", directory.display()))
}

/// Held while a process serves. Two relays on one log would fight; commands of an operator may run beside.
pub struct ServeLock {
    _file: File,
}

impl ServeLock {
    /// Takes the lock, or says that another process has it.
    pub fn take(config: &Config) -> anyhow::Result<Self> {
        make_directory(&config.data_dir)?;
        let path = config.data_dir.join("serve.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!("another process serves from {}", config.data_dir.display())
            }
            Err(TryLockError::Error(error)) => Err(error).context("the data directory cannot be locked"),
        }
    }
}
