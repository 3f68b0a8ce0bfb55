//! All bills: made, sent, paid, cancelled, destroyed.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use rand::RngExt;

use super::bill::{Bill, BillNumber, BillState, Order, Payment, Refund, SendType, Telling};
use super::made_up::{self, Card};
use super::partner::Wallet;
use super::{DICE_BILL, DICE_PAYMENT, Denied, Mapping, MappingId, ReviewLetter, World, repeats};
use crate::dice;
use crate::faults::CallbackMishap;

/// The bills of all partners together.
const BILLS_MAX: usize = 100_000;

/// Why nothing was changed about a bill, a receipt or a card on file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BillDenied {
    #[error("there is no such thing")]
    NotFound,
    #[error("the id was used before")]
    IdUsed,
    #[error("it is not in a state for that")]
    WrongState,
    #[error("the price is another one")]
    WrongPrice,
    #[error("the business is not open or its link is deleted")]
    NotOpen,
    #[error("the wallet does not hold enough points")]
    PointsShort,
    #[error("the contract names no wallet")]
    NoWallet,
    #[error("the payer has no card on file")]
    NoPayMethod,
    #[error("the card was declined")]
    CardDeclined,
    #[error("the price is above what can be paid here")]
    AboveCeiling,
    #[error("the sandbox holds as many of them as it may")]
    Full,
}

impl From<Denied> for BillDenied {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Full => Self::Full,
            Denied::NoSuchMapping | Denied::NothingToSubmit | Denied::NoSuchCallback => Self::NotFound,
        }
    }
}

/// The bills and the ways to find them.
#[derive(Debug, Default)]
pub(super) struct Bills {
    pub(super) all: Vec<Bill>,
    /// By partner and bill id: an id is the partner's, whichever business used it.
    by_id: HashMap<(usize, String), BillNumber>,
    by_token: HashMap<String, BillNumber>,
    /// Those whose approval is still to be repeated.
    pub(super) owed: BTreeSet<BillNumber>,
}

impl Bills {
    pub(super) fn get_mut(&mut self, number: BillNumber) -> Result<&mut Bill, BillDenied> {
        self.all.get_mut(number.index()).ok_or(BillDenied::NotFound)
    }

    fn add(&mut self, partner: usize, bill: Bill) {
        self.by_id.insert((partner, bill.order.bill_id.clone()), bill.number);
        self.by_token.insert(bill.token.clone(), bill.number);
        if matches!(bill.telling, Some(Telling::Owed { .. })) {
            self.owed.insert(bill.number);
        }
        self.all.push(bill);
    }
}

impl World {
    /// All bills, oldest first.
    pub(crate) fn bills(&self) -> &[Bill] {
        &self.bills.all
    }

    pub(crate) fn bill(&self, number: BillNumber) -> Result<&Bill, BillDenied> {
        self.bills.all.get(number.index()).ok_or(BillDenied::NotFound)
    }

    /// A bill by its page.
    pub(crate) fn bill_by_token(&self, token: &str) -> Option<BillNumber> {
        self.bills.by_token.get(token).copied()
    }

    /// A bill by its id. Only the business that made it sees it.
    pub(crate) fn bill_of(&self, id: MappingId, bill_id: &str) -> Result<&Bill, BillDenied> {
        let partner = self.get(id)?.partner;
        let number = self.bills.by_id.get(&(partner, bill_id.to_owned()));
        let bill = self.bill(*number.ok_or(BillDenied::NotFound)?)?;
        if bill.mapping == id {
            Ok(bill)
        } else {
            Err(BillDenied::NotFound)
        }
    }

    /// Whether a business may bill.
    pub(super) fn open_mapping(&self, id: MappingId) -> Result<&Mapping, BillDenied> {
        let mapping = self.get(id)?;
        if mapping.letter == ReviewLetter::Opened && !mapping.is_deleted {
            Ok(mapping)
        } else {
            Err(BillDenied::NotOpen)
        }
    }

    /// Whether the partner used this id for a bill.
    pub(super) fn is_bill_id(&self, partner: usize, bill_id: &str) -> bool {
        self.bills.by_id.contains_key(&(partner, bill_id.to_owned()))
    }

    /// Makes a bill, which costs points.
    pub(crate) fn create_bill(&mut self, id: MappingId, order: Order, now: DateTime<Utc>) -> Result<&Bill, BillDenied> {
        let partner = self.open_mapping(id)?.partner;
        if self.is_bill_id(partner, &order.bill_id) || self.is_receipt_id(partner, &order.bill_id) {
            return Err(BillDenied::IdUsed);
        }
        if self.bills.all.len() >= BILLS_MAX {
            return Err(BillDenied::Full);
        }
        let (points, messages) = match order.send_type {
            SendType::Talk => (self.rules.talk_points, 1),
            SendType::Url | SendType::OnFile => (self.rules.url_points, 0),
        };
        self.charge(id, points)?;
        let number = BillNumber::from_index(self.bills.all.len());
        let random: u64 = dice::for_decision(self.seed, &[DICE_BILL, number.number()]).random();
        let bill = Bill {
            number,
            mapping: id,
            token: format!("{random:016x}"),
            order,
            created_at: now,
            state: BillState::Waiting,
            messages,
            declines: 0,
            points,
            telling: None,
        };
        self.add_bill(partner, bill);
        self.bill(number)
    }

    pub(super) fn add_bill(&mut self, partner: usize, bill: Bill) {
        self.changes += 1;
        self.bills.add(partner, bill);
    }

    /// Sends the message of a bill once more, which costs points again.
    pub(crate) fn resend_bill(&mut self, number: BillNumber, now: DateTime<Utc>) -> Result<(), BillDenied> {
        let bill = self.bill(number)?;
        let id = bill.mapping;
        self.open_mapping(id)?;
        if !bill.is_payable(now) {
            return Err(BillDenied::WrongState);
        }
        let points = self.rules.resend_points;
        self.charge(id, points)?;
        let bill = self.bill_mut(number)?;
        bill.messages += 1;
        bill.points += points;
        Ok(())
    }

    /// Takes an unpaid bill back, also one whose last day is over.
    pub(crate) fn destroy_bill(&mut self, number: BillNumber, price: u64) -> Result<(), BillDenied> {
        let bill = self.bill_mut(number)?;
        if bill.order.price != price {
            return Err(BillDenied::WrongPrice);
        }
        match bill.state {
            BillState::Waiting => bill.state = BillState::Destroyed,
            BillState::Paid(_) | BillState::Cancelled(..) | BillState::Destroyed => {
                return Err(BillDenied::WrongState);
            }
        }
        Ok(())
    }

    /// Gives the whole price of a paid bill back, and tells the partner by callback if that is wanted.
    pub(crate) fn cancel_bill(
        &mut self,
        number: BillNumber,
        price: u64,
        reason: Option<String>,
        is_told: bool,
        now: DateTime<Utc>,
    ) -> Result<&Bill, BillDenied> {
        let seed = self.seed;
        let bill = self.bill_mut(number)?;
        if bill.order.price != price {
            return Err(BillDenied::WrongPrice);
        }
        let payment = match &bill.state {
            BillState::Paid(payment) => payment.clone(),
            BillState::Waiting | BillState::Cancelled(..) | BillState::Destroyed => {
                return Err(BillDenied::WrongState);
            }
        };
        let mut dice = dice::for_decision(seed, &[DICE_PAYMENT, number.number(), 2]);
        let refund = Refund {
            refunded_at: now,
            number: made_up::approval_number(&mut dice),
            reason,
        };
        bill.state = BillState::Cancelled(payment, refund);
        if is_told {
            self.tell_of_refund(number, now)?;
        }
        self.bill(number)
    }

    /// A payer pays, and the partner is told of it. Without a card a made-up one is taken.
    pub(crate) fn pay_bill(
        &mut self,
        number: BillNumber,
        on_file: Option<Card>,
        mishap: Option<CallbackMishap>,
        now: DateTime<Utc>,
    ) -> Result<(), BillDenied> {
        let mut dice = dice::for_decision(self.seed, &[DICE_PAYMENT, number.number(), 1]);
        let pay_max = self.rules.pay_max;
        let bill = self.bill_mut(number)?;
        if !bill.is_payable(now) {
            return Err(BillDenied::WrongState);
        }
        if pay_max.is_some_and(|pay_max| bill.order.price > pay_max) {
            bill.declines += 1;
            return Err(BillDenied::AboveCeiling);
        }
        let approval_number = made_up::approval_number(&mut dice);
        let pay_type = if on_file.is_some() { "CARD_RP" } else { "CARD_VAN" };
        bill.state = BillState::Paid(Payment {
            paid_at: now,
            number: approval_number,
            pay_type: pay_type.to_owned(),
            card: on_file.unwrap_or_else(|| made_up::card(&mut dice)),
        });
        bill.telling = Some(Telling::Owed {
            hours: 0,
            due_at: now + repeats::HOUR,
        });
        self.bills.owed.insert(number);
        self.tell_of_payment(number, mishap, None, now)
    }

    /// A payer's card is refused. The bill waits on.
    pub(crate) fn decline_bill(&mut self, number: BillNumber, now: DateTime<Utc>) -> Result<(), BillDenied> {
        let bill = self.bill_mut(number)?;
        if !bill.is_payable(now) {
            return Err(BillDenied::WrongState);
        }
        bill.declines += 1;
        Ok(())
    }

    /// Gives a bill another last day, also one that is over.
    pub(crate) fn set_last_day(&mut self, number: BillNumber, last_day: Option<NaiveDate>) -> Result<(), BillDenied> {
        self.bill_mut(number)?.order.expires_on = last_day;
        Ok(())
    }

    pub(super) fn bill_mut(&mut self, number: BillNumber) -> Result<&mut Bill, BillDenied> {
        self.changes += 1;
        self.bills.get_mut(number)
    }

    /// Takes points out of the wallet that the partner's contract names.
    fn charge(&mut self, id: MappingId, points: i32) -> Result<(), BillDenied> {
        let partner = self.get(id)?.partner;
        let partner = self.partner_mut(partner).ok_or(BillDenied::NotFound)?;
        let wallet = match partner.wallet {
            Wallet::Partner => &mut partner.points,
            Wallet::Merchant => &mut self.get_mut(id)?.points,
            Wallet::Missing => return Err(BillDenied::NoWallet),
        };
        if *wallet < points {
            return Err(BillDenied::PointsShort);
        }
        *wallet -= points;
        Ok(())
    }
}
