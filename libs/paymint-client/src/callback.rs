//! What upstream sends by itself, to the callback URL it was given.
//!
//! Two payloads arrive at the same kind of URL and name no type, so they are told apart by their fields. A payload has
//! no signature, no id and no time: whatever is read here is a claim.

mod approval;
mod deletion_mark;
mod mapping;
mod masked_number;

use serde_json::Value;

pub use approval::{ApprovalCallback, ApprovalState};
pub use deletion_mark::DeletionMark;
pub use mapping::{MappingCallback, MerchantReport};
pub use masked_number::MaskedNumber;

use crate::json::Object;

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
    /// The bytes are no JSON, are nested too deeply, or hold text that is no Unicode.
    #[error("the body is not JSON")]
    NotJson,
    /// The JSON is a list or a single value.
    #[error("the body is JSON but not an object")]
    NotAnObject,
    /// The object has none of the fields that tell the payloads apart.
    #[error("the object is neither a mapping result nor a payment approval")]
    UnknownShape,
    /// A field has a type from which its meaning cannot be read.
    #[error("the field {field} has another type than documented")]
    WrongType {
        /// The field's path, as the official page spells it.
        field: &'static str,
    },
}

/// Reads a callback. The caller bounds the length.
pub fn parse(bytes: &[u8]) -> Result<CallbackPayload, CallbackFault> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| CallbackFault::NotJson)?;
    read(&value)
}

/// Reads a callback whose bytes are JSON.
pub fn read(value: &Value) -> Result<CallbackPayload, CallbackFault> {
    let Value::Object(object) = value else {
        return Err(CallbackFault::NotAnObject);
    };
    if has_any(object, &["billId", "bill_id", "apprState", "appr_state"]) {
        return approval::read(object).map(CallbackPayload::Approval);
    }
    if has_any(object, &["memberId", "merchantId", "member", "merchant"]) {
        return mapping::read(object).map(CallbackPayload::Mapping);
    }
    Err(CallbackFault::UnknownShape)
}

fn has_any(object: &Object, names: &[&str]) -> bool {
    names.iter().any(|name| object.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(bytes: &[u8]) -> CallbackFault {
        parse(bytes).unwrap_err()
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
            b"{\"memberId\":\"\xff\xfe\"}",
            br#"{"memberId":"\ud800"}"#,
            br#"{"memberId":"\udc00\ud800"}"#,
            b"{\"memberId\":1e999}",
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
