//! What an operator can set.

use std::fmt;

use chrono::TimeDelta;
use url::Url;

/// How people come in, and for how long they stay.
#[derive(Clone)]
pub struct PeopleConfig {
    /// Where the console is reached, without a path: links lead there.
    pub console_url: Url,
    /// Whether somebody may sign in with a password.
    pub local_accounts: bool,
    /// For how long a session lasts that is not used.
    pub idle_time: TimeDelta,
    /// For how long a session lasts at most.
    pub absolute_time: TimeDelta,
    /// The OpenID provider, if there is one.
    pub oidc: Option<OidcConfig>,
    /// Seals and hashes what is handed out. The same for every process of an installation.
    pub key: [u8; 32],
}

/// The key does not show.
impl fmt::Debug for PeopleConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeopleConfig")
            .field("console_url", &self.console_url.as_str())
            .field("local_accounts", &self.local_accounts)
            .field("oidc", &self.oidc)
            .finish_non_exhaustive()
    }
}

/// An OpenID provider, and what this installation is to it.
#[derive(Clone)]
pub struct OidcConfig {
    /// Its issuer, exactly as it calls itself.
    pub issuer: String,
    /// What it calls this installation.
    pub client_id: String,
    /// What this installation proves itself with.
    pub client_secret: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds a person's groups.
    pub groups_claim: String,
}

/// The secret does not show.
impl fmt::Debug for OidcConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcConfig")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
