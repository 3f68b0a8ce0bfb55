//! Where shops may be sent once they come back from Paymint.

use super::settings::SettingError;

/// How such a URL begins.
const SCHEME: &str = "https://";

/// Names that lead to no public host, whole or as an ending.
const PRIVATE_NAMES: [&str; 7] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "localdomain",
    "lan",
    "home.arpa",
];

/// A page of the tenant's to which a shop may be sent. There is one way to read it: it holds nothing that one reader decodes,
/// folds or cuts off and another does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReturnUrl(String);

impl ReturnUrl {
    /// Longest URL, in characters.
    pub const LENGTH_MAX: usize = 300;

    /// Most of them.
    pub const COUNT_MAX: usize = 20;

    /// Reads a URL: https, a public name (no address), at most a port, a path and a query.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let rest = text.strip_prefix(SCHEME).ok_or(SettingError::ReturnUrl)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(SettingError::ReturnUrl)?;
        let authority = authority.to_ascii_lowercase();
        let (host, port) = authority.split_once(':').unwrap_or((&authority, "443"));
        if text.len() <= Self::LENGTH_MAX && is_public_name(host) && is_port(port) && is_plain_path(path) {
            Ok(Self(format!("{SCHEME}{authority}{path}")))
        } else {
            Err(SettingError::ReturnUrl)
        }
    }

    /// A URL as it was stored. This never becomes stricter.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Whether another one is this page, or lies below it. One with a query stands for itself alone.
    pub fn covers(&self, other: &Self) -> bool {
        let Some(rest) = other.0.strip_prefix(&self.0) else {
            return false;
        };
        rest.is_empty() || !self.0.contains('?') && (self.0.ends_with('/') || rest.starts_with(['/', '?']))
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a name is one of the public kind. An address has no letters at its end.
fn is_public_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_private = |name: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    let top = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && top.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !top.starts_with("0x")
        && !PRIVATE_NAMES.iter().any(|name| is_private(name))
}

fn is_port(port: &str) -> bool {
    (1..=5).contains(&port.len())
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_plain_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/?-._~%:!$&()*+,;=".contains(&byte);
    let hides_a_dot = path.to_ascii_lowercase().contains("%2e");
    path.bytes().all(is_plain) && !path.contains("..") && !path.contains("/./") && !hides_a_dot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_public_https_page_will_do() {
        for url in [
            "https://partner.example",
            "https://Partner.example/",
            "https://partner.example:8443/done?shop=1&x=%EA%B0%80",
            "https://xn--3e0b707e.example/a/b",
        ] {
            assert!(ReturnUrl::parse(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "partner.example",
            "http://partner.example",
            "https://",
            "https://partner",
            "https://localhost/",
            "https://shop.localhost/",
            "https://registry.internal",
            "https://a.local/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://[::1]/",
            "https://0x7f.0x1/",
            "https://user@partner.example/",
            "https://user:password@partner.example/",
            "https://partner.example:0/",
            "https://partner.example:65536/",
            "https://partner.example/#x",
            "https://partner.example\\@elsewhere.example/",
            "https://partner.example/a/../b",
            "https://partner.example/a/%2E%2e/b",
            "https://partner.example/가",
            "https://partner.example/a b",
            "https://.example/",
            "javascript:alert(1)",
            &format!("https://partner.example/{}", "a".repeat(300)),
        ] {
            assert_eq!(ReturnUrl::parse(url), Err(SettingError::ReturnUrl), "{url}");
        }
    }

    #[test]
    fn what_lies_below_a_page_is_covered_and_nothing_beside_it() {
        let covers = |page: &str, other: &str| {
            ReturnUrl::parse(page)
                .unwrap()
                .covers(&ReturnUrl::parse(other).unwrap())
        };
        for (page, other) in [
            ("https://partner.example", "https://PARTNER.example"),
            ("https://partner.example", "https://partner.example/a?b=1"),
            ("https://partner.example/", "https://partner.example/a"),
            ("https://partner.example/shops", "https://partner.example/shops/1"),
            ("https://partner.example/shops", "https://partner.example/shops?id=1"),
            ("https://partner.example/?a=1", "https://partner.example/?a=1"),
        ] {
            assert!(covers(page, other), "{page} {other}");
        }
        for (page, other) in [
            ("https://partner.example", "https://partner.example.evil.example/"),
            ("https://partner.example", "https://partner.example:8443/"),
            ("https://partner.example/shops", "https://partner.example/shopsx"),
            ("https://partner.example/shops/", "https://partner.example/shops"),
            ("https://partner.example/?a=1", "https://partner.example/?a=1&b=2"),
            ("https://partner.example/a", "https://elsewhere.example/a"),
        ] {
            assert!(!covers(page, other), "{page} {other}");
        }
    }
}
