//! How a partner is told of payments: once at once, and then hourly for a day until the answer is the expected one.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::bill::{BillNumber, BillState, Telling};
use super::bills::BillDenied;
use super::outbox::{CallbackKind, CallbackRecord, FaultWord, Outgoing};
use super::payload::{self, Spelling};
use super::{DICE_APPROVAL, MappingId, World};
use crate::dice;
use crate::faults::{CallbackMishap, Content};

/// The time between two repeats of an approval.
pub(super) const HOUR: TimeDelta = TimeDelta::hours(1);

/// How long an approval is repeated, counted from the payment.
const HOURS_MAX: u8 = 24;

impl World {
    /// Sends the approval of a bill, with what is to befall it: the given mishap, or what chance brings. A repeat is the
    /// same to the byte.
    pub(super) fn tell_of_payment(
        &mut self,
        number: BillNumber,
        mishap: Option<CallbackMishap>,
        fault: Option<FaultWord>,
        now: DateTime<Utc>,
    ) -> Result<(), BillDenied> {
        let seed = self.fault_seed();
        let id = self.bill(number)?.mapping;
        let nth = self.get_mut(id)?.callbacks.next_approval();
        let mut dice = dice::for_decision(seed, &[DICE_APPROVAL, id.number(), nth]);
        let drawn = self.faults.callback_mishap(&mut dice);
        let mishap = mishap.unwrap_or(drawn);
        let mapping = self.get(id)?;
        let (kind, body) = match mishap.content {
            Content::Official => (CallbackKind::Approval, self.approval_body(number, false)?),
            Content::Nulls => (CallbackKind::Approval, self.approval_body(number, true)?),
            Content::Garbage => (CallbackKind::Garbage, payload::garbage(mapping, &mut dice)),
            Content::WrongKind => (CallbackKind::Mapping, payload::mapping_body(mapping, false)),
        };
        let mut outgoing = self.outgoing(number, kind, body, now)?;
        outgoing.faults = fault.into_iter().chain(FaultWord::of_content(mishap.content)).collect();
        Ok(self.dispatch(id, outgoing, mishap)?)
    }

    /// Sends the approval of a paid bill once more, whoever has answered what before.
    pub(crate) fn tell_again(
        &mut self,
        number: BillNumber,
        spelling: Spelling,
        mishap: CallbackMishap,
        now: DateTime<Utc>,
    ) -> Result<(), BillDenied> {
        let id = self.bill(number)?.mapping;
        let body = payload::respell(self.approval_body(number, false)?, spelling);
        let mut outgoing = self.outgoing(number, CallbackKind::Approval, body, now)?;
        outgoing.add(FaultWord::Resent);
        Ok(self.dispatch(id, outgoing, mishap)?)
    }

    /// Tells a partner that a payment was taken back, which most are never told.
    pub(super) fn tell_of_refund(&mut self, number: BillNumber, now: DateTime<Utc>) -> Result<(), BillDenied> {
        let id = self.bill(number)?.mapping;
        let body = Value::Object(self.bill_answer(number)?).to_string().into();
        let outgoing = self.outgoing(number, CallbackKind::Refund, body, now)?;
        Ok(self.dispatch(id, outgoing, CallbackMishap::default())?)
    }

    /// An hour goes by for every approval that is still owed. Returns whom that concerns.
    pub(crate) fn pass_hour(&mut self, now: DateTime<Utc>) -> Vec<MappingId> {
        let owed: Vec<BillNumber> = self.bills.owed.iter().copied().collect();
        for number in owed {
            if let Ok(bill) = self.bill_mut(number)
                && let Some(Telling::Owed { due_at, .. }) = &mut bill.telling
            {
                *due_at -= HOUR;
            }
        }
        self.repeat_due(now)
    }

    /// Sends every approval again whose hour has come.
    pub(crate) fn repeat_due(&mut self, now: DateTime<Utc>) -> Vec<MappingId> {
        let owed: Vec<BillNumber> = self.bills.owed.iter().copied().collect();
        let due = owed.into_iter().filter_map(|number| self.begin_repeat(number, now));
        let due: Vec<BillNumber> = due.collect();
        for number in &due {
            // The bill was there a moment ago, and bills do not vanish.
            let _ = self.tell_of_payment(*number, None, Some(FaultWord::Repeated), now);
        }
        let concerned = due.iter().filter_map(|number| self.bill(*number).ok());
        concerned.map(|bill| bill.mapping).collect()
    }

    /// How many approvals will be sent again.
    pub(crate) fn owed_approvals(&self) -> usize {
        self.bills.owed.len()
    }

    /// Counts the hours that have come, also those in which the sandbox did not run; none if the next has not, or if a day
    /// is over.
    fn begin_repeat(&mut self, number: BillNumber, now: DateTime<Utc>) -> Option<BillNumber> {
        let bill = self.bills.get_mut(number).ok()?;
        let Some(Telling::Owed { hours, due_at }) = bill.telling else {
            return None;
        };
        if due_at > now {
            return None;
        }
        self.changes += 1;
        let come = u8::try_from((now - due_at).num_hours() + 1).unwrap_or(u8::MAX);
        let hours = hours.saturating_add(come);
        if hours > HOURS_MAX {
            bill.telling = Some(Telling::GivenUp);
            self.bills.owed.remove(&number);
            return None;
        }
        bill.telling = Some(Telling::Owed {
            hours,
            due_at: due_at + HOUR * i32::from(come),
        });
        Some(number)
    }

    /// An approval that was answered as expected is not repeated, also when the answer comes late.
    pub(super) fn settle(&mut self, record: &CallbackRecord) {
        let Some(number) = record.bill.filter(|_| record.is_accepted_approval()) else {
            return;
        };
        self.bills.owed.remove(&number);
        if let Ok(bill) = self.bill_mut(number) {
            bill.telling = Some(Telling::Accepted);
        }
    }

    /// What the approval says: the payment, as it was before anybody took it back.
    fn approval_body(&self, number: BillNumber, nulls: bool) -> Result<Bytes, BillDenied> {
        let bill = self.bill(number)?;
        let payment = bill.state.payment().ok_or(BillDenied::WrongState)?;
        let key = self
            .keys
            .get(self.get(bill.mapping)?.partner)
            .map_or("", String::as_str);
        let paid = BillState::Paid(payment.clone());
        let fields = payload::bill_fields(key, bill, &paid, None, nulls);
        Ok(Value::Object(fields).to_string().into())
    }

    /// What whoever reads a bill is told.
    pub(crate) fn bill_answer(&self, number: BillNumber) -> Result<Map<String, Value>, BillDenied> {
        let bill = self.bill(number)?;
        let key = self
            .keys
            .get(self.get(bill.mapping)?.partner)
            .map_or("", String::as_str);
        let receipt = self.receipt_of_bill(bill);
        Ok(payload::bill_fields(key, bill, &bill.state, receipt, false))
    }

    fn outgoing(
        &self,
        number: BillNumber,
        kind: CallbackKind,
        body: Bytes,
        now: DateTime<Utc>,
    ) -> Result<Outgoing, BillDenied> {
        Ok(Outgoing {
            to: Some(self.bill(number)?.order.callback_url.clone()),
            bill: Some(number),
            ..Outgoing::new(now, kind, body, None)
        })
    }
}
