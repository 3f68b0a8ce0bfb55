//! The upstream's side of the story: which businesses there are, where their reviews stand, what they have billed, and what is
//! still to be reported of them.
//!
//! It is synchronous and does no input or output. A change puts a callback into the outbox of its mapping and leaves a
//! [`Wake`] for whoever carries callbacks out.

mod arranged;
mod bill;
mod bills;
mod letter;
mod life;
mod made_up;
mod mapping;
mod outbox;
mod partner;
mod pay_methods;
mod payload;
mod receipts;
mod repeats;
mod report;
mod rules;
mod stored;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::RngExt;
use url::Url;

pub(crate) use bill::{Bill, BillNumber, BillState, Order, SendType, Telling};
pub(crate) use bills::BillDenied;
pub(crate) use letter::ReviewLetter;
pub(crate) use life::{LifeStart, PlannedStep, Step, plan};
pub(crate) use mapping::{Business, Mapping, MappingId};
pub(crate) use outbox::{CallbackKind, CallbackRecord, Delivery, FailureReason, Outgoing};
pub(crate) use partner::Partner;
pub(crate) use pay_methods::{PayMethod, PayMethodWish};
pub(crate) use payload::{Approval, Spelling, Stray, mapping_payload, timestamp};
pub(crate) use receipts::{Entry, Receipt, ReceiptWish, Trader};
pub(crate) use rules::Rules;
pub(crate) use stored::StoredWorldError;

use crate::dice;
use crate::faults::{CallbackMishap, Faults};
use bills::Bills;
use pay_methods::PayMethods;
use receipts::Receipts;

/// The mappings of all partners together.
const MAPPINGS_MAX: usize = 200_000;

/// The names under which decisions are drawn, so that those about tokens do not follow those about callbacks.
const DICE_TOKEN: u64 = 1;
const DICE_CALLBACK: u64 = 2;
const DICE_CONTENT: u64 = 3;
const DICE_APPROVAL: u64 = 6;
const DICE_BILL: u64 = 8;
const DICE_PAYMENT: u64 = 9;
const DICE_RECEIPT: u64 = 10;
const DICE_PAY_METHOD: u64 = 11;

/// Something to do outside of the world, in the order in which it came up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Carry out what waits in this outbox.
    Send(MappingId),
    /// Release this held callback after a while, if no successors have done so.
    ReleaseLater {
        mapping: MappingId,
        number: u64,
        after: Duration,
    },
}

/// What a partner asks for with `/auth/mapping`.
#[derive(Debug)]
pub(crate) struct Issue {
    pub(crate) partner: usize,
    pub(crate) member_code: String,
    pub(crate) merchant_code: String,
    pub(crate) business_number: Option<String>,
    pub(crate) callback_url: Url,
    pub(crate) redirect_url: Option<Url>,
}

/// What a person fills in on the registration page, checked.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) paymint_member_id: String,
    pub(crate) business: Business,
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("the sandbox holds as many mappings as it may")]
    Full,
    #[error("there is no such mapping")]
    NoSuchMapping,
    #[error("the mapping is deleted, under review or open, so that nothing can be submitted")]
    NothingToSubmit,
    #[error("no such callback is kept")]
    NoSuchCallback,
}

/// All businesses of all partners, and their bills.
#[derive(Debug)]
pub(crate) struct World {
    seed: u64,
    keys: Vec<String>,
    faults: Faults,
    partners: Vec<Partner>,
    mappings: Vec<Mapping>,
    by_token: HashMap<String, MappingId>,
    by_codes: HashMap<(usize, String, String), MappingId>,
    bills: Bills,
    receipts: Receipts,
    pay_methods: PayMethods,
    rules: Rules,
    wakes: Vec<Wake>,
    /// Counts what was changed, so that it is seen when there is something to write down.
    changes: u64,
}

impl World {
    /// An empty world. The keys are the partners', in the order of their numbers.
    pub(crate) fn new(seed: u64, keys: Vec<String>) -> Self {
        Self {
            seed,
            partners: keys.iter().map(|_| Partner::default()).collect(),
            keys,
            faults: Faults::default(),
            mappings: Vec::new(),
            by_token: HashMap::new(),
            by_codes: HashMap::new(),
            bills: Bills::default(),
            receipts: Receipts::default(),
            pay_methods: PayMethods::default(),
            rules: Rules::default(),
            wakes: Vec::new(),
            changes: 0,
        }
    }

    /// How often anything was changed that is remembered after a restart.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// What upstream leaves open, as it was decided here.
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn rules_mut(&mut self) -> &mut Rules {
        &mut self.rules
    }

    /// How it stands with a partner, if there is one of this number.
    pub(crate) fn partner(&self, number: usize) -> Option<&Partner> {
        self.partners.get(number)
    }

    /// The same, to be changed.
    pub(crate) fn partner_mut(&mut self, number: usize) -> Option<&mut Partner> {
        self.changes += 1;
        self.partners.get_mut(number)
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The seed from which faults are drawn.
    pub(crate) fn fault_seed(&self) -> u64 {
        self.faults.seed.unwrap_or(self.seed)
    }

    /// All mappings, oldest first.
    pub(crate) fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    pub(crate) fn get(&self, id: MappingId) -> Result<&Mapping, Denied> {
        self.mappings.get(id.index()).ok_or(Denied::NoSuchMapping)
    }

    fn get_mut(&mut self, id: MappingId) -> Result<&mut Mapping, Denied> {
        self.changes += 1;
        self.mappings.get_mut(id.index()).ok_or(Denied::NoSuchMapping)
    }

    pub(crate) fn by_token(&self, token: &str) -> Option<MappingId> {
        self.by_token.get(token).copied()
    }

    pub(crate) fn by_codes(&self, partner: usize, member: &str, merchant: &str) -> Option<&Mapping> {
        let id = self.by_codes.get(&(partner, member.to_owned(), merchant.to_owned()))?;
        self.get(*id).ok()
    }

    /// The same for somebody who asks about its state, which is counted.
    pub(crate) fn asked_about(&mut self, partner: usize, member: &str, merchant: &str) -> Option<&Mapping> {
        let id = self.by_codes(partner, member, merchant)?.id;
        let mapping = self.get_mut(id).ok()?;
        mapping.answers += 1;
        Some(mapping)
    }

    /// Issues a registration page. Asked again for the same codes it gives the same page, with the new callback URL.
    pub(crate) fn issue(&mut self, issue: Issue) -> Result<&Mapping, Denied> {
        let codes = (issue.partner, issue.member_code.clone(), issue.merchant_code.clone());
        if let Some(id) = self.by_codes.get(&codes).copied() {
            let mapping = self.get_mut(id)?;
            mapping.reissue(issue);
            return Ok(mapping);
        }
        if self.mappings.len() >= MAPPINGS_MAX {
            return Err(Denied::Full);
        }
        let id = MappingId::from_index(self.mappings.len());
        let random: u128 = dice::for_decision(self.seed, &[DICE_TOKEN, id.number()]).random();
        self.add(Mapping::new(id, format!("{random:032x}"), issue));
        self.get(id)
    }

    fn add(&mut self, mapping: Mapping) {
        let codes = (
            mapping.partner,
            mapping.member_code.clone(),
            mapping.merchant_code.clone(),
        );
        self.by_token.insert(mapping.token.clone(), mapping.id);
        self.by_codes.insert(codes, mapping.id);
        self.mappings.push(mapping);
        self.changes += 1;
    }

    /// A person opened the registration page. The first time, the application begins.
    pub(crate) fn open(&mut self, id: MappingId, now: DateTime<Utc>) -> Result<(), Denied> {
        if self.get_mut(id)?.open() {
            self.report(id, None, now)?;
        }
        Ok(())
    }

    /// A person submitted the application, and the review begins.
    pub(crate) fn submit(&mut self, id: MappingId, application: Application, now: DateTime<Utc>) -> Result<(), Denied> {
        let mapping = self.get_mut(id)?;
        if !mapping.can_submit() {
            return Err(Denied::NothingToSubmit);
        }
        mapping.apply(application);
        self.report(id, None, now)
    }

    /// The review desk sets a letter. Upstream forbids no order, so neither does the sandbox.
    pub(crate) fn review(
        &mut self,
        id: MappingId,
        letter: ReviewLetter,
        message: Option<String>,
        mishap: Option<CallbackMishap>,
        now: DateTime<Utc>,
    ) -> Result<(), Denied> {
        self.get_mut(id)?.review(letter, message);
        self.report(id, mishap, now)
    }

    /// The link is taken away or made again.
    pub(crate) fn set_deleted(
        &mut self,
        id: MappingId,
        deleted: bool,
        mishap: Option<CallbackMishap>,
        now: DateTime<Utc>,
    ) -> Result<(), Denied> {
        self.get_mut(id)?.is_deleted = deleted;
        self.report(id, mishap, now)
    }

    /// Puts points into the wallet of a business.
    pub(crate) fn set_points(&mut self, id: MappingId, points: i32) -> Result<(), Denied> {
        self.get_mut(id)?.points = points;
        Ok(())
    }

    /// Sends a kept callback once more, byte by byte, without faults; the one that left last if no number is given.
    pub(crate) fn resend(&mut self, id: MappingId, number: Option<u64>, now: DateTime<Utc>) -> Result<(), Denied> {
        let mapping = self.get_mut(id)?;
        let wanted = |record: &&CallbackRecord| number.is_none_or(|number| record.number == number);
        let record = mapping.callbacks.records().rfind(wanted);
        let outgoing = record.ok_or(Denied::NoSuchCallback)?.again(now);
        mapping.callbacks.push(outgoing);
        self.wake_sender(id)
    }

    /// Takes the next callback out of an outbox, or ends its turn.
    pub(crate) fn next_outgoing(&mut self, id: MappingId) -> Option<(Url, Outgoing)> {
        let mapping = self.get_mut(id).ok()?;
        let outgoing = mapping.callbacks.take_next()?;
        let url = outgoing.to.as_ref().unwrap_or(&mapping.callback_url);
        Some((url.clone(), outgoing))
    }

    /// Notes what became of a callback that was taken out. An approval that was taken well is not repeated.
    pub(crate) fn record(&mut self, id: MappingId, record: CallbackRecord) {
        self.settle(&record);
        if let Ok(mapping) = self.get_mut(id) {
            mapping.callbacks.record(record);
        }
    }

    /// Lets a held callback go, if no successors have done so.
    pub(crate) fn release(&mut self, id: MappingId, number: u64) -> Result<(), Denied> {
        self.get_mut(id)?.callbacks.release(number);
        self.wake_sender(id)
    }

    /// What came up since this was asked last.
    pub(crate) fn take_wakes(&mut self) -> Vec<Wake> {
        std::mem::take(&mut self.wakes)
    }
}

#[cfg(test)]
mod tests;
