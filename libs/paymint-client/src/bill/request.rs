//! What is sent about a bill.

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::hash::BillHash;
use crate::values::{Amount, BillId, BillPrice, CancelReason, ExpireDate, PhoneNumber, PriceSplit, Won};

/// How a bill gets to the customer (send v2: sure).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SendType {
    /// `TALK`: Paymint sends it by Kakao.
    Talk,
    /// `URL`: nothing is sent, and the link is for the partner to hand on.
    Url,
}

/// What `/bill` is told (send v2 as far as it is public, the rest by integrators).
///
/// The fields that are not optional are those that upstream requires (integrators, who checked the page: sure). How
/// long texts may be is not public: see [`BillRequest::long_fields`]. Nothing is ever cut.
#[derive(Clone, Copy)]
pub struct BillRequest<'a> {
    /// The new id of the bill (`billId`).
    pub bill_id: &'a BillId,
    /// How it gets to the customer (`sendType`).
    pub send_type: SendType,
    /// What is charged for (`productName`).
    pub product_name: &'a str,
    /// What is charged, in won (`price`, and `supplyPrice` and `tax` if they are split).
    pub price: BillPrice,
    /// The customer's name on the bill (`memberName`).
    pub member_name: &'a str,
    /// The customer's phone (`phone`), also required for a link. With a made-up number auto-payment cannot find the
    /// customer's card, or finds a stranger's (bill-sand, cut short: a guess).
    pub phone: &'a PhoneNumber,
    /// Where upstream reports the payment (`callbackUrl`). It must be reachable from the internet.
    pub callback_url: &'a Url,
    /// Who issues the bill, if not the business by its name (`billIssuer`).
    pub bill_issuer: Option<&'a str>,
    /// Text for the customer (`message`).
    pub message: Option<&'a str>,
    /// The last day on which it can be paid (`expireDt`). Without one it likely does not expire.
    pub expire_date: Option<ExpireDate>,
    /// Where the bill's page leads after the payment (`pageRedirectUrl`: the name is sure, the meaning likely).
    pub page_redirect_url: Option<&'a Url>,
}

/// A field that is longer than is likely taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongField {
    /// The field as upstream spells it.
    pub field: &'static str,
    /// How many characters it has.
    pub characters: usize,
    /// From how many on it is unlikely to be taken.
    pub usual_max: usize,
}

/// No page that could be read gives these lengths, but for the issuer's, which is that of API V1.
const USUAL_MAX: [(&str, usize); 6] = [
    ("productName", 100),
    ("memberName", 30),
    ("billIssuer", 50),
    ("message", 1000),
    ("callbackUrl", 255),
    ("pageRedirectUrl", 255),
];

impl BillRequest<'_> {
    /// The fields that are longer than is likely taken: a warning, as the limits are guesses. They are sent as they are.
    pub fn long_fields(&self) -> Vec<LongField> {
        let texts = [
            Some(self.product_name),
            Some(self.member_name),
            self.bill_issuer,
            self.message,
            Some(self.callback_url.as_str()),
            self.page_redirect_url.map(Url::as_str),
        ];
        let lengths = texts.iter().map(|text| text.map_or(0, |text| text.chars().count()));
        let fields = USUAL_MAX.iter().zip(lengths);
        let long = fields.filter(|((_, usual_max), characters)| characters > usual_max);
        long.map(|((field, usual_max), characters)| LongField {
            field,
            characters,
            usual_max: *usual_max,
        })
        .collect()
    }
}

impl fmt::Debug for BillRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names, phone and texts are personal, and the callback URL is a secret.
        formatter
            .debug_struct("BillRequest")
            .field("bill_id", &self.bill_id)
            .field("send_type", &self.send_type)
            .field("price", &self.price)
            .field("expire_date", &self.expire_date)
            .finish_non_exhaustive()
    }
}

/// A whole bill on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillBody<'a> {
    bill_id: &'a BillId,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_type: Option<SendType>,
    product_name: &'a str,
    price: Won,
    #[serde(skip_serializing_if = "Option::is_none")]
    supply_price: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<Amount>,
    member_name: &'a str,
    phone: &'a PhoneNumber,
    hash: BillHash,
    callback_url: &'a Url,
    #[serde(skip_serializing_if = "Option::is_none")]
    bill_issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(rename = "expireDt", skip_serializing_if = "Option::is_none")]
    expire_date: Option<ExpireDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_redirect_url: Option<&'a Url>,
}

impl<'a> BillBody<'a> {
    /// A bill that goes to the customer.
    pub(crate) fn sent(bill: &BillRequest<'a>) -> Self {
        Self {
            send_type: Some(bill.send_type),
            ..Self::not_sent(bill)
        }
    }

    /// A bill that is charged without the customer.
    pub(crate) fn not_sent(bill: &BillRequest<'a>) -> Self {
        let price = bill.price.total();
        let split = bill.price.split();
        Self {
            bill_id: bill.bill_id,
            send_type: None,
            product_name: bill.product_name,
            price,
            supply_price: split.map(PriceSplit::supply_price),
            tax: split.map(PriceSplit::tax),
            member_name: bill.member_name,
            phone: bill.phone,
            hash: BillHash::with_phone(bill.bill_id, bill.phone, price),
            callback_url: bill.callback_url,
            bill_issuer: bill.bill_issuer,
            message: bill.message,
            expire_date: bill.expire_date,
            page_redirect_url: bill.page_redirect_url,
        }
    }
}

/// Which bill.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdBody<'a> {
    pub(super) bill_id: &'a BillId,
}

/// Which bill, and proof that its price is known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PricedBody<'a> {
    pub(crate) bill_id: &'a BillId,
    pub(crate) price: Won,
    pub(crate) hash: BillHash,
}

/// Which paid bill, and why it is cancelled.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelBody<'a> {
    pub(super) bill_id: &'a BillId,
    pub(super) price: Won,
    pub(super) cancel_reason: &'a CancelReason,
    pub(super) hash: BillHash,
}
