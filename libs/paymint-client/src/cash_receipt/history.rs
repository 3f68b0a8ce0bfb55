//! What was done with a cash receipt.

use std::fmt;

use serde_json::Value;

use crate::answer::RawData;
use crate::answer_fields::{AnswerFields, raw};
use crate::api_key::ApiKey;
use crate::bill::state;
use crate::call_error::AnswerFault;
use crate::callback::ApprovalState;
use crate::masked_number::MaskedNumber;
use crate::values::{Amount, BillId, Reported, SeoulTime, Trader};

/// What `/cash-receipt/read` says (integrators, sandbox: sure).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashReceiptHistory {
    /// Each issue and each cancellation, the oldest first, those without a readable time at the end. Upstream's own order
    /// means nothing.
    pub entries: Vec<CashReceiptEntry>,
    /// How many entries were no objects, named no state or another receipt. They are left out, not guessed.
    pub unreadable: usize,
    /// The whole answer. It holds the numbers that receipts are issued to.
    pub raw: RawData,
}

/// One issue or one cancellation.
#[derive(Clone, PartialEq, Eq)]
pub struct CashReceiptEntry {
    /// What was done: approved is issued, cancelled is cancelled; no other state was seen (`apprState`).
    pub state: ApprovalState,
    /// When (`apprDt`). The sandbox sends 12 digits where 14 are documented.
    pub at: Option<Reported<SeoulTime>>,
    /// The total (`apprPrice`).
    pub price: Option<Reported<Amount>>,
    /// The net part (`apprSupplyPrice`).
    pub supply_price: Option<Reported<Amount>>,
    /// The tax (`apprTax`).
    pub tax: Option<Reported<Amount>>,
    /// What the receipt is for (`trader`).
    pub trader: Option<Reported<Trader>>,
    /// The number of the receipt or the cancellation (`apprNum`).
    pub approval_number: Option<String>,
    /// The number it is issued to (`issuanceNumber`), masked.
    pub issuance_number: Option<MaskedNumber>,
}

/// How a receipt stands by its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was ever done.
    NeverIssued,
    /// It is issued.
    Issued,
    /// It is cancelled.
    Cancelled,
    /// The history does not tell: two things happened in the same second, a time or an entry cannot be read, or a state
    /// is none of the known ones. A person has to look.
    Undecidable,
}

impl CashReceiptHistory {
    pub(super) fn from_data(data: &Value, key: &ApiKey, bill_id: &BillId) -> Result<Self, AnswerFault> {
        const INFO: AnswerFault = AnswerFault::Field("data.info");
        let fields = AnswerFields::of(data, key);
        fields.check_bill(bill_id)?;
        // No list is not an empty list: it must not be taken for "was never issued".
        let items = fields.value(&["info"]).and_then(Value::as_array).ok_or(INFO)?;
        let read = items
            .iter()
            .filter_map(|item| CashReceiptEntry::from_item(item, key, bill_id));
        let mut entries: Vec<_> = read.collect();
        entries.sort_by_key(|entry| (entry.time().is_none(), entry.time()));
        Ok(Self {
            unreadable: items.len() - entries.len(),
            entries,
            raw: raw(data, key),
        })
    }

    /// How the receipt stands.
    pub fn standing(&self) -> Standing {
        if self.unreadable > 0 {
            return Standing::Undecidable;
        }
        let Some(last) = self.entries.last() else {
            return Standing::NeverIssued;
        };
        // Those without a time stand last, so that one is found here if there is any.
        let at_the_last_moment = self.entries.iter().filter(|entry| entry.time() == last.time());
        let is_clear = at_the_last_moment.clone().all(|entry| entry.state == last.state);
        let has_time = last.time().is_some() || self.entries.len() == 1;
        if !is_clear || !has_time {
            return Standing::Undecidable;
        }
        match last.state {
            ApprovalState::Approved => Standing::Issued,
            ApprovalState::Cancelled => Standing::Cancelled,
            ApprovalState::Waiting | ApprovalState::Destroyed | ApprovalState::Other(_) => Standing::Undecidable,
        }
    }
}

impl CashReceiptEntry {
    fn from_item(item: &Value, key: &ApiKey, bill_id: &BillId) -> Option<Self> {
        let fields = AnswerFields::of(item, key);
        fields.check_bill(bill_id).ok()?;
        Some(Self {
            state: state(&fields)?,
            at: fields.time(&["apprDt", "appr_dt"]),
            price: fields.amount(&["apprPrice", "appr_price"]),
            supply_price: fields.amount(&["apprSupplyPrice", "appr_supply_price"]),
            tax: fields.amount(&["apprTax", "appr_tax"]),
            trader: fields.reported(&["trader"], Trader::parse),
            approval_number: fields.identifier(&["apprNum", "appr_num"]),
            issuance_number: fields.masked(&["issuanceNumber", "issuance_number"]),
        })
    }

    fn time(&self) -> Option<SeoulTime> {
        self.at.as_ref().and_then(Reported::known).copied()
    }
}

impl fmt::Debug for CashReceiptEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CashReceiptEntry")
            .field("state", &self.state)
            .field("at", &self.at)
            .field("price", &self.price)
            .field("trader", &self.trader)
            .field("approval_number", &self.approval_number)
            .finish_non_exhaustive()
    }
}
