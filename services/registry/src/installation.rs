//! An installation: its keys and its storage, opened together. Few commands may make one; all others find a wrong directory
//! or a wrong database out, and leave nothing there. Wrong keys are found out by each.

use std::sync::Arc;

use anyhow::Context;
use registry_journal::IdSource;
use registry_journal::installation::{IfNone, InstallationError, recognise, recognise_callback_keys};
use registry_journal::port::SchemaState;

use crate::config::{Config, Database};
use crate::secrets::Secrets;
use crate::storage::{self, Storage};

/// What belongs together.
pub struct Installation {
    /// Its keys.
    pub secrets: Secrets,
    /// Its storage.
    pub storage: Storage,
}

impl Installation {
    /// Opens one that is there. Where none is, nothing is made.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let database = config.database()?;
        expect_there(&database).await?;
        let secrets = Secrets::open(config)?;
        let storage = open_storage(&database, &secrets, IfNone::Refuse, config.readers_max).await?;
        Ok(Self { secrets, storage })
    }

    /// Opens one, or makes it. A file that does not exist yet gets its schema; a server's schema must be there. Keys that no
    /// setting names are made only where nothing was ever sealed: a new master key in front of old data would make that
    /// data unreadable. On a server other processes work with the same data: there they are never made.
    pub async fn open_or_make(config: &Config, ids: &dyn IdSource) -> anyhow::Result<Self> {
        let database = config.database()?;
        let may_make = match &database {
            Database::Sqlite(file) => Secrets::lack(config) && !storage::has_data(file).await?,
            Database::Postgres(_) => false,
        };
        let secrets = Secrets::open_or_make(config, ids, may_make)?;
        if let Database::Sqlite(_) = &database
            && storage::schema_state(&database).await? == SchemaState::Empty
        {
            storage::migrate(&database).await?;
        }
        let storage = open_storage(&database, &secrets, IfNone::Found, config.readers_max).await?;
        Ok(Self { secrets, storage })
    }
}

/// Opens a database that has our schema, if the keys are those of its installation.
pub(crate) async fn open_storage(
    database: &Database,
    secrets: &Secrets,
    if_none: IfNone,
    readers: Option<u32>,
) -> anyhow::Result<Storage> {
    let storage = Storage::open(database, Arc::clone(&secrets.keyring), readers).await?;
    let Err(error) = recognise_keys(&storage, secrets, if_none).await else {
        return Ok(storage);
    };
    storage.close().await;
    let file = secrets.master_key_file.display();
    let callback_keys_file = secrets.callback_keys_file.display();
    match error {
        InstallationError::None => Err(there_is_none(database)),
        InstallationError::OtherKey => anyhow::bail!(
            "the master key in {file} is not the one that the installation in {database} was made with: with it nothing that is \
             sealed there can be read, and nobody could read later what it seals; put the right key into that file, or name \
             the file that holds it (master_key_file)"
        ),
        InstallationError::OtherCallbackKey { number } => anyhow::bail!(
            "callback key {number} in {callback_keys_file} is not the one that the installation in {database} knows by this number: \
             callbacks to URLs that other processes have given away would be refused; put the right keys into that file, or \
             name the file that holds them (callback_keys_file); a new key takes a number that none has had"
        ),
        InstallationError::CallbackKeyLacking { number } => anyhow::bail!(
            "{callback_keys_file} lacks callback key {number}, the newest of the installation in {database}: callbacks to URLs \
             that are made with it would be refused; put it into that file, or name the file that holds it \
             (callback_keys_file); infra/README.md says how keys are exchanged"
        ),
        InstallationError::Unavailable(error) => {
            Err(error).with_context(|| format!("the keys of {database} cannot be looked at"))
        }
    }
}

async fn recognise_keys(storage: &Storage, secrets: &Secrets, if_none: IfNone) -> Result<(), InstallationError> {
    let founding = storage.founding.as_ref();
    recognise(founding, &secrets.keyring, if_none).await?;
    let checks = secrets.token_keys.checks();
    let checks: Vec<_> = checks
        .into_iter()
        .map(|(number, check)| (number, check.into()))
        .collect();
    recognise_callback_keys(founding, &checks, if_none).await
}

/// Looks only. What is missing stays missing.
pub(crate) async fn expect_there(database: &Database) -> anyhow::Result<()> {
    match database {
        Database::Sqlite(file) if !file.exists() => Err(there_is_none(database)),
        Database::Sqlite(_) | Database::Postgres(_) => {
            storage::expect_current(database, storage::schema_state(database).await?)
        }
    }
}

fn there_is_none(database: &Database) -> anyhow::Error {
    anyhow::anyhow!(
        "there is no installation in {database}, and none was made: look at data_dir and database_url, or make one with \
         `registry serve` or `registry tenant create`"
    )
}
