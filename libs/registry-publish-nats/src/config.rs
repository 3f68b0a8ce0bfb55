//! Where the server is, how its streams are kept, and what they are called.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_nats::{Client, ConnectOptions};
use registry_domain::tenant::Slug;

/// How long messages are kept unless told otherwise.
pub const MAX_AGE_DEFAULT: Duration = Duration::from_hours(90 * 24);

/// Time limit of one request to the server, and of one acknowledgement.
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(5);

/// Longest pause between two attempts to connect.
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(2);

/// How to reach the server, and how it shall keep what is published.
#[derive(Clone, PartialEq, Eq)]
pub struct NatsConfig {
    /// `nats://host:port` or `tls://host:port`; several, with commas between, for a cluster. May hold a user and a password.
    pub url: String,
    /// A credentials file (JWT and seed), if the server wants one.
    pub credentials_file: Option<PathBuf>,
    /// Copies of each stream in a cluster: 1, 3 or 5.
    pub replicas: usize,
    /// How long messages are kept. Older events are read from the registry's own feed.
    pub max_age: Duration,
    /// How large a tenant's stream may become, in bytes; none for no limit but the server's.
    pub max_bytes: Option<u64>,
}

/// The URL may hold a password.
impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsConfig")
            .field("url", &"hidden")
            .field("credentials_file", &self.credentials_file)
            .field("replicas", &self.replicas)
            .field("max_age", &self.max_age)
            .field("max_bytes", &self.max_bytes)
            .finish()
    }
}

/// Why no client could be made. That the server is away is not among the reasons when connecting in the background.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The credentials file could not be read.
    #[error("the NATS credentials file could not be read")]
    Credentials(#[source] io::Error),
    /// The URL is not one of a NATS server, or the server could not be reached.
    #[error("no connection to the NATS server could be made")]
    Connect(#[source] async_nats::ConnectError),
}

impl NatsConfig {
    /// The defaults for a server: one copy, 90 days, no limit of size, no credentials.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            credentials_file: None,
            replicas: 1,
            max_age: MAX_AGE_DEFAULT,
            max_bytes: None,
        }
    }

    /// Connects, and fails if that fails.
    pub(crate) async fn connect(&self) -> Result<Client, ConnectError> {
        self.connect_with(self.options().await?).await
    }

    pub(crate) async fn connect_with(&self, options: ConnectOptions) -> Result<Client, ConnectError> {
        let servers: Vec<&str> = self.url.split(',').map(str::trim).collect();
        options.connect(servers).await.map_err(ConnectError::Connect)
    }

    pub(crate) async fn options(&self) -> Result<ConnectOptions, ConnectError> {
        let options = ConnectOptions::new()
            .name("submerchant-registry")
            .connection_timeout(REQUEST_LIMIT)
            .request_timeout(Some(REQUEST_LIMIT))
            .max_reconnects(None)
            .reconnect_delay_callback(reconnect_delay);
        match &self.credentials_file {
            Some(file) => options.credentials_file(file).await.map_err(ConnectError::Credentials),
            None => Ok(options),
        }
    }
}

/// A tenth of a second more with each attempt: a server that restarts is found soon, one that is away is not pestered.
fn reconnect_delay(attempts: usize) -> Duration {
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    Duration::from_millis(100)
        .saturating_mul(attempts)
        .min(RECONNECT_DELAY_MAX)
}

/// The tenant's stream.
pub fn stream_name(tenant: &Slug) -> String {
    format!("SMR_{}", tenant.as_str().to_ascii_uppercase())
}

/// The tenant's bucket of current documents. Its keys are merchant ids.
pub fn bucket_name(tenant: &Slug) -> String {
    format!("smr_{tenant}_merchants")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_the_slug_readable() {
        let slug = Slug::parse("acme-2").unwrap();
        assert_eq!(stream_name(&slug), "SMR_ACME-2");
        assert_eq!(bucket_name(&slug), "smr_acme-2_merchants");
    }

    #[test]
    fn debug_output_holds_no_password() {
        let config = NatsConfig::new("nats://user:hunter2@localhost");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn attempts_to_connect_become_rarer_up_to_a_limit() {
        assert_eq!(reconnect_delay(0), Duration::ZERO);
        assert_eq!(reconnect_delay(3), Duration::from_millis(300));
        assert_eq!(reconnect_delay(usize::MAX), RECONNECT_DELAY_MAX);
    }
}
