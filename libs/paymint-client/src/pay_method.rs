//! The means of payment that a customer has registered.
//!
//! What is known: the path, its title and that codes have up to 60 characters (release v2: sure). The fields are guesses:
//! the call is off until [`ClientConfig::pay_method`](crate::ClientConfig) says how it is made.

use std::fmt;

use serde_json::Value;
use url::Url;

use crate::answer::RawData;
use crate::answer_fields::{AnswerFields, list, raw};
use crate::api_key::ApiKey;
use crate::auto_payment::phone_field;
use crate::call_error::{AnswerFault, CallError};
use crate::client::Client;
use crate::configured_call::{ConfiguredCall, ConfiguredCallError, ExtraFields};
use crate::masked_number::MaskedNumber;
use crate::values::{MerchantCodes, PhoneNumber, Reported, SeoulTime};

/// Where a list may stand in the answer.
const LISTS: [&str; 3] = ["info", "payMethods", "list"];

/// What `/customer/pay-method` says. Nothing of it is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayMethodList {
    /// The readable entries, in upstream's order. Empty also if upstream knows no such customer.
    pub methods: Vec<PayMethod>,
    /// How many entries were not objects.
    pub unreadable: usize,
    /// The whole answer; `null` if upstream knows no such customer.
    pub raw: RawData,
}

/// One means of payment. Every field may be missing.
#[derive(Clone, PartialEq, Eq)]
pub struct PayMethod {
    /// Its kind (`payType`).
    pub pay_type: Option<String>,
    /// The card company or the bank (`issuer`).
    pub issuer: Option<String>,
    /// The card or account number (`issuerNum`), masked.
    pub issuer_number: Option<MaskedNumber>,
    /// When it was registered (`regDt`).
    pub registered_at: Option<Reported<SeoulTime>>,
    /// What it may be called: what stands under `rpKey`, `rpId` or `id`.
    pub method_id: Option<String>,
}

impl fmt::Debug for PayMethod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PayMethod")
            .field("pay_type", &self.pay_type)
            .field("registered_at", &self.registered_at)
            .finish_non_exhaustive()
    }
}

impl PayMethodList {
    fn from_data(data: &Value, key: &ApiKey) -> Result<Self, AnswerFault> {
        let none = Vec::new();
        let items = match data {
            Value::Null => &none,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                list(data, &LISTS).ok_or(AnswerFault::Field("data"))?
            }
        };
        let objects = items.iter().filter(|item| item.is_object());
        let methods: Vec<_> = objects.map(|item| PayMethod::from_item(item, key)).collect();
        Ok(Self {
            unreadable: items.len() - methods.len(),
            methods,
            raw: raw(data, key),
        })
    }
}

impl PayMethod {
    fn from_item(item: &Value, key: &ApiKey) -> Self {
        let fields = AnswerFields::of(item, key);
        Self {
            pay_type: fields.text(&["payType", "apprPayType"]),
            issuer: fields.text(&["issuer", "apprIssuer"]),
            issuer_number: fields.masked(&["issuerNum", "apprIssuerNum"]),
            registered_at: fields.time(&["regDt"]),
            method_id: fields.identifier(&["rpKey", "rpId", "id"]),
        }
    }
}

/// The call, once it is configured. Made by [`Client::pay_methods`].
#[derive(Debug, Clone, Copy)]
pub struct PayMethods<'c> {
    client: &'c Client,
    call: &'c ConfiguredCall,
}

impl Client {
    /// The call about a customer's means of payment, if it is configured.
    pub fn pay_methods(&self) -> Option<PayMethods<'_>> {
        let call = self.addresses.pay_method.as_ref()?;
        Some(PayMethods { client: self, call })
    }
}

impl PayMethods<'_> {
    /// The published path with guessed fields: `phone` in `customer`.
    pub fn assumed_call(base: &Url) -> Result<ConfiguredCall, ConfiguredCallError> {
        ConfiguredCall::below(base, "customer/pay-method")?.in_object("customer")
    }

    /// `/customer/pay-method`: what a customer has registered. It changes nothing. No answer and `BILL_003` both mean none.
    pub async fn list(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        phone: &PhoneNumber,
        extra: &ExtraFields,
    ) -> Result<PayMethodList, CallError> {
        let fields = phone_field(phone);
        let read = |data: &Value| PayMethodList::from_data(data, key);
        let answer = self
            .client
            .call_as_configured(self.call, key, Some(codes), fields, extra, read)
            .await;
        match answer {
            Err(error) if error.is_bill_not_found() => Ok(PayMethodList {
                methods: Vec::new(),
                unreadable: 0,
                raw: raw(&Value::Null, key),
            }),
            answer => answer,
        }
    }
}
