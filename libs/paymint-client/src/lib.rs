//! The upstream's wire: the calls to Paymint's Partner API V2 and the shapes of its callbacks.
//!
//! It knows how upstream spells things, and nothing of the registry: no tenant, no event, no review stage. It decides
//! nothing and stores nothing. What upstream does not promise is read leniently: unknown fields are ignored, optional
//! fields may be missing, and a number is taken where a text was announced.
//!
//! Read in this order: [`ApiKey`], [`Won`], [`BillId`] and [`UpstreamCode`] (the vocabulary), [`CallError`] (how a call can
//! fail), [`MappingRequest`], [`BillRequest`] and the answers (the shapes), [`Client`] (the calls), [`callback`] (what
//! upstream sends by itself), [`Scrubber`] (what may be kept of any of it).
//!
//! Every fact of upstream's is given with where it is known from and how sure it is. *Release v2*, *send v2*, *acceptance
//! v2*, *cash-receipt v2*, *call-back v2*, *bill-sand* and *faq* are pages of Paymint's documents; *API V1* is what they say
//! of the older interface; *sandbox* is what Paymint's own sandbox was seen to do; *integrators* is public code of others.
//! *Sure* is a page that was seen, or several independent programs; *likely* is one program that clearly follows a page;
//! everything else is called a *guess*. `README.md` has the whole table.

mod api_key;
mod upstream_code;

mod call_error;

mod answer;
mod json;
mod repair;
mod request;
mod text;
mod wire;

mod masked_number;
mod scrub;

mod address;
mod addresses;
mod client;
mod client_error;
mod config;
mod configured_call;
mod status_call;
mod transport;

mod answer_fields;
mod hash;
mod values;

mod auto_payment;
mod bill;
mod cash_receipt;
mod partner;
mod pay_method;

pub mod callback;

pub use answer::{Balance, BillLink, ListedMapping, MappingList, MappingStatus, RawData, RegistrationUrl};
pub use api_key::{ApiKey, ApiKeyError};
pub use auto_payment::{
    AutoPaid, AutoPayment, AutoPaymentCalls, AutoPaymentRegistration, PayProfile, RegisteredAutoPayment,
};
pub use bill::{BillReading, BillRequest, CancelledBill, LongField, Payment, SendType, SentBill};
pub use call_error::{AnswerFault, CallError, ConnectionLoss, Outcome, UpstreamMessage};
pub use cash_receipt::{CashReceipt, CashReceiptEntry, CashReceiptHistory, Standing};
pub use client::Client;
pub use client_error::ClientError;
pub use config::ClientConfig;
pub use configured_call::{ConfiguredCall, ConfiguredCallError, ExtraFieldError, ExtraFields};
pub use partner::{CallbackUrlChange, PartnerInfo};
pub use pay_method::{PayMethod, PayMethodList, PayMethods};
pub use request::MappingRequest;
pub use scrub::Scrubber;
pub use status_call::{StatusCall, StatusCallError};
pub use upstream_code::{UpstreamCode, WhoFixes};
pub use values::{
    Amount, AmountError, BillId, BillIdError, BillPrice, CODE_MAX_CHARACTERS, CancelReason, CancelReasonError,
    DateError, ExpireDate, MAPPING_CODE_MAX_CHARACTERS, MerchantCodes, MerchantCodesError, PhoneNumber,
    PhoneNumberError, PriceSplit, ReceiptReceiver, ReceiptReceiverError, Reported, SeoulTime, Trader, Won,
};

/// Builds what README.md shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
