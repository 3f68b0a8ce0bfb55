//! What is sent. Each call has its own spelling of the same two codes.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::values::{MAPPING_CODE_MAX_CHARACTERS, MerchantCodes, MerchantCodesError};

/// What `/auth/mapping` is told about a merchant whose registration URL is wanted.
///
/// Upstream accepts codes of at most 30 characters in this call and up to 60 in the others (official page of the call;
/// release notes of v2.0.1).
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingRequest<'a> {
    /// The partner's code of the user.
    pub member_id: &'a str,
    /// The partner's code of the place.
    pub merchant_id: &'a str,
    /// The business registration number, ten digits, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_number: Option<&'a str>,
    /// Where upstream reports every change of the link.
    pub callback_url: &'a str,
    /// Where the person is led after the registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<&'a str>,
}

impl<'a> MappingRequest<'a> {
    /// The request for two codes, if this call takes codes of their length; nothing optional is said.
    pub fn for_codes(codes: &'a MerchantCodes, callback_url: &'a str) -> Result<Self, MerchantCodesError> {
        if !codes.fit_mapping() {
            return Err(MerchantCodesError::TooLong {
                max: MAPPING_CODE_MAX_CHARACTERS,
            });
        }
        Ok(Self {
            member_id: codes.member(),
            merchant_id: codes.merchant(),
            business_number: None,
            callback_url,
            redirect_url: None,
        })
    }
}

impl fmt::Debug for MappingRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The callback URL is a secret, and the business number is personal.
        formatter
            .debug_struct("MappingRequest")
            .field("member_id", &self.member_id)
            .field("merchant_id", &self.merchant_id)
            .finish_non_exhaustive()
    }
}

/// Every call carries the key in its body; upstream knows no other credential.
#[derive(Serialize)]
pub(crate) struct Keyed<'a, T: Serialize> {
    #[serde(rename = "apiKey")]
    pub(crate) api_key: &'a str,
    #[serde(flatten)]
    pub(crate) rest: T,
}

/// The pair of codes as every call but `/auth/mapping` spells it.
#[derive(Serialize)]
pub(crate) struct Pair<'a> {
    pub(crate) member: &'a str,
    pub(crate) merchant: &'a str,
}

/// The pair of codes, each with the name of its field: for the one call whose spelling no public page shows.
pub(crate) struct NamedPair<'a> {
    pub(crate) member: (&'a str, &'a str),
    pub(crate) merchant: (&'a str, &'a str),
}

impl Serialize for NamedPair<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(self.member.0, self.member.1)?;
        map.serialize_entry(self.merchant.0, self.merchant.1)?;
        map.end()
    }
}

/// A call about a bill: the pair, and beside it an object (acceptance v2: sure).
#[derive(Serialize)]
pub(crate) struct AboutBill<'a, T: Serialize> {
    member: &'a str,
    merchant: &'a str,
    bill: T,
}

impl<'a, T: Serialize> AboutBill<'a, T> {
    pub(crate) fn new(codes: &'a MerchantCodes, bill: T) -> Self {
        Self {
            member: codes.member(),
            merchant: codes.merchant(),
            bill,
        }
    }
}

/// A call about a cash receipt: the same with another object (cash-receipt v2: sure).
#[derive(Serialize)]
pub(crate) struct AboutCashReceipt<'a, T: Serialize> {
    member: &'a str,
    merchant: &'a str,
    #[serde(rename = "cashReceipt")]
    cash_receipt: T,
}

impl<'a, T: Serialize> AboutCashReceipt<'a, T> {
    pub(crate) fn new(codes: &'a MerchantCodes, cash_receipt: T) -> Self {
        Self {
            member: codes.member(),
            merchant: codes.merchant(),
            cash_receipt,
        }
    }
}

/// A call whose fields no page shows: whatever was configured for it.
#[derive(Serialize)]
pub(crate) struct Assumed<'a> {
    #[serde(flatten)]
    pub(crate) pair: Option<Pair<'a>>,
    #[serde(flatten)]
    pub(crate) fields: Map<String, Value>,
}

/// The calls that are about the whole partner say nothing beside the key.
#[derive(Serialize)]
pub(crate) struct Nothing {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_call_spells_the_codes_its_own_way() {
        let mapping = MappingRequest {
            member_id: "m",
            merchant_id: "s",
            business_number: None,
            callback_url: "https://cb.example/x",
            redirect_url: None,
        };
        let body = serde_json::to_value(Keyed {
            api_key: "k",
            rest: mapping,
        })
        .unwrap();
        assert_eq!(
            body,
            json!({"apiKey": "k", "memberId": "m", "merchantId": "s", "callbackUrl": "https://cb.example/x"})
        );
        let body = serde_json::to_value(Keyed {
            api_key: "k",
            rest: Pair {
                member: "m",
                merchant: "s",
            },
        })
        .unwrap();
        assert_eq!(body, json!({"apiKey": "k", "member": "m", "merchant": "s"}));
        let named = NamedPair {
            member: ("memberId", "m"),
            merchant: ("merchantId", "s"),
        };
        let body = serde_json::to_value(Keyed {
            api_key: "k",
            rest: named,
        })
        .unwrap();
        assert_eq!(body, json!({"apiKey": "k", "memberId": "m", "merchantId": "s"}));
        let body = serde_json::to_value(Keyed {
            api_key: "k",
            rest: Nothing {},
        })
        .unwrap();
        assert_eq!(body, json!({"apiKey": "k"}));
    }

    #[test]
    fn a_mapping_request_is_made_only_of_short_codes() {
        let codes = |length: usize| MerchantCodes::parse(&"m".repeat(length), "s").unwrap();
        let fits = codes(30);
        let request = MappingRequest::for_codes(&fits, "https://cb.example/x").unwrap();
        assert_eq!((request.member_id.len(), request.merchant_id), (30, "s"));
        let refused = MappingRequest::for_codes(&codes(31), "https://cb.example/x").err();
        assert_eq!(refused, Some(MerchantCodesError::TooLong { max: 30 }));
    }

    #[test]
    fn debug_hides_the_callback_url_and_the_business_number() {
        let request = MappingRequest {
            member_id: "m",
            merchant_id: "s",
            business_number: Some("1178178260"),
            callback_url: "https://cb.example/secret-token",
            redirect_url: None,
        };
        let debug = format!("{request:?}");
        assert!(
            !debug.contains("1178178260") && !debug.contains("secret-token"),
            "{debug}"
        );
    }
}
