//! Which database.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use url::Url;

use crate::files::{Shared, expect_private};

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server. The URL may hold a password.
    Postgres(Url),
}

impl Database {
    /// Reads a URL. A `PostgreSQL` URL without a password gets the one in the file, if there is one.
    pub fn parse(url: &str, password_file: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        let parsed = Url::parse(url).ok();
        let postgres = parsed.filter(|url| matches!(url.scheme(), "postgres" | "postgresql"));
        let mut url = postgres
            .context("database_url must be of the form sqlite://<path> or postgres://<user>@<host>/<database>")?;
        if let Some(file) = password_file.filter(|_| url.password().is_none()) {
            expect_private(file, Shared::WithGroup)?;
            let password = std::fs::read_to_string(file);
            let password = password.with_context(|| format!("the password file {} cannot be read", file.display()))?;
            let set = url.set_password(Some(password.trim_end_matches(['\r', '\n'])));
            set.ok().context("database_url has no room for a password")?;
        }
        Ok(Self::Postgres(url))
    }
}

/// The password does not show.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The password does not show.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => {
                let (host, database) = (
                    url.host_str().unwrap_or("localhost"),
                    url.path().trim_start_matches('/'),
                );
                write!(f, "the PostgreSQL database {database} at {host}")
            }
        }
    }
}
