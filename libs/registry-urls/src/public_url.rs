//! The callback URLs that are given away begin with the installation's public URL.

use registry_domain::merchant::SecretText;

use crate::token::{CallbackToken, TOKEN_LENGTH_MAX, TokenKeys};

/// Where callbacks come in, below the public URL.
const CALLBACK_PATH: &str = "/cb/v1/";

/// Longest callback URL that upstream is given. Its own limit is not documented.
const CALLBACK_URL_LENGTH_MAX: usize = 255;

/// Why a URL cannot be the public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the public URL must be an http(s) URL without user, password and query, short enough for callback URLs of at most 255 characters"
)]
pub struct PublicUrlError;

/// The URL under which Paymint reaches the registry.
#[derive(Debug, Clone)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads the URL; a slash at its end is dropped.
    pub fn parse(text: &str) -> Result<Self, PublicUrlError> {
        let url = url::Url::parse(text).map_err(|_| PublicUrlError)?;
        let is_bare = url.username().is_empty() && url.password().is_none();
        let plain =
            matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() && is_bare;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let fits = base.len() + CALLBACK_PATH.len() + TOKEN_LENGTH_MAX <= CALLBACK_URL_LENGTH_MAX;
        if plain && fits {
            Ok(Self(base))
        } else {
            Err(PublicUrlError)
        }
    }

    /// What lies below it.
    pub(crate) fn below(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether what is sent there can be read on its way.
    pub fn is_plain_http(&self) -> bool {
        self.0.starts_with("http:")
    }

    /// The callback URL of a token.
    pub fn callback_url(&self, keys: &TokenKeys, token: CallbackToken) -> String {
        format!("{}{CALLBACK_PATH}{}", self.0, keys.issue(token))
    }
}

/// Makes callback URLs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CallbackUrls {
    keys: TokenKeys,
    public_url: PublicUrl,
}

impl CallbackUrls {
    /// URLs below the public one, signed with the first of these keys.
    pub fn new(keys: TokenKeys, public_url: PublicUrl) -> Self {
        Self { keys, public_url }
    }

    /// The URL of a token. Whoever has it can send claims: a secret.
    pub fn url(&self, token: CallbackToken) -> SecretText {
        SecretText::new(self.public_url.callback_url(&self.keys, token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_short_web_address_will_do() {
        for url in [
            "https://registry.example",
            "http://127.0.0.1:8080/",
            "https://registry.example/below/",
        ] {
            assert!(PublicUrl::parse(url).is_ok(), "{url}");
        }
        let long = format!("https://{}.example", "a".repeat(200));
        for url in [
            "",
            "registry.example",
            "ftp://registry.example",
            "https://user@registry.example",
            "https://user:password@registry.example",
            "https://registry.example/?a=1",
            &long,
        ] {
            assert!(PublicUrl::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_longest_callback_url_is_not_too_long() {
        use registry_domain::{LinkId, MerchantId, TenantId};
        use uuid::Uuid;

        let room = CALLBACK_URL_LENGTH_MAX - CALLBACK_PATH.len() - TOKEN_LENGTH_MAX;
        let url = PublicUrl::parse(&format!("https://{}", "a".repeat(room - "https://".len()))).unwrap();
        let keys = TokenKeys::parse(&format!("255 {}", "ff".repeat(32))).unwrap();
        let token = CallbackToken::Link {
            tenant_id: TenantId::from_uuid(Uuid::max()),
            merchant_id: MerchantId::from_uuid(Uuid::max()),
            link_id: LinkId::from_uuid(Uuid::max()),
        };
        assert!(url.callback_url(&keys, token).len() <= CALLBACK_URL_LENGTH_MAX);
    }
}
