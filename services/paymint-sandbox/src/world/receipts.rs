//! Cash receipts, of bills and without one. Each is issued once and cancelled once at most.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::bill::Bill;
use super::bills::BillDenied;
use super::{DICE_RECEIPT, MappingId, World, made_up};
use crate::dice;

/// The receipts of all partners together.
const RECEIPTS_MAX: usize = 100_000;

/// Who asks for a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trader {
    /// For an income deduction.
    Person,
    /// As a proof of expenses.
    Business,
}

impl Trader {
    /// The digit of the receipt calls.
    pub(crate) fn digit(self) -> &'static str {
        match self {
            Self::Person => "0",
            Self::Business => "1",
        }
    }

    pub(crate) fn from_digit(digit: &str) -> Option<Self> {
        [Self::Person, Self::Business]
            .into_iter()
            .find(|trader| trader.digit() == digit)
    }

    /// The word of the approval callback.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Person => "personal",
            Self::Business => "corporate",
        }
    }
}

/// What a partner asks for with `/cash-receipt/issue`, checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReceiptWish {
    pub(crate) bill_id: String,
    pub(crate) price: u64,
    pub(crate) supply_price: u64,
    pub(crate) tax: u64,
    pub(crate) trader: Trader,
    /// The receiver's telephone, resident or business number.
    pub(crate) issuance_number: String,
}

/// A number and when it was given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) number: String,
    pub(crate) at: DateTime<Utc>,
}

/// A cash receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) mapping: MappingId,
    pub(crate) wish: ReceiptWish,
    pub(crate) issued: Entry,
    pub(crate) cancelled: Option<Entry>,
}

/// The receipts and the way to find them.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    pub(super) all: Vec<Receipt>,
    /// By partner and id, as bills are.
    by_id: HashMap<(usize, String), usize>,
}

impl World {
    /// All receipts, oldest first.
    pub(crate) fn receipts(&self) -> &[Receipt] {
        &self.receipts.all
    }

    /// Whether the partner used this id for a receipt.
    pub(super) fn is_receipt_id(&self, partner: usize, bill_id: &str) -> bool {
        self.receipts.by_id.contains_key(&(partner, bill_id.to_owned()))
    }

    /// A receipt by its id. Only the business that issued it sees it.
    pub(crate) fn receipt_of(&self, id: MappingId, bill_id: &str) -> Result<&Receipt, BillDenied> {
        let partner = self.get(id)?.partner;
        let place = self.receipts.by_id.get(&(partner, bill_id.to_owned())).copied();
        let receipt = place.and_then(|place| self.receipts.all.get(place));
        receipt
            .filter(|receipt| receipt.mapping == id)
            .ok_or(BillDenied::NotFound)
    }

    /// The receipt that was issued for a bill and still holds.
    pub(super) fn receipt_of_bill(&self, bill: &Bill) -> Option<&Receipt> {
        let receipt = self.receipt_of(bill.mapping, &bill.order.bill_id).ok();
        receipt.filter(|receipt| receipt.cancelled.is_none())
    }

    /// Issues a receipt under an id that no receipt had before. The id may be that of a bill of the same business.
    pub(crate) fn issue_receipt(
        &mut self,
        id: MappingId,
        wish: ReceiptWish,
        now: DateTime<Utc>,
    ) -> Result<&Receipt, BillDenied> {
        let partner = self.open_mapping(id)?.partner;
        let is_others = self.is_bill_id(partner, &wish.bill_id) && self.bill_of(id, &wish.bill_id).is_err();
        if is_others || self.is_receipt_id(partner, &wish.bill_id) {
            return Err(BillDenied::IdUsed);
        }
        if wish.supply_price + wish.tax != wish.price {
            return Err(BillDenied::WrongPrice);
        }
        let place = self.receipts.all.len();
        if place >= RECEIPTS_MAX {
            return Err(BillDenied::Full);
        }
        let receipt = Receipt {
            mapping: id,
            wish,
            issued: self.receipt_entry(place, 1, now),
            cancelled: None,
        };
        self.add_receipt(partner, receipt);
        self.receipts.all.last().ok_or(BillDenied::NotFound)
    }

    pub(super) fn add_receipt(&mut self, partner: usize, receipt: Receipt) {
        self.changes += 1;
        let id = (partner, receipt.wish.bill_id.clone());
        self.receipts.by_id.insert(id, self.receipts.all.len());
        self.receipts.all.push(receipt);
    }

    /// Cancels a receipt as it was issued.
    pub(crate) fn cancel_receipt(
        &mut self,
        id: MappingId,
        bill_id: &str,
        price: u64,
        trader: Trader,
        now: DateTime<Utc>,
    ) -> Result<&Receipt, BillDenied> {
        let receipt = self.receipt_of(id, bill_id)?;
        if receipt.wish.price != price || receipt.wish.trader != trader {
            return Err(BillDenied::WrongPrice);
        }
        if receipt.cancelled.is_some() {
            return Err(BillDenied::WrongState);
        }
        let partner = self.get(id)?.partner;
        let place = self.receipts.by_id.get(&(partner, bill_id.to_owned())).copied();
        let place = place.ok_or(BillDenied::NotFound)?;
        let entry = self.receipt_entry(place, 2, now);
        self.changes += 1;
        let receipt = self.receipts.all.get_mut(place).ok_or(BillDenied::NotFound)?;
        receipt.cancelled = Some(entry);
        Ok(receipt)
    }

    fn receipt_entry(&self, place: usize, step: u64, now: DateTime<Utc>) -> Entry {
        let mut dice = dice::for_decision(self.seed, &[DICE_RECEIPT, place as u64, step]);
        Entry {
            number: made_up::approval_number(&mut dice),
            at: now,
        }
    }
}
