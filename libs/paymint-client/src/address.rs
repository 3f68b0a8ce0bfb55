//! Addresses of calls: always below the base.

use url::Url;

use crate::client_error::ClientError;

/// Appends a path to the base, whether or not they bring the slash between them. A path that is read as something else
/// than it says, or leads out of the base, is none.
pub(crate) fn address(base: &Url, path: &str) -> Result<Url, ClientError> {
    let text = format!(
        "{}/{}",
        base.as_str().trim_end_matches('/'),
        path.trim_start_matches('/')
    );
    let url = Url::parse(&text).map_err(|_| ClientError::Address)?;
    let plain = matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    if plain && url.as_str() == text && is_below(base, &url) {
        Ok(url)
    } else {
        Err(ClientError::Address)
    }
}

pub(crate) fn is_below(base: &Url, url: &Url) -> bool {
    let rest = url.path().strip_prefix(base.path().trim_end_matches('/'));
    url.origin() == base.origin() && rest.is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
}
