//! The keys of the installation. They come from files; on a fresh data directory they are made there.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use registry_ingest::TokenKeys;
use registry_journal::{IdSource, Keyring, MasterKey};

use crate::config::{Config, Database};

/// The keys of the installation.
pub struct Secrets {
    /// Opens and seals personal data.
    pub keyring: Arc<Keyring>,
    /// Makes and checks callback URLs.
    pub token_keys: TokenKeys,
    /// Signs the cursors of lists.
    pub cursor_key: [u8; 32],
}

impl Secrets {
    /// Reads the keys. Those that no setting names are made in the data directory, but only for a database file that
    /// does not exist yet: a new master key in front of old data would make that data unreadable. On a server other
    /// processes work with the same data: there the keys are never made.
    pub fn open(config: &Config, ids: &dyn IdSource) -> anyhow::Result<Self> {
        let may_make = match config.database()? {
            Database::Sqlite(file) => !file.exists(),
            Database::Postgres(_) => false,
        };
        Self::open_or_make(config, ids, may_make)
    }

    /// The same, and the caller knows whether missing keys may be made.
    pub fn open_or_make(config: &Config, ids: &dyn IdSource, may_make: bool) -> anyhow::Result<Self> {
        let place = |setting: &Option<PathBuf>, name: &str| KeyFile {
            path: setting
                .clone()
                .unwrap_or_else(|| config.data_dir.join("keys").join(name)),
            may_make: may_make && setting.is_none(),
        };
        let master = place(&config.master_key_file, "master.key").read(|| hex::encode(ids.secret()))?;
        let master = MasterKey::from_hex(&master).context("the master key file cannot be used")?;
        let tokens = place(&config.callback_keys_file, "callback.keys");
        let tokens = tokens.read(|| format!("1 {}", hex::encode(ids.secret())))?;
        let token_keys = TokenKeys::parse(&tokens).context("the callback keys file cannot be used")?;
        Ok(Self {
            keyring: Arc::new(Keyring::new(&master)),
            token_keys,
            cursor_key: master.derive("list cursors"),
        })
    }
}

struct KeyFile {
    path: PathBuf,
    may_make: bool,
}

impl KeyFile {
    fn read(&self, make: impl FnOnce() -> String) -> anyhow::Result<String> {
        let shown = self.path.display();
        if !self.path.exists() && self.may_make {
            write_secret(&self.path, &make()).with_context(|| format!("the key file {shown} cannot be made"))?;
            tracing::warn!(file = %shown, "made a new key; keep a copy of this file in a safe place");
        }
        fs::read_to_string(&self.path).with_context(|| format!("the key file {shown} cannot be read"))
    }
}

/// Writes a file that only its owner can read. Never replaces one.
pub fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
