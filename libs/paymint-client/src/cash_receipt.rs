//! Cash receipts (현금영수증): issuing, cancelling, reading.
//!
//! A receipt has an id of its own that need not be a bill's, but must be unused; after a cancellation it stays used
//! (cash-receipt v2, sandbox: sure). After a call without a clear answer the receipt is read before anything is
//! repeated.

mod history;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use history::{CashReceiptEntry, CashReceiptHistory, Standing};

use crate::answer::RawData;
use crate::answer_fields::{AnswerFields, raw};
use crate::api_key::ApiKey;
use crate::bill::PricedBody;
use crate::call_error::{AnswerFault, CallError};
use crate::client::{ANSWER_MAX_BYTES, Client};
use crate::hash::BillHash;
use crate::masked_number::MaskedNumber;
use crate::request::AboutCashReceipt;
use crate::values::{Amount, BillId, MerchantCodes, PriceSplit, ReceiptReceiver, Reported, Trader, Won};

/// What `/cash-receipt/issue` and `/cash-receipt/cancel` say (integrators: sure). Every field may be missing.
#[derive(Clone, PartialEq, Eq)]
pub struct CashReceipt {
    /// The number of the receipt, or of its cancellation (`apprCashNum`).
    pub approval_number: Option<String>,
    /// What it is for (`trader`), as it is repeated.
    pub trader: Option<Reported<Trader>>,
    /// The number it is issued to (`issuanceNumber`), masked.
    pub issuance_number: Option<MaskedNumber>,
    /// The whole answer. It holds the number it is issued to.
    pub raw: RawData,
}

impl CashReceipt {
    fn from_data(data: &Value, key: &ApiKey, bill_id: &BillId) -> Result<Self, AnswerFault> {
        let fields = AnswerFields::of(data, key);
        fields.check_bill(bill_id)?;
        Ok(Self {
            approval_number: fields.identifier(&["apprCashNum", "appr_cash_num"]),
            trader: fields.reported(&["trader"], Trader::parse),
            issuance_number: fields.masked(&["issuanceNumber", "issuance_number"]),
            raw: raw(data, key),
        })
    }
}

impl fmt::Debug for CashReceipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CashReceipt")
            .field("approval_number", &self.approval_number)
            .field("trader", &self.trader)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// `/cash-receipt/issue`: issues a receipt (cash-receipt v2, sandbox: sure).
    ///
    /// Net part and tax are always sent: the page calls them optional, the server refuses without them. An id that was
    /// used before, be it for a receipt that is cancelled, is `BILL_001`. A receipt for a bill that was paid by card is
    /// not held back here; what upstream does with it is not known.
    pub async fn issue_cash_receipt(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill_id: &BillId,
        price: PriceSplit,
        receiver: &ReceiptReceiver,
    ) -> Result<CashReceipt, CallError> {
        let issue = IssueBody {
            bill_id,
            price: price.price(),
            supply_price: price.supply_price(),
            tax: price.tax(),
            issuance_number: receiver.expose(),
            trader: receiver.trader(),
            hash: BillHash::without_phone(bill_id, price.price()),
        };
        let body = AboutCashReceipt::new(codes, issue);
        let read = |data: &Value| CashReceipt::from_data(data, key, bill_id);
        self.call(&self.addresses.cash_receipt_issue, key, body, ANSWER_MAX_BYTES, read)
            .await
    }

    /// `/cash-receipt/cancel`: cancels a receipt, all of it (integrators: its fields are sure, that all are required is
    /// likely). Price and trader are those that it was issued with.
    pub async fn cancel_cash_receipt(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill_id: &BillId,
        price: Won,
        trader: Trader,
    ) -> Result<CashReceipt, CallError> {
        let cancel = CancelBody {
            bill_id,
            price,
            trader,
            hash: BillHash::without_phone(bill_id, price),
        };
        let body = AboutCashReceipt::new(codes, cancel);
        let read = |data: &Value| CashReceipt::from_data(data, key, bill_id);
        self.call(&self.addresses.cash_receipt_cancel, key, body, ANSWER_MAX_BYTES, read)
            .await
    }

    /// `/cash-receipt/read`: what was done with a receipt (integrators, sandbox: sure). It changes nothing and may be
    /// repeated.
    pub async fn read_cash_receipt(
        &self,
        key: &ApiKey,
        codes: &MerchantCodes,
        bill_id: &BillId,
        price: Won,
    ) -> Result<CashReceiptHistory, CallError> {
        let priced = PricedBody {
            bill_id,
            price,
            hash: BillHash::without_phone(bill_id, price),
        };
        let body = AboutCashReceipt::new(codes, priced);
        let read = |data: &Value| CashReceiptHistory::from_data(data, key, bill_id);
        self.call(&self.addresses.cash_receipt_read, key, body, ANSWER_MAX_BYTES, read)
            .await
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IssueBody<'a> {
    bill_id: &'a BillId,
    price: Won,
    supply_price: Amount,
    tax: Amount,
    issuance_number: &'a str,
    trader: Trader,
    hash: BillHash,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CancelBody<'a> {
    bill_id: &'a BillId,
    price: Won,
    trader: Trader,
    hash: BillHash,
}
