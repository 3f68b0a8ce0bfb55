//! Conditional requests (RFC 9110, 13). The strong validator of a merchant is its version.

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use registry_domain::Version;

use crate::problem::{Code, Problem};

/// The `ETag` of a version.
pub fn etag(version: Version) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits in quotation marks are a header value")
}

/// Whether the client has this version already, by its `If-None-Match`.
pub fn is_known(headers: &HeaderMap, version: Version) -> bool {
    // A cache may have weakened the tag; for reading that makes no difference.
    tags(headers).any(|tag| tag == "*" || read_tag(tag.trim_start_matches("W/")) == Some(version))
}

/// Whether the client has already what has this tag, by its `If-None-Match`.
pub fn names(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    tags(headers).any(|known| known == "*" || known.trim_start_matches("W/").as_bytes() == tag.as_bytes())
}

fn tags(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(IF_NONE_MATCH).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

/// The version that a change is meant for, by its `If-Match`. `None` for `*`: any version.
pub fn expected(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let mut values = headers.get_all(IF_MATCH).into_iter();
    let value = values.next().ok_or(Code::IfMatchRequired)?;
    if values.next().is_some() {
        return Err(Code::IfMatchInvalid.into());
    }
    let text = value.to_str().map_err(|_| Problem::from(Code::IfMatchInvalid))?.trim();
    if text == "*" {
        return Ok(None);
    }
    read_tag(text).map(Some).ok_or_else(|| Code::IfMatchInvalid.into())
}

fn read_tag(text: &str) -> Option<Version> {
    let digits = text.strip_prefix('"')?.strip_suffix('"')?;
    let is_canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_canonical).map(Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: axum::http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_known_version_is_recognised() {
        for text in ["\"7\"", "*", "W/\"7\"", "\"6\", \"7\"", "\"x\",\"7\""] {
            assert!(is_known(&headers(IF_NONE_MATCH, text), Version(7)), "{text}");
        }
        for text in ["", "7", "\"8\"", "\"07\"", "\"+7\"", "\"77\""] {
            assert!(!is_known(&headers(IF_NONE_MATCH, text), Version(7)), "{text}");
        }
        assert!(!is_known(&HeaderMap::new(), Version(7)));
    }

    #[test]
    fn a_change_says_what_it_is_meant_for() {
        assert_eq!(expected(&headers(IF_MATCH, "\"7\"")).unwrap(), Some(Version(7)));
        assert_eq!(expected(&headers(IF_MATCH, "*")).unwrap(), None);
        assert_eq!(expected(&HeaderMap::new()).unwrap_err().code(), Code::IfMatchRequired);
        for text in ["", "7", "W/\"7\"", "\"6\", \"7\"", "\"\""] {
            assert_eq!(
                expected(&headers(IF_MATCH, text)).unwrap_err().code(),
                Code::IfMatchInvalid,
                "{text}"
            );
        }
    }
}
