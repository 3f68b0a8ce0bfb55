//! Auto-payment by a card that the customer has registered (RP).
//!
//! What is known: the three paths, and that codes have up to 60 characters (release v2: sure); that upstream keeps no
//! schedule, so that the partner pays each period by a call (faq: sure). No page or program shows a field of these
//! calls: all of them are guesses, off until [`ClientConfig::auto_payment`](crate::ClientConfig) says how they are made.
//! Trust nothing but [`Client::read_bill`] afterwards.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::answer::{BillLink, RawData};
use crate::answer_fields::{AnswerFields, raw};
use crate::api_key::ApiKey;
use crate::bill::{BillBody, BillRequest, LINK, Payment, PricedBody, state};
use crate::call_error::{AnswerFault, CallError};
use crate::callback::ApprovalState;
use crate::client::Client;
use crate::configured_call::{ConfiguredCall, ConfiguredCallError, ExtraFields};
use crate::hash::BillHash;
use crate::json::Object;
use crate::values::{BillId, MerchantCodes, PhoneNumber};

/// Which fields `/bill/rp` is given. Both are guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayProfile {
    /// All of a bill but `sendType`, with the hash over three parts: the call makes the bill.
    CreateAndPay,
    /// Only `billId`, `price` and the hash over two parts: the bill was made before.
    PayExisting,
}

/// How the three calls are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoPaymentCalls {
    /// `/bill/rp`: pays a bill.
    pub pay: ConfiguredCall,
    /// Which fields it is given.
    pub profile: PayProfile,
    /// `/rp/manage`: registers a means of payment.
    pub register: ConfiguredCall,
    /// `/rp/delete`: deletes one.
    pub delete: ConfiguredCall,
}

impl AutoPaymentCalls {
    /// The published paths with guessed fields: `bill` with the whole bill, and `rp` for the other two.
    pub fn assumed(base: &Url) -> Result<Self, ConfiguredCallError> {
        Ok(Self {
            pay: ConfiguredCall::below(base, "bill/rp")?.in_object("bill")?,
            profile: PayProfile::CreateAndPay,
            register: ConfiguredCall::below(base, "rp/manage")?.in_object("rp")?,
            delete: ConfiguredCall::below(base, "rp/delete")?.in_object("rp")?,
        })
    }

    pub(crate) fn all(&self) -> [&ConfiguredCall; 3] {
        [&self.pay, &self.register, &self.delete]
    }
}

/// Whose card is to be registered.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoPaymentRegistration<'a> {
    /// The customer's phone (`phone`). The card is likely bound to it.
    pub phone: &'a PhoneNumber,
    /// The customer's name (`memberName`).
    pub member_name: &'a str,
    /// Where upstream may report it (`callbackUrl`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<&'a Url>,
    /// Where the page may lead afterwards (`pageRedirectUrl`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_redirect_url: Option<&'a Url>,
}

impl fmt::Debug for AutoPaymentRegistration<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AutoPaymentRegistration(redacted)")
    }
}

/// What `/bill/rp` says: everything that a bill's answers are known to say, and nothing of it is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoPaid {
    /// The state of the bill, if it is told.
    pub state: Option<ApprovalState>,
    /// The payment, as far as it is told.
    pub payment: Payment,
    /// The bill's page, if it is told.
    pub link: Option<BillLink>,
    /// The whole answer.
    pub raw: RawData,
}

impl AutoPaid {
    fn from_data(data: &Value, key: &ApiKey, bill_id: &BillId) -> Result<Self, AnswerFault> {
        let fields = AnswerFields::of(data, key);
        fields.check_bill(bill_id)?;
        Ok(Self {
            state: state(&fields),
            payment: Payment::of(&fields),
            link: fields.link(&LINK),
            raw: raw(data, key),
        })
    }
}

/// What `/rp/manage` says. Nothing of it is promised.
#[derive(Clone, PartialEq, Eq)]
pub struct RegisteredAutoPayment {
    /// The page where the customer gives the card.
    pub link: Option<BillLink>,
    /// What the registration may be called: what stands under `rpKey`, `rpId` or `id`.
    pub method_id: Option<String>,
    /// The whole answer.
    pub raw: RawData,
}

impl fmt::Debug for RegisteredAutoPayment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever has the id may be able to charge the card.
        formatter
            .debug_struct("RegisteredAutoPayment")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

/// The calls, once they are configured. Made by [`Client::auto_payment`].
#[derive(Debug, Clone, Copy)]
pub struct AutoPayment<'c> {
    client: &'c Client,
    calls: &'c AutoPaymentCalls,
}

impl Client {
    /// The calls of auto-payment, if they are configured.
    pub fn auto_payment(&self) -> Option<AutoPayment<'_>> {
        let calls = self.addresses.auto_payment.as_ref()?;
        Some(AutoPayment { client: self, calls })
    }
}

impl AutoPayment<'_> {
    /// `/bill/rp`: pays a bill with the customer's registered card. `sendType` is not sent.
    ///
    /// This moves money: after an unknown outcome, and after success too, read the bill. It should become `F`, with the
    /// pay type `CARD_RP` (API V1).
    pub async fn pay(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill: &BillRequest<'_>,
        extra: &ExtraFields,
    ) -> Result<AutoPaid, CallError> {
        let fields = match self.calls.profile {
            PayProfile::CreateAndPay => object(&BillBody::not_sent(bill)),
            PayProfile::PayExisting => object(&PricedBody {
                bill_id: bill.bill_id,
                price: bill.price.total(),
                hash: BillHash::without_phone(bill.bill_id, bill.price.total()),
            }),
        };
        let read = |data: &Value| AutoPaid::from_data(data, key, bill.bill_id);
        self.client
            .call_as_configured(&self.calls.pay, key, Some(codes), fields, extra, read)
            .await
    }

    /// `/rp/manage`: has a card registered; the customer gives it on a page of Paymint's.
    pub async fn register(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        registration: &AutoPaymentRegistration<'_>,
        extra: &ExtraFields,
    ) -> Result<RegisteredAutoPayment, CallError> {
        let read = |data: &Value| {
            let fields = AnswerFields::of(data, key);
            Ok(RegisteredAutoPayment {
                link: fields.link(&["url", "shortUrl", "shortURL"]),
                method_id: fields.identifier(&["rpKey", "rpId", "id"]),
                raw: raw(data, key),
            })
        };
        self.client
            .call_as_configured(
                &self.calls.register,
                key,
                Some(codes),
                object(registration),
                extra,
                read,
            )
            .await
    }

    /// `/rp/delete`: deletes the registered card of a phone number. What registering returned goes into `extra`.
    pub async fn delete(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        phone: &PhoneNumber,
        extra: &ExtraFields,
    ) -> Result<RawData, CallError> {
        let fields = phone_field(phone);
        let read = |data: &Value| Ok(raw(data, key));
        self.client
            .call_as_configured(&self.calls.delete, key, Some(codes), fields, extra, read)
            .await
    }
}

/// The one field by which a customer is named.
pub(crate) fn phone_field(phone: &PhoneNumber) -> Object {
    Map::from_iter([("phone".to_owned(), Value::String(phone.expose().to_owned()))])
}

fn object(body: &impl Serialize) -> Object {
    match serde_json::to_value(body) {
        Ok(Value::Object(object)) => object,
        // Every body is a struct of texts, so that there is neither an error to make nor another kind of value.
        Ok(_) | Err(_) => Map::new(),
    }
}
