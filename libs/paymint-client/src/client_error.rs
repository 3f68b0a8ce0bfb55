//! Why no client can be made.

/// Why no [`Client`](crate::Client) can be made of a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The base URL, or the base with this path appended, is not an `http` or `https` URL without query and fragment.
    #[error("the upstream's base URL or a path below it is not a plain http(s) URL")]
    Address,
    /// The system's root certificates could not be used.
    #[error("TLS could not be prepared")]
    Tls(#[source] rustls::Error),
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be built")]
    Build(#[source] reqwest::Error),
}
