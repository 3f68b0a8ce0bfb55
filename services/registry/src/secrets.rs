//! The keys of the installation. They come from files; on a fresh data directory they are made there.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use registry_journal::{IdSource, Keyring, MasterKey};
use registry_urls::TokenKeys;

use crate::config::{Config, Database};
use crate::files::{Shared, expect_private, write_secret};

/// The keys of the installation.
pub struct Secrets {
    /// Opens and seals personal data.
    pub keyring: Arc<Keyring>,
    /// Makes and checks callback URLs.
    pub token_keys: TokenKeys,
    /// Signs the cursors of lists.
    pub cursor_key: [u8; 32],
    /// Seals and hashes what people are handed.
    pub people_key: [u8; 32],
    /// Where the master key came from.
    pub master_key_file: PathBuf,
    /// Where the keys for callback URLs came from.
    pub callback_keys_file: PathBuf,
}

impl Secrets {
    /// Reads the keys. None is made.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        expect_key_files(config)?;
        Self::read(config, |_| None)
    }

    /// The same. Those that no setting names are made in the data directory, if the caller knows that they may be.
    pub fn open_or_make(config: &Config, ids: &dyn IdSource, may_make: bool) -> anyhow::Result<Self> {
        if !may_make {
            expect_key_files(config)?;
        }
        Self::read(config, |prefix| {
            may_make.then(|| format!("{prefix}{}", hex::encode(ids.secret())))
        })
    }

    /// Whether a key is missing that no setting names.
    pub(crate) fn lack(config: &Config) -> bool {
        let [master, callbacks] = KeyFile::all(config);
        master.is_to_be_made() || callbacks.is_to_be_made()
    }

    fn read(config: &Config, mut make: impl FnMut(&str) -> Option<String>) -> anyhow::Result<Self> {
        let [master_file, callbacks_file] = KeyFile::all(config);
        let master = master_file.read(|| make(""))?;
        let master = MasterKey::from_hex(&master).context("the master key file cannot be used")?;
        let token_keys = callbacks_file.read(|| make("1 "))?;
        let token_keys = TokenKeys::parse(&token_keys).context("the callback keys file cannot be used")?;
        Ok(Self {
            keyring: Arc::new(Keyring::new(&master)),
            token_keys,
            cursor_key: master.derive("list cursors"),
            people_key: master.derive("people"),
            master_key_file: master_file.path,
            callback_keys_file: callbacks_file.path,
        })
    }
}

/// Processes on a server must all have the same keys, so somebody must have said where they are, or have put them there.
fn expect_key_files(config: &Config) -> anyhow::Result<()> {
    let Database::Postgres(_) = config.database()? else {
        return Ok(());
    };
    let settings = [
        "master_key_file (REGISTRY_MASTER_KEY_FILE)",
        "callback_keys_file (REGISTRY_CALLBACK_KEYS_FILE)",
    ];
    let files = KeyFile::all(config);
    let lacking = settings.iter().zip(&files).filter(|(_, file)| file.is_to_be_made());
    let lacking: Vec<_> = lacking.map(|(setting, _)| *setting).collect();
    anyhow::ensure!(
        lacking.is_empty(),
        "with PostgreSQL all processes need the same keys, which are not made by themselves: say where they are with {}",
        lacking.join(" and ")
    );
    Ok(())
}

struct KeyFile {
    path: PathBuf,
    is_named: bool,
}

impl KeyFile {
    /// That of the master key and that of the callback keys.
    fn all(config: &Config) -> [Self; 2] {
        let place = |setting: &Option<PathBuf>, name: &str| Self {
            path: setting
                .clone()
                .unwrap_or_else(|| config.data_dir.join("keys").join(name)),
            is_named: setting.is_some(),
        };
        [
            place(&config.master_key_file, "master.key"),
            place(&config.callback_keys_file, "callback.keys"),
        ]
    }

    fn is_to_be_made(&self) -> bool {
        !self.is_named && !self.path.exists()
    }

    fn read(&self, make: impl FnOnce() -> Option<String>) -> anyhow::Result<String> {
        let shown = self.path.display();
        if self.is_to_be_made()
            && let Some(key) = make()
        {
            match write_secret(&self.path, &key) {
                Ok(()) => {
                    tracing::warn!(file = %shown, "made a new key; keep a copy of this file in a safe place");
                }
                // Another process that begins at the same moment was first: its key holds.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| format!("the key file {shown} cannot be made")),
            }
        }
        expect_private(&self.path, Shared::WithNobody)?;
        fs::read_to_string(&self.path).with_context(|| format!("the key file {shown} cannot be read"))
    }
}
