//! The payment-approval callback (official callback page, `PartnerCallbackClient_SyncApprovalRequest`), also in the
//! snake case of API V1.

use super::{CallbackFault, MaskedNumber};
use crate::api_key::ApiKey;
use crate::json::{self, Object};
use crate::wire::Wire;

/// A claim about a payment. Every field may be missing; amounts, dates and codes are kept as they came.
///
/// What must not be kept is gone already: card and account numbers are masked, and of the signature picture and the
/// partner's own data (`udItem`) only their presence is known.
#[derive(Debug, Clone)]
pub struct ApprovalCallback {
    /// The partner's key, which upstream repeats here. Compare it and drop it.
    pub api_key: Option<ApiKey>,
    /// The partner's id of the bill.
    pub bill_id: Option<String>,
    /// What happened to the payment.
    pub state: Option<ApprovalState>,
    /// The amount in won, a text of digits.
    pub price: Option<String>,
    /// The number of this approval or cancellation.
    pub approval_number: Option<String>,
    /// The number of the approval that this one belongs to.
    pub origin_approval_number: Option<String>,
    /// When it was approved: `yyyyMMddHHmmss` in Seoul, without a zone.
    pub approved_at: Option<String>,
    /// When the original was approved, in the same form.
    pub origin_approved_at: Option<String>,
    /// The means of payment, such as `CARD_VAN`.
    pub pay_type: Option<String>,
    /// The name of the card or the bank.
    pub issuer: Option<String>,
    /// The card or account number, masked.
    pub issuer_number: Option<MaskedNumber>,
    /// The months of the instalments; `0` is a single payment.
    pub instalment_months: Option<String>,
    /// The card network's answer code.
    pub response_code: Option<String>,
    /// Whether a picture of the customer's signature was sent. It proves nothing about the message.
    pub has_signature_picture: bool,
    /// Whether the partner's own data was sent.
    pub has_user_data: bool,
}

/// What happened to a payment (official callback page: only `F` is announced; integrators also saw `C`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalState {
    /// `F`: approved.
    Approved,
    /// `W`: waiting.
    Waiting,
    /// `C`: cancelled.
    Cancelled,
    /// `D`: destroyed.
    Destroyed,
    /// Any other text, as it came.
    Other(String),
}

impl ApprovalState {
    /// Reads the raw state.
    pub fn parse(raw: &str) -> Self {
        match raw {
            "F" => Self::Approved,
            "W" => Self::Waiting,
            "C" => Self::Cancelled,
            "D" => Self::Destroyed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The state as upstream spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Approved => "F",
            Self::Waiting => "W",
            Self::Cancelled => "C",
            Self::Destroyed => "D",
            Self::Other(raw) => raw,
        }
    }
}

/// What is taken out of an approval before anything else is read of it.
#[derive(Default)]
pub(super) struct Secrets {
    api_key: Option<ApiKey>,
    has_signature_picture: bool,
    has_user_data: bool,
}

impl Secrets {
    /// Looks at a payload as it came.
    pub(super) fn of(payload: &Wire) -> Result<Self, CallbackFault> {
        Ok(Self {
            api_key: api_key(payload)?,
            has_signature_picture: first(payload, ["apprSign", "appr_sign"]).is_some(),
            has_user_data: first(payload, ["udItem", "ud_item"]).is_some(),
        })
    }
}

/// Reads an approval from which the secrets were taken.
pub(super) fn read(payload: &Object, secrets: Secrets) -> Result<ApprovalCallback, CallbackFault> {
    let Secrets {
        api_key,
        has_signature_picture,
        has_user_data,
    } = secrets;
    Ok(ApprovalCallback {
        api_key,
        bill_id: text(payload, ["billId", "bill_id"])?,
        state: text(payload, ["apprState", "appr_state"])?
            .as_deref()
            .map(ApprovalState::parse),
        price: text(payload, ["apprPrice", "appr_price"])?,
        approval_number: text(payload, ["apprNum", "appr_num"])?,
        origin_approval_number: text(payload, ["apprOriginNum", "appr_origin_num"])?,
        approved_at: text(payload, ["apprDt", "appr_dt"])?,
        origin_approved_at: text(payload, ["apprOriginDt", "appr_origin_dt"])?,
        pay_type: text(payload, ["apprPayType", "appr_pay_type"])?,
        issuer: text(payload, ["apprIssuer", "appr_issuer"])?,
        issuer_number: text(payload, ["apprIssuerNum", "appr_issuer_num"])?
            .as_deref()
            .map(MaskedNumber::mask),
        instalment_months: text(payload, ["apprMonthly", "appr_monthly"])?,
        response_code: text(payload, ["apprResCd", "appr_res_cd"])?,
        has_signature_picture,
        has_user_data,
    })
}

fn text(payload: &Object, names: [&'static str; 2]) -> Result<Option<String>, CallbackFault> {
    json::text(payload, &names).map_err(|json::WrongType| CallbackFault::WrongType { field: names[0] })
}

fn first<'a>(payload: &'a Wire, names: [&str; 2]) -> Option<&'a Wire> {
    let there = names.into_iter().filter_map(|name| payload.get(name));
    there.into_iter().find(|value| **value != Wire::Null)
}

/// A text that cannot be a key is a fault, not an absent key: it must not pass for "no key was sent".
fn api_key(payload: &Wire) -> Result<Option<ApiKey>, CallbackFault> {
    const FAULT: CallbackFault = CallbackFault::WrongType { field: "apiKey" };
    let Some(value) = first(payload, ["apiKey", "apikey"]) else {
        return Ok(None);
    };
    let text = json::scalar(&value.clone().into()).ok_or(FAULT)?;
    if text.is_empty() {
        return Ok(None);
    }
    ApiKey::parse(&text).map(Some).map_err(|_| FAULT)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(value: Value) -> Result<ApprovalCallback, CallbackFault> {
        let secrets = Secrets::of(&crate::wire::parse(&value.to_string()).unwrap().wire)?;
        let Value::Object(object) = value else {
            panic!("the test gives objects")
        };
        read(&object, secrets)
    }

    fn check(callback: &ApprovalCallback) {
        assert_eq!(callback.api_key.as_ref().map(ApiKey::expose), Some("the-key"));
        assert_eq!(callback.bill_id.as_deref(), Some("B1"));
        assert_eq!(callback.state, Some(ApprovalState::Approved));
        assert_eq!(callback.price.as_deref(), Some("1000"));
        assert_eq!(callback.approval_number.as_deref(), Some("77"));
        assert_eq!(callback.origin_approval_number.as_deref(), Some("76"));
        assert_eq!(callback.approved_at.as_deref(), Some("20260801120000"));
        assert_eq!(callback.origin_approved_at.as_deref(), Some("20260801115900"));
        assert_eq!(callback.pay_type.as_deref(), Some("CARD_VAN"));
        assert_eq!(callback.issuer.as_deref(), Some("현대카드"));
        assert_eq!(
            callback.issuer_number.as_ref().map(MaskedNumber::as_str),
            Some("123456******3456")
        );
        assert_eq!(callback.instalment_months.as_deref(), Some("0"));
        assert_eq!(callback.response_code.as_deref(), Some("0000"));
        assert!(callback.has_signature_picture);
        assert!(callback.has_user_data);
    }

    #[test]
    fn both_spellings_say_the_same() {
        let camel = json!({
            "apiKey": "the-key", "billId": "B1", "apprState": "F", "apprPrice": "1000", "apprNum": "77",
            "apprOriginNum": "76", "apprDt": "20260801120000", "apprOriginDt": "20260801115900",
            "apprPayType": "CARD_VAN", "apprIssuer": "현대카드", "apprIssuerNum": "1234567890123456",
            "apprMonthly": "0", "apprResCd": "0000", "apprSign": "SGVsbG8=", "udItem": {"a": 1}
        });
        let snake = json!({
            "apikey": "the-key", "bill_id": "B1", "appr_state": "F", "appr_price": 1000, "appr_num": "77",
            "appr_origin_num": "76", "appr_dt": 20_260_801_120_000_u64, "appr_origin_dt": "20260801115900",
            "appr_pay_type": "CARD_VAN", "appr_issuer": "현대카드", "appr_issuer_num": "1234-5678-9012-3456",
            "appr_monthly": "0", "appr_res_cd": "0000", "appr_sign": "SGVsbG8=", "ud_item": []
        });
        check(&parse(camel).unwrap());
        check(&parse(snake).unwrap());
    }

    #[test]
    fn every_field_may_be_missing() {
        let callback = parse(json!({"billId": null, "apprSign": null, "udItem": null, "apiKey": ""})).unwrap();
        assert!(callback.api_key.is_none());
        assert!(callback.bill_id.is_none() && callback.state.is_none() && callback.issuer_number.is_none());
        assert!(!callback.has_signature_picture && !callback.has_user_data);
    }

    #[test]
    fn every_state_reads_back() {
        for raw in ["F", "W", "C", "D", "X", "f", ""] {
            assert_eq!(ApprovalState::parse(raw).as_str(), raw);
        }
        assert_eq!(ApprovalState::parse("C"), ApprovalState::Cancelled);
        assert_eq!(ApprovalState::parse("f"), ApprovalState::Other("f".to_owned()));
    }

    #[test]
    fn a_field_of_another_kind_is_named() {
        for (payload, field) in [
            (json!({"bill_id": {}}), "billId"),
            (json!({"apprState": ["F"]}), "apprState"),
            (json!({"billId": "b", "apiKey": {}}), "apiKey"),
            (json!({"billId": "b", "apiKey": "k".repeat(33)}), "apiKey"),
        ] {
            assert_eq!(parse(payload).unwrap_err(), CallbackFault::WrongType { field });
        }
    }

    #[test]
    fn debug_shows_neither_key_nor_number_nor_signature() {
        let callback = parse(json!({
            "billId": "b", "apiKey": "the-key", "apprIssuerNum": "1234567890123456", "apprSign": "c2lnbmF0dXJl",
            "udItem": {"patient": "kim"}
        }));
        let debug = format!("{:?}", callback.unwrap());
        for secret in ["the-key", "1234567890123456", "c2lnbmF0dXJl", "kim"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }
}
