//! Bills: sending, sending again, reading, voiding, refunding.
//!
//! A bill waits (`W`), is paid (`F`) or void (`D`), and a paid one may be cancelled in full (`C`); nothing leads out of
//! `C` and `D`, and there is no partial refund (integrators: sure). What is done is known after [`Client::read_bill`]
//! only: callbacks are hints, and after a call without a clear answer the bill is read before anything is repeated.

mod answer;
mod request;

use serde_json::Value;

pub use answer::{BillReading, CancelledBill, Payment, SentBill};
pub use request::{BillRequest, LongField, SendType};

pub(crate) use answer::{LINK, state};
pub(crate) use request::{BillBody, PricedBody};

use crate::answer::RawData;
use crate::answer_fields::{AnswerFields, raw};
use crate::api_key::ApiKey;
use crate::call_error::{AnswerFault, CallError};
use crate::client::{ANSWER_MAX_BYTES, Client};
use crate::hash::BillHash;
use crate::request::AboutBill;
use crate::values::{BillId, CancelReason, MerchantCodes, Won};
use request::{CancelBody, IdBody};

impl Client {
    /// `/bill`: makes a bill and sends it by Kakao, or returns its link (send v2: sure).
    ///
    /// It costs points, 55 when last seen, also for a link (guide: likely). It is not safe to repeat: the same id a second
    /// time is `BILL_001`. After an unknown outcome read the bill; only if that is refused with `BILL_003` send it again,
    /// with the same id.
    pub async fn send_bill(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill: &BillRequest<'_>,
    ) -> Result<SentBill, CallError> {
        let body = AboutBill::new(codes, BillBody::sent(bill));
        let read = |data: &Value| SentBill::from_data(data, key, bill.bill_id);
        self.call(&self.addresses.bill, key, body, ANSWER_MAX_BYTES, read).await
    }

    /// `/bill/resend`: sends the Kakao message of a waiting bill again (integrators: its field is sure).
    ///
    /// It costs points again. What is not waiting is refused, likely with `BILL_006`. That it works for a bill that was
    /// made as a link is a guess.
    pub async fn resend_bill(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill_id: &BillId,
    ) -> Result<RawData, CallError> {
        let body = AboutBill::new(codes, IdBody { bill_id });
        let read = |data: &Value| echo(data, key, bill_id);
        self.call(&self.addresses.bill_resend, key, body, ANSWER_MAX_BYTES, read)
            .await
    }

    /// `/bill/read`: the state of one bill (integrators, call-back v2: sure).
    ///
    /// It is visible only with the codes that it was made with; otherwise, and if there is none, the answer is
    /// `BILL_003` ([`CallError::is_bill_not_found`]). It changes nothing and may be repeated.
    pub async fn read_bill(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill_id: &BillId,
    ) -> Result<BillReading, CallError> {
        let body = AboutBill::new(codes, IdBody { bill_id });
        let read = |data: &Value| BillReading::from_data(data, key, bill_id);
        self.call(&self.addresses.bill_read, key, body, ANSWER_MAX_BYTES, read)
            .await
    }

    /// `/bill/destroy`: voids a bill that is not paid (integrators, sandbox: sure).
    ///
    /// The price is the one that was billed. A paid bill is refused; with which code no source says.
    pub async fn destroy_bill(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill_id: &BillId,
        price: Won,
    ) -> Result<RawData, CallError> {
        let priced = PricedBody {
            bill_id,
            price,
            hash: BillHash::without_phone(bill_id, price),
        };
        let body = AboutBill::new(codes, priced);
        let read = |data: &Value| echo(data, key, bill_id);
        self.call(&self.addresses.bill_destroy, key, body, ANSWER_MAX_BYTES, read)
            .await
    }

    /// `/bill/cancel`: refunds a paid bill, all of it (acceptance v2: sure).
    ///
    /// A cash receipt that was issued for the bill is not cancelled with it, and the customer is told nothing
    /// (integrators: sure). What is not paid, or cancelled already, is refused; with which code no source says.
    /// `PAYMENT_001` and `PAYMENT_002` leave the outcome unknown.
    pub async fn cancel_bill(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill_id: &BillId,
        price: Won,
        reason: &CancelReason,
    ) -> Result<CancelledBill, CallError> {
        let cancel = CancelBody {
            bill_id,
            price,
            cancel_reason: reason,
            hash: BillHash::without_phone(bill_id, price),
        };
        let body = AboutBill::new(codes, cancel);
        let read = |data: &Value| CancelledBill::from_data(data, key, bill_id);
        self.call(&self.addresses.bill_cancel, key, body, ANSWER_MAX_BYTES, read)
            .await
    }
}

/// An answer that only repeats which bill it is about.
fn echo(data: &Value, key: &ApiKey, bill_id: &BillId) -> Result<RawData, AnswerFault> {
    AnswerFields::of(data, key).check_bill(bill_id)?;
    Ok(raw(data, key))
}
