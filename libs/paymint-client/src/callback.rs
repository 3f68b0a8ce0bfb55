//! What upstream sends by itself, to the callback URL it was given.
//!
//! Two payloads arrive at the same kind of URL and name no type, so they are told apart by their fields. A payload has
//! no signature, no id and no time: whatever is read here is a claim.

mod approval;
mod deletion_mark;
mod document;
mod mapping;
mod picture;

use std::borrow::Cow;

use serde_json::Value;

pub use approval::{ApprovalCallback, ApprovalState};
pub use deletion_mark::DeletionMark;
pub use mapping::{MappingCallback, MerchantReport};
pub use picture::WithoutPicture;

use self::approval::Secrets;
use self::document::{Document, wrapped_in};
use crate::api_key::ApiKey;
pub use crate::masked_number::MaskedNumber;
use crate::scrub::Scrubber;
use crate::text::{self, Decoded};
use crate::wire::Wire;

/// The body of the answer that tells upstream not to send this callback again (official payment page; the schema
/// requires only the code).
pub const REPLY_OK: &str = r#"{"code":"0000","msg":"성공하였습니다."}"#;

/// A callback that could be read.
#[derive(Debug, Clone)]
pub enum CallbackPayload {
    /// The link of a sub-merchant changed.
    Mapping(MappingCallback),
    /// A payment was approved, or changed otherwise.
    Approval(ApprovalCallback),
}

/// Why a callback could not be read. It never repeats the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackFault {
    /// The bytes are no JSON in any wrapping, or are nested too deeply.
    #[error("the body is not JSON")]
    NotJson,
    /// The JSON is a list or a single value.
    #[error("the body is JSON but not an object")]
    NotAnObject,
    /// The object has none of the fields that tell the payloads apart.
    #[error("the object is neither a mapping result nor a payment approval")]
    UnknownShape,
    /// A part of the review letter cannot be read, so that it could be any.
    #[error("the field {field} cannot be read")]
    Illegible {
        /// The field's path, as the official page spells it.
        field: &'static str,
    },
    /// A field has a type from which its meaning cannot be read.
    #[error("the field {field} has another type than documented")]
    WrongType {
        /// The field's path, as the official page spells it.
        field: &'static str,
    },
}

/// A callback, read as far as it can be.
#[derive(Debug)]
pub struct Reading {
    /// What it says, without secrets.
    pub payload: Result<CallbackPayload, CallbackFault>,
    /// What may be stored of it, in UTF-8; none if that is the very bytes that came. Reading it again gives the same.
    pub storable: Option<Vec<u8>>,
    /// Some of it could not be read: U+FFFD stands in its place.
    pub decoded_with_loss: bool,
}

/// Reads a callback in any encoding and wrapping that was ever seen, and takes out what must not be stored. `known` is
/// the partner's own key, which is found wherever it stands. The caller bounds the length; it takes time in proportion.
pub fn read(bytes: &[u8], known: Option<&ApiKey>) -> Reading {
    read_in(bytes, Scrubber::knowing(known), ROUNDS_MAX)
}

/// How often a text that was unwrapped to take something out of it is looked at anew: it may have a structure then.
const ROUNDS_MAX: u8 = 8;

fn read_in(bytes: &[u8], scrubber: Scrubber<'_>, rounds: u8) -> Reading {
    let decoded = readable(bytes, scrubber);
    match Document::read(&decoded.text) {
        Some(document) => structured(document, scrubber, decoded.with_loss),
        None => unstructured(&decoded, scrubber, rounds),
    }
}

/// What bytes say. Of two readings the one that shows more secrets counts.
fn readable<'a>(bytes: &'a [u8], scrubber: Scrubber<'_>) -> Decoded<'a> {
    let decoded = text::decode(bytes);
    let Some(other) = text::decode_otherwise(bytes) else {
        return decoded;
    };
    if scrubber.secrets_in(&other.text) > scrubber.secrets_in(&decoded.text) {
        other
    } else {
        decoded
    }
}

/// Bytes without structure that are no text either could hide anything: what can be read of them is kept.
fn unstructured(decoded: &Decoded<'_>, scrubber: Scrubber<'_>, rounds: u8) -> Reading {
    let clean = scrubber.text(&decoded.text);
    let is_other = decoded.with_loss || matches!(clean, Cow::Owned(_));
    let storable = is_other.then(|| clean.into_owned().into_bytes());
    match storable {
        Some(storable) if rounds > 0 => {
            let Reading {
                payload,
                storable: other,
                decoded_with_loss,
            } = read_in(&storable, scrubber, rounds - 1);
            Reading {
                payload,
                storable: Some(other.unwrap_or(storable)),
                decoded_with_loss: decoded_with_loss || decoded.with_loss,
            }
        }
        storable => Reading {
            payload: Err(CallbackFault::NotJson),
            storable,
            decoded_with_loss: decoded.with_loss,
        },
    }
}

fn structured(document: Document, scrubber: Scrubber<'_>, decoded_with_loss: bool) -> Reading {
    let clean = scrubber.tree(&document.root);
    let storable = clean.as_ref().map(|root| root.to_text().into_bytes());
    let wrapped = wrapped_in(&document.root);
    let claim_with_loss = wrapped.as_ref().is_some_and(|(_, with_loss)| *with_loss);
    let secrets = Secrets::of(wrapped.as_ref().map_or(&document.root, |(claim, _)| claim));
    let claim = match clean {
        Some(root) => wrapped_in(&root).map_or(root, |(claim, _)| claim),
        None => wrapped.map_or(document.root, |(claim, _)| claim),
    };
    Reading {
        payload: payload(claim, secrets),
        storable,
        decoded_with_loss: decoded_with_loss || document.with_loss || claim_with_loss,
    }
}

fn payload(claim: Wire, secrets: Result<Secrets, CallbackFault>) -> Result<CallbackPayload, CallbackFault> {
    let Value::Object(object) = Value::from(claim) else {
        return Err(CallbackFault::NotAnObject);
    };
    match Shape::of(|name| object.contains_key(name)) {
        Some(Shape::Approval) => approval::read(&object, secrets?).map(CallbackPayload::Approval),
        Some(Shape::Mapping) => mapping::read(&object).map(CallbackPayload::Mapping),
        None => Err(CallbackFault::UnknownShape),
    }
}

/// By which fields the payloads are told apart.
#[derive(Clone, Copy)]
enum Shape {
    Approval,
    Mapping,
}

impl Shape {
    fn of(has: impl Fn(&str) -> bool) -> Option<Self> {
        if ["billId", "bill_id", "apprState", "appr_state"].into_iter().any(&has) {
            return Some(Self::Approval);
        }
        let is_mapping = ["memberId", "merchantId", "member", "merchant"].into_iter().any(&has);
        is_mapping.then_some(Self::Mapping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<CallbackPayload, CallbackFault> {
        read(bytes, None).payload
    }

    fn fault(bytes: &[u8]) -> CallbackFault {
        parse(bytes).unwrap_err()
    }

    #[test]
    fn a_mark_that_lies_hides_no_secret() {
        for body in [
            b"\xfe\xff{\"apiKey\":\"FOREIGNsecretKEY999\",\"x\":\"y\" }".as_slice(),
            b"\xff\xfe{\"apiKey\":\"FOREIGNsecretKEY999\",\"x\":\"y\" }",
            b"a\0b\0apiKey\":\"FOREIGNsecretKEY999\",\"x\":\"y\"} ",
            b"\0{\0\"apiKey\":\"FOREIGNsecretKEY999\" } ",
        ] {
            let kept = read(body, None).storable.unwrap_or_else(|| body.to_vec());
            let text = String::from_utf8_lossy(&kept).replace('\0', "");
            assert!(!text.contains("FOREIGN"), "{text}");
        }
    }

    #[test]
    fn the_two_payloads_are_told_apart_by_their_fields() {
        for body in [
            r#"{"memberId":"m"}"#,
            r#"{"merchantId":null}"#,
            r#"{"member":{}}"#,
            r#"{"merchant":{"x":1}}"#,
        ] {
            assert!(
                matches!(parse(body.as_bytes()), Ok(CallbackPayload::Mapping(_))),
                "{body}"
            );
        }
        for body in [
            r#"{"billId":"b"}"#,
            r#"{"bill_id":"b"}"#,
            r#"{"apprState":"F"}"#,
            r#"{"appr_state":"F"}"#,
            r#"{"billId":"b","memberId":"m","merchantId":"s"}"#,
        ] {
            assert!(
                matches!(parse(body.as_bytes()), Ok(CallbackPayload::Approval(_))),
                "{body}"
            );
        }
        for body in ["{}", r#"{"status":"COMPLETED"}"#, r#"{"MemberId":"m"}"#] {
            assert_eq!(fault(body.as_bytes()), CallbackFault::UnknownShape, "{body}");
        }
    }

    #[test]
    fn hostile_bytes_are_a_fault_and_no_panic() {
        let deep = format!(r#"{{"memberId":{}"#, "[".repeat(60_000));
        for bytes in [
            b"".as_slice(),
            b"\0",
            b"not json",
            b"{\"memberId\":\"m\"",
            b"memberId",
            b"a=b&c=d",
            deep.as_bytes(),
        ] {
            assert_eq!(
                fault(bytes),
                CallbackFault::NotJson,
                "{:?}",
                &bytes[..bytes.len().min(40)]
            );
        }
        for bytes in [b"[]".as_slice(), b"null", b"\"memberId\"", b"0"] {
            assert_eq!(fault(bytes), CallbackFault::NotAnObject);
        }
    }

    #[test]
    fn the_reply_is_what_the_official_page_demands() {
        let reply: Value = serde_json::from_str(REPLY_OK).unwrap();
        assert_eq!(reply["code"], "0000");
        assert_eq!(reply["msg"], "성공하였습니다.");
    }
}
