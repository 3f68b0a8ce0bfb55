//! Conditional requests (RFC 9110, 13). The strong validator of a merchant is its version with the number of the form in
//! which this release shows it: `"7.1"`, and `"7.1m"` with its business number masked. Before there was such a number it was
//! the version alone. How a wait compares changes with the days and not with the version: where that was asked for, it stands in the
//! tag too, as `"7.1+9-93"`.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_documents::{REPRESENTATION, Sight, WaitDocument};
use registry_domain::Version;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::{Code, Problem};

/// What ends the tag of a form in which business numbers are masked.
const MASKED: &str = "m";

/// Stands before what is said of a wait.
const WAIT: char = '+';

/// How much of a digest tells one page from another, in bytes.
const TAG_LENGTH: usize = 16;

/// The `ETag` of a version as a reader sees it.
pub fn etag(version: Version, sight: Sight) -> HeaderValue {
    let masked = match sight {
        Sight::Whole => "",
        Sight::Masked => MASKED,
    };
    let tag = format!("\"{version}.{REPRESENTATION}{masked}\"");
    HeaderValue::try_from(tag).expect("letters and digits in quotation marks are a header value")
}

/// The `ETag` of a version together with what is said of its wait.
pub fn etag_with(version: Version, sight: Sight, wait: Option<&WaitDocument>) -> HeaderValue {
    let plain = etag(version, sight);
    let plain = plain.to_str().unwrap_or_default().trim_end_matches('"');
    let said = wait.map_or_else(String::new, |wait| {
        let percent = wait
            .longer_than_percent
            .map_or_else(String::new, |percent| percent.to_string());
        format!("{}-{percent}", wait.business_days)
    });
    HeaderValue::try_from(format!("{plain}{WAIT}{said}\"")).expect("letters, digits and signs are a header value")
}

/// Whether the client has this version already, in this form, by its `If-None-Match`.
pub fn is_known(headers: &HeaderMap, version: Version, sight: Sight) -> bool {
    names(headers, &etag(version, sight))
}

/// Whether the client has already what has this tag, by its `If-None-Match`.
pub fn names(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    // A cache may have weakened the tag; for reading that makes no difference.
    tags(headers).any(|known| known == "*" || known.trim_start_matches("W/").as_bytes() == tag.as_bytes())
}

/// A document whose tag is made of what stands in it, or the word that the client has it.
pub fn unless_known<Document: Serialize>(headers: &HeaderMap, document: &Document) -> Response {
    let json = match serde_json::to_vec(document) {
        Ok(json) => json,
        Err(error) => return Problem::internal("write out a page", &error).into_response(),
    };
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&json)[..TAG_LENGTH]));
    let tag = HeaderValue::try_from(tag).expect("hexadecimal digits in quotation marks are a header value");
    let caching = (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if names(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag), caching]).into_response();
    }
    let json_type = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ([(ETAG, tag), caching, json_type], json).into_response()
}

fn tags(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(IF_NONE_MATCH).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

/// No merchant has it, nor anything else that is changed: what is meant for it meets nothing.
const NO_VERSION: Version = Version(0);

/// The version that a change is meant for, by its `If-Match`. `None` for `*`: any version. In which form it was seen makes no
/// difference: what is to be changed is the same.
///
/// Of several tags the newest one counts: whoever has seen it knows that the others are gone. A weak tag, and one that was
/// never given, meets no version (RFC 9110, 13.1.1).
pub fn expected(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let mut values = headers.get_all(IF_MATCH).into_iter().peekable();
    values.peek().ok_or(Code::IfMatchRequired)?;
    let texts = values.map(|value| value.to_str().map_err(|_| Code::IfMatchInvalid));
    let text = texts.collect::<Result<Vec<_>, _>>()?.join(",");
    if text.trim() == "*" {
        return Ok(None);
    }
    let tags = entity_tags(&text).ok_or(Code::IfMatchInvalid)?;
    let strong = tags.into_iter().filter(|tag| !tag.is_weak);
    let versions = strong.filter_map(|tag| read_tag(tag.text));
    Ok(Some(versions.max().unwrap_or(NO_VERSION)))
}

/// One of a list of tags: what stands between its quotation marks.
struct EntityTag<'a> {
    is_weak: bool,
    text: &'a str,
}

/// At least one tag, separated by commas, which may stand in a tag too. None if it is no such list.
fn entity_tags(text: &str) -> Option<Vec<EntityTag<'_>>> {
    let is_between = |letter: char| letter == ',' || letter == ' ' || letter == '\t';
    let (mut tags, mut rest) = (Vec::new(), text.trim_start_matches(is_between));
    while !rest.is_empty() {
        let weak = rest.strip_prefix("W/");
        let (tag, behind) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        tags.push(EntityTag {
            is_weak: weak.is_some(),
            text: tag,
        });
        let next = behind.trim_start_matches([' ', '\t']);
        if !next.is_empty() && !next.starts_with(',') {
            return None;
        }
        rest = next.trim_start_matches(is_between);
    }
    (!tags.is_empty()).then_some(tags)
}

fn read_tag(text: &str) -> Option<Version> {
    let (text, wait) = text.split_once(WAIT).unwrap_or((text, ""));
    let is_wait = wait.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let (version, form) = text.split_once('.').unwrap_or((text, "0"));
    number(form.strip_suffix(MASKED).unwrap_or(form))
        .and_then(|_form| number(version))
        .filter(|it| *it > 0 && is_wait)
        .map(Version)
}

/// A number as we write it.
fn number(digits: &str) -> Option<u64> {
    let number = digits.parse::<u64>().ok()?;
    (number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: axum::http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_known_version_is_recognised() {
        for text in ["\"7.1\"", "*", "W/\"7.1\"", "\"6.1\", \"7.1\"", "\"x\",\"7.1\""] {
            assert!(
                is_known(&headers(IF_NONE_MATCH, text), Version(7), Sight::Whole),
                "{text}"
            );
        }
        // The same version in another form is something else.
        for text in [
            "", "7.1", "\"8.1\"", "\"07.1\"", "\"77.1\"", "\"7\"", "\"7.0\"", "\"7.2\"", "\"7.1m\"",
        ] {
            assert!(
                !is_known(&headers(IF_NONE_MATCH, text), Version(7), Sight::Whole),
                "{text}"
            );
        }
        assert!(!is_known(&HeaderMap::new(), Version(7), Sight::Whole));
        let masked = headers(IF_NONE_MATCH, "\"7.1m\"");
        assert!(is_known(&masked, Version(7), Sight::Masked));
    }

    #[test]
    fn a_wait_makes_another_tag() {
        let wait = |business_days, longer_than_percent| WaitDocument {
            business_days,
            longer_than_percent,
        };
        let tag = |wait: Option<&WaitDocument>| etag_with(Version(7), Sight::Masked, wait);
        assert_eq!(tag(Some(&wait(9, Some(93)))), "\"7.1m+9-93\"");
        assert_eq!(tag(Some(&wait(0, None))), "\"7.1m+0-\"");
        assert_eq!(tag(None), "\"7.1m+\"");
    }

    #[test]
    fn a_change_says_what_it_is_meant_for() {
        // In whatever form it was seen, and before forms were counted.
        for text in [
            "\"7.1\"",
            "\"7\"",
            "\"7.2\"",
            "\"7.1m\"",
            "\"7.1+9-93\"",
            "\"7.1m+0-\"",
            "\"7.1+\"",
        ] {
            assert_eq!(expected(&headers(IF_MATCH, text)).unwrap(), Some(Version(7)), "{text}");
        }
        assert_eq!(expected(&headers(IF_MATCH, "*")).unwrap(), None);
        assert_eq!(expected(&HeaderMap::new()).unwrap_err().code(), Code::IfMatchRequired);
        // The newest of several, in one line or in more.
        for text in ["\"6.1\", \"7.1\"", ", \"7\" ,,\"x,y\",W/\"9.1\"", "\"7.1m\",\"7.1\""] {
            assert_eq!(expected(&headers(IF_MATCH, text)).unwrap(), Some(Version(7)), "{text}");
        }
        let mut lines = headers(IF_MATCH, "\"6.1\"");
        lines.append(IF_MATCH, HeaderValue::from_static("\"7.1\""));
        assert_eq!(expected(&lines).unwrap(), Some(Version(7)));
        // Tags, and none that was ever given.
        for text in [
            "W/\"7\"",
            "\"\"",
            "\"0\"",
            "\"07\"",
            "\"+7\"",
            "\"7.\"",
            "\"7.m\"",
            "\"7m\"",
            "\"7.1.1\"",
            "\"7.1+x\"",
            "\"+9-93\"",
            "\".1\"",
            "\"*\"",
        ] {
            assert_eq!(expected(&headers(IF_MATCH, text)).unwrap(), Some(NO_VERSION), "{text}");
        }
        for text in [
            "",
            "7",
            ",",
            "\"7\" \"8\"",
            "\"7",
            "w/\"7\"",
            "*, \"7\"",
            "*,*",
            "\"7\"x",
        ] {
            assert_eq!(
                expected(&headers(IF_MATCH, text)).unwrap_err().code(),
                Code::IfMatchInvalid,
                "{text}"
            );
        }
    }
}
