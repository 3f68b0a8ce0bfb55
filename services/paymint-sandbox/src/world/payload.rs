//! The bodies of callbacks (official callback pages), and what is sent in their place on purpose.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::bill::{Bill, BillState};
use super::mapping::Mapping;
use super::receipts::Receipt;
use crate::clock;

/// The mapping-result callback. The schema has no null and requires no field, so a field without a value is left out;
/// with `nulls` it is sent as null, of which the page's text speaks.
pub(crate) fn mapping_payload(mapping: &Mapping, nulls: bool) -> Map<String, Value> {
    let fields = |fields: &[(&str, Option<&str>)]| -> Map<String, Value> {
        let sent = fields.iter().filter(|(_, value)| nulls || value.is_some());
        sent.map(|(name, value)| ((*name).to_owned(), value.map_or(Value::Null, Value::from)))
            .collect()
    };
    let business = &mapping.business;
    let letter = mapping.letter.code().to_string();
    let mut payload = fields(&[
        ("memberId", Some(&mapping.member_code)),
        ("merchantId", Some(&mapping.merchant_code)),
    ]);
    let member = fields(&[("id", mapping.paymint_member_id.as_deref())]);
    let merchant = fields(&[
        ("companyName", business.company_name.as_deref()),
        ("branchName", business.branch_name.as_deref()),
        ("businessNumber", business.number.as_deref()),
        ("reviewStatus", Some(&letter)),
        ("reviewMessage", mapping.review_message.as_deref()),
        ("isDeleted", Some(if mapping.is_deleted { "Y" } else { "N" })),
    ]);
    payload.insert("member".to_owned(), member.into());
    payload.insert("merchant".to_owned(), merchant.into());
    payload
}

pub(super) fn mapping_body(mapping: &Mapping, nulls: bool) -> Bytes {
    Value::Object(mapping_payload(mapping, nulls)).to_string().into()
}

/// What a payment approval says. What is left out is made up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Approval {
    pub(crate) bill_id: Option<String>,
    pub(crate) number: Option<String>,
    /// `F`, `W`, `C` or `D`; `F` if it is left out.
    pub(crate) state: Option<char>,
    /// In won.
    pub(crate) price: Option<u32>,
    pub(crate) spelling: Spelling,
}

/// How the fields of an approval are written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spelling {
    /// In the snake case of API V1.
    pub(crate) is_old: bool,
    /// Without the partner's key, as some were seen.
    pub(crate) is_without_key: bool,
}

/// The name of the key, and every other field of an approval in both spellings.
const OLD_SPELLING: [(&str, &str); 17] = [
    ("apiKey", "apikey"),
    ("billId", "bill_id"),
    ("apprPayType", "appr_pay_type"),
    ("apprCardType", "appr_card_type"),
    ("apprDt", "appr_dt"),
    ("apprOriginDt", "appr_origin_dt"),
    ("apprPrice", "appr_price"),
    ("apprIssuer", "appr_issuer"),
    ("apprIssuerCd", "appr_issuer_cd"),
    ("apprIssuerNum", "appr_issuer_num"),
    ("apprAcquirerCd", "appr_acquirer_cd"),
    ("apprAcquirerNm", "appr_acquirer_nm"),
    ("apprNum", "appr_num"),
    ("apprOriginNum", "appr_origin_num"),
    ("apprResCd", "appr_res_cd"),
    ("apprMonthly", "appr_monthly"),
    ("apprState", "appr_state"),
];

/// A payment approval. It carries the partner's key, as the real one does.
pub(super) fn approval_body(key: &str, approval: &Approval, now: DateTime<Utc>, dice: &mut StdRng) -> Bytes {
    let approved_at = timestamp(now);
    // Drawn in any case, so that what is given does not move what is made up.
    let number = format!("{:08}", dice.random_range(0..100_000_000));
    let bill_id = format!("BILL{:012}", dice.random_range(0..1_000_000_000_000_u64));
    let price = dice.random_range(1..=500) * 1000;
    let card = format!("9490{:012}", dice.random_range(0..1_000_000_000_000_u64));
    let number = approval.number.clone().unwrap_or(number);
    let body = json!({
        "apiKey": key,
        "billId": approval.bill_id.clone().unwrap_or(bill_id),
        "apprPayType": "CARD_VAN",
        "apprCardType": "신용",
        "apprDt": approved_at,
        "apprOriginDt": approved_at,
        "apprPrice": approval.price.unwrap_or(price).to_string(),
        "apprIssuer": "현대카드",
        "apprIssuerCd": "08",
        "apprIssuerNum": card,
        "apprAcquirerCd": "08",
        "apprAcquirerNm": "현대카드",
        "apprNum": number,
        "apprOriginNum": number,
        "apprResCd": "0000",
        "apprMonthly": "0",
        "apprState": approval.state.unwrap_or('F').to_string(),
    });
    respell(body.to_string().into(), approval.spelling)
}

/// A time as upstream writes it.
pub(crate) fn timestamp(time: DateTime<Utc>) -> String {
    clock::in_seoul(time).format("%Y%m%d%H%M%S").to_string()
}

/// The same approval in another spelling.
pub(super) fn respell(body: Bytes, spelling: Spelling) -> Bytes {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&body) else {
        return body;
    };
    if spelling.is_without_key {
        fields.remove("apiKey");
    }
    if spelling.is_old {
        for (name, old) in OLD_SPELLING {
            if let Some(value) = fields.remove(name) {
                fields.insert(old.to_owned(), value);
            }
        }
    }
    Value::Object(fields).to_string().into()
}

/// What is told of a bill in one state, by callback and to whoever reads it (official callback page): a field without a
/// value is left out, or null with `nulls`.
pub(super) fn bill_fields(
    key: &str,
    bill: &Bill,
    state: &BillState,
    receipt: Option<&Receipt>,
    nulls: bool,
) -> Map<String, Value> {
    let payment = state.payment();
    let card = payment.map(|payment| &payment.card);
    let origin_at = payment.map(|payment| timestamp(payment.paid_at));
    let origin_number = payment.map(|payment| payment.number.clone());
    let (at, number) = match state {
        BillState::Cancelled(_, refund) => (Some(timestamp(refund.refunded_at)), Some(refund.number.clone())),
        BillState::Waiting | BillState::Paid(_) | BillState::Destroyed => (origin_at.clone(), origin_number.clone()),
    };
    let issuer = card.map(|card| card.issuer.clone());
    let issuer_code = card.map(|card| card.issuer_code.clone());
    let wish = receipt.map(|receipt| &receipt.wish);
    let paid = |text: &str| payment.map(|_| text.to_owned());
    let fields = [
        ("apiKey", Some(key.to_owned())),
        ("billId", Some(bill.order.bill_id.clone())),
        ("apprState", Some(state.code().to_string())),
        ("apprPrice", Some(bill.order.price.to_string())),
        ("apprPayType", payment.map(|payment| payment.pay_type.clone())),
        ("apprCardType", paid("신용")),
        ("apprDt", at),
        ("apprOriginDt", origin_at),
        ("apprIssuer", issuer.clone()),
        ("apprIssuerCd", issuer_code.clone()),
        ("apprIssuerNum", card.map(|card| card.number.clone())),
        ("apprAcquirerCd", issuer_code),
        ("apprAcquirerNm", issuer),
        ("apprNum", number),
        ("apprOriginNum", origin_number),
        ("apprResCd", paid("0000")),
        ("apprMonthly", paid("0")),
        ("apprCashNum", receipt.map(|receipt| receipt.issued.number.clone())),
        ("apprCashTrader", wish.map(|wish| wish.trader.word().to_owned())),
        ("apprCashIssuanceNumber", wish.map(|wish| wish.issuance_number.clone())),
    ];
    let sent = fields.into_iter().filter(|(_, value)| nulls || value.is_some());
    sent.map(|(name, value)| (name.to_owned(), value.map_or(Value::Null, Value::from)))
        .collect()
}

/// What the URL of one business is sent and nobody can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stray {
    /// No callback at all.
    Garbage,
    /// The callback of another business.
    Foreign,
}

pub(super) fn stray_body(mapping: &Mapping, stray: Stray) -> Bytes {
    match stray {
        Stray::Garbage => Bytes::from_static("<html><body>잠시 후 다시 시도해 주세요.</body></html>".as_bytes()),
        Stray::Foreign => {
            let mut payload = mapping_payload(mapping, false);
            payload.insert("memberId".to_owned(), "somebody".into());
            payload.insert("merchantId".to_owned(), "else".into());
            Value::Object(payload).to_string().into()
        }
    }
}

/// Something that is no callback, in one of the ways in which things break.
pub(super) fn garbage(mapping: &Mapping, dice: &mut StdRng) -> Bytes {
    let good = mapping_body(mapping, false);
    match dice.random_range(0..8) {
        0 => good.slice(..good.len() / 2),
        1 => Bytes::from_static(b"<html><body><h1>502 Bad Gateway</h1></body></html>"),
        2 => Bytes::new(),
        3 => Bytes::from_static(b"[]"),
        4 => Bytes::from_static(br#"{"memberId":"\ud800","merchantId":"\udfff"}"#),
        5 => Bytes::from_static(br#"{"memberId":{"a":[1]},"merchantId":["x"],"merchant":"none"}"#),
        6 => Bytes::from("[".repeat(5000)),
        _ => Bytes::from((0..200).map(|_| dice.random::<u8>()).collect::<Vec<_>>()),
    }
}
