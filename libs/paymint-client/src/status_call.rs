//! Where the mapping-status call goes, and under which names it takes the two codes. No public page shows it beyond doubt,
//! so both can be set by whoever uses it; and because the partner's key goes along, neither is believed.

use url::Url;

use crate::address::address;
use crate::client_error::ClientError;

/// The usual path below the base.
const PATH: &str = "auth/mapping-status";

/// The usual fields for the code of the user and the code of the place.
const FIELDS: (&str, &str) = ("member", "merchant");

/// The field in which every call carries the key, as it is compared: in small letters, without underscores.
const KEY_FIELD: &str = "apikey";

/// Why the call cannot be made so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusCallError {
    /// The path is not plain, or what it leads to is not below the base URL.
    #[error("the path of mapping-status does not stay below the base URL")]
    Path,
    /// A field has no plain name, or the name under which the key goes.
    #[error("a field of mapping-status has no plain name of its own")]
    FieldName,
    /// One code would replace the other.
    #[error("both codes of mapping-status go under one name")]
    SameName,
}

/// The mapping-status call of one base URL. That there is one proves that the key stays below that URL, and in its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCall {
    address: Url,
    member_field: String,
    merchant_field: String,
}

impl StatusCall {
    /// The call as it is usually made.
    pub(crate) fn usual(base: &Url) -> Result<Self, ClientError> {
        Ok(Self {
            address: address(base, PATH)?,
            member_field: FIELDS.0.to_owned(),
            merchant_field: FIELDS.1.to_owned(),
        })
    }

    /// The call at another path, or under other names; what is not said is as usual.
    pub fn below(
        base: &Url,
        path: Option<&str>,
        member_field: Option<&str>,
        merchant_field: Option<&str>,
    ) -> Result<Self, StatusCallError> {
        let path = path.unwrap_or(PATH);
        if !is_plain_path(path) {
            return Err(StatusCallError::Path);
        }
        let member_field = member_field.unwrap_or(FIELDS.0);
        let merchant_field = merchant_field.unwrap_or(FIELDS.1);
        if !is_plain_name(member_field) || !is_plain_name(merchant_field) {
            return Err(StatusCallError::FieldName);
        }
        if member_field.eq_ignore_ascii_case(merchant_field) {
            return Err(StatusCallError::SameName);
        }
        Ok(Self {
            address: address(base, path).map_err(|_| StatusCallError::Path)?,
            member_field: member_field.to_owned(),
            merchant_field: merchant_field.to_owned(),
        })
    }

    pub(crate) fn address(&self) -> &Url {
        &self.address
    }

    pub(crate) fn member_field(&self) -> &str {
        &self.member_field
    }

    pub(crate) fn merchant_field(&self) -> &str {
        &self.merchant_field
    }
}

/// Whether every reader of a URL takes it for the same path, whatever it decodes and whichever segments it folds.
pub(crate) fn is_plain_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    !path.is_empty() && path.bytes().all(is_plain) && !path.contains("..") && !path.contains("//")
}

pub(crate) fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let compared = name.replace('_', "").to_ascii_lowercase();
    !compared.is_empty() && name.bytes().all(is_plain) && compared != KEY_FIELD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://up.example/partner").unwrap()
    }

    fn at(path: &str) -> Result<StatusCall, StatusCallError> {
        StatusCall::below(&base(), Some(path), None, None)
    }

    fn named(member: &str, merchant: &str) -> Result<StatusCall, StatusCallError> {
        StatusCall::below(&base(), None, Some(member), Some(merchant))
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        assert_eq!(
            StatusCall::below(&base(), None, None, None).unwrap(),
            StatusCall::usual(&base()).unwrap()
        );
        assert_eq!(
            at("/auth/other").unwrap().address().as_str(),
            "https://up.example/partner/auth/other"
        );
        assert_eq!(named("memberId", "merchantId").unwrap().member_field(), "memberId");
    }

    #[test]
    fn no_path_leads_out_of_the_base() {
        for path in [
            "",
            "%2e%2e/x",
            "%2E%2e/%2e%2E/x",
            ".%2e/x",
            "../x",
            "a/..",
            "a/./b",
            ".",
            "..;/x",
            "a//b",
            "//elsewhere.example/x",
            "https://elsewhere.example",
            "\\..\\x",
            "@elsewhere.example",
            "a?b",
            "a#b",
            "a%00",
            "a\n",
            "a b",
            "가",
        ] {
            assert_eq!(at(path), Err(StatusCallError::Path), "{path}");
        }
    }

    #[test]
    fn no_name_is_that_of_the_key_or_of_the_other_code() {
        for name in [
            "apiKey", "apikey", "APIKEY", "api_key", "_apiKey_", "", "_", "a b", "a\"", "a.b",
        ] {
            assert_eq!(named(name, "merchant"), Err(StatusCallError::FieldName), "{name}");
            assert_eq!(named("member", name), Err(StatusCallError::FieldName), "{name}");
        }
        assert_eq!(named("code", "Code"), Err(StatusCallError::SameName));
        let as_usual = StatusCall::below(&base(), None, Some("merchant"), None);
        assert_eq!(as_usual, Err(StatusCallError::SameName));
    }
}
