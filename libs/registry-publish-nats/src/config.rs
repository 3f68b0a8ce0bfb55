//! Where the server is, how its streams are kept, and what they are called.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use registry_domain::tenant::Slug;
use url::Url;

/// How long messages are kept unless told otherwise.
pub const MAX_AGE_DEFAULT: Duration = Duration::from_hours(90 * 24);

/// Time limit of one request to the server, and of one acknowledgement.
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(5);

/// Longest pause between two attempts to connect.
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(2);

/// How to reach the server, and how it shall keep what is published.
#[derive(Clone, PartialEq, Eq)]
pub struct NatsConfig {
    /// `nats://host:port` or `tls://host:port`; several, with commas between, for a cluster. May hold a user and a password,
    /// or a token, before an `@`: the first one counts for all servers.
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
    /// The URL is not one of a NATS server.
    #[error("the NATS URL cannot be read")]
    Url(#[source] io::Error),
    /// The server could not be reached, or does not let us in.
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

    /// Whether the URL is one of NATS servers.
    pub fn check(&self) -> Result<(), ConnectError> {
        self.urls().map(drop)
    }

    /// Connects, and fails if that fails.
    pub(crate) async fn connect(&self) -> Result<Client, ConnectError> {
        self.connect_with(self.options().await?).await
    }

    pub(crate) async fn connect_with(&self, options: ConnectOptions) -> Result<Client, ConnectError> {
        let servers: Result<Vec<_>, _> = self.urls()?.into_iter().map(without_login).collect();
        let servers = servers.map_err(ConnectError::Url)?;
        options.connect(servers).await.map_err(ConnectError::Connect)
    }

    /// The servers, for people: without the login that the URL may hold.
    pub(crate) fn name(&self) -> String {
        let urls = self.urls().unwrap_or_default();
        let servers: Vec<_> = urls.into_iter().filter_map(|url| without_login(url).ok()).collect();
        servers
            .iter()
            .map(ServerAddr::as_url_str)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn urls(&self) -> Result<Vec<Url>, ConnectError> {
        let addresses = self.url.split(',').map(|text| text.trim().parse::<ServerAddr>());
        let urls = addresses.map(|address| address.map(ServerAddr::into_inner));
        urls.collect::<Result<_, _>>().map_err(ConnectError::Url)
    }

    pub(crate) async fn options(&self) -> Result<ConnectOptions, ConnectError> {
        let options = ConnectOptions::new()
            .name("submerchant-registry")
            .connection_timeout(REQUEST_LIMIT)
            .request_timeout(Some(REQUEST_LIMIT))
            .max_reconnects(None)
            .reconnect_delay_callback(reconnect_delay);
        let urls = self.urls()?;
        let options = match urls.iter().find(|url| !url.username().is_empty()) {
            Some(url) => match url.password() {
                Some(password) => options.user_and_password(decoded(url.username()), decoded(password)),
                None => options.token(decoded(url.username())),
            },
            None => options,
        };
        match &self.credentials_file {
            Some(file) => options.credentials_file(file).await.map_err(ConnectError::Credentials),
            None => Ok(options),
        }
    }
}

/// The client does not take users from URLs, but writes URLs into its log.
fn without_login(mut url: Url) -> io::Result<ServerAddr> {
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| io::Error::from(io::ErrorKind::InvalidInput))?;
    ServerAddr::from_url(url)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
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
    fn the_client_learns_addresses_without_passwords() {
        let config = NatsConfig::new("nats://user:hunter2@one:4222, two, tls://[::1]:4223");
        let servers = config.urls().unwrap().into_iter().map(without_login);
        let servers: Vec<_> = servers.map(|it| it.unwrap().as_url_str().to_owned()).collect();
        assert_eq!(servers, ["nats://one:4222", "nats://two", "tls://[::1]:4223"]);
        assert_eq!(config.name(), "nats://one:4222, nats://two, tls://[::1]:4223");
        assert!(matches!(NatsConfig::new("http://x").urls(), Err(ConnectError::Url(_))));
    }

    #[test]
    fn attempts_to_connect_become_rarer_up_to_a_limit() {
        assert_eq!(reconnect_delay(0), Duration::ZERO);
        assert_eq!(reconnect_delay(3), Duration::from_millis(300));
        assert_eq!(reconnect_delay(usize::MAX), RECONNECT_DELAY_MAX);
    }
}
