//! Deciding on a batch, in memory, in queue order. Runs inside the transaction and touches nothing outside.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::alerts::Alert;
use registry_domain::merchant::{Command, QuarantineReason, QuestionPlan};
use registry_domain::tenant::{self, Slug, UnclaimedClaim};
use registry_domain::{EventId, MerchantCode, MerchantId, Reference, Seq, TenantId};

use super::append::{Appended, Appender};
use super::idempotency::seen_before;
use super::standings::Standings;
use crate::port::{
    AlertRow, AuditEntry, CountedBefore, Head, IdempotencyRow, IdentityRow, Loaded, LoadedMerchant, LoadedTenant,
    MerchantRow, MilestonesRow, Writes,
};
use crate::projection::joined;
use crate::submission::{Order, Outcome, Submission, WriteError, Written};

/// What was decided, for the time after the commit.
pub(super) struct Decided {
    /// One answer for each command, in order.
    pub(super) answers: Vec<Result<Outcome, WriteError>>,
    /// How many events were written.
    pub(super) events: u64,
    /// One of them and where it stands, to find out after a lost commit whether all are there.
    pub(super) witness: Option<(TenantId, Seq, EventId)>,
    /// What is true once it is committed.
    pub(super) left: Left,
}

/// What a batch leaves behind.
pub(super) struct Left {
    /// Where the logs end.
    pub(super) heads: HashMap<TenantId, Head>,
    /// The merchants that it saw.
    pub(super) merchants: HashMap<(TenantId, MerchantId), LoadedMerchant>,
    /// The tenants that it changed themselves.
    pub(super) changed_tenants: Vec<TenantId>,
}

/// A batch at work: what was loaded, changed by every command before the next one sees it.
pub(super) struct Batch<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) log: Appender<'a>,
    pub(super) tenants: HashMap<TenantId, LoadedTenant>,
    pub(super) merchants: HashMap<(TenantId, MerchantId), LoadedMerchant>,
    pub(super) by_reference: HashMap<(TenantId, Reference), MerchantId>,
    pub(super) merchant_codes: HashSet<(TenantId, MerchantCode)>,
    pub(super) business_numbers: HashSet<(TenantId, String)>,
    idempotency: HashMap<(TenantId, String), IdempotencyRow>,
    pub(super) slugs: HashMap<Slug, TenantId>,
    pub(super) standings: Standings,
    pub(super) questions: QuestionPlan,
    /// Those that were written to.
    pub(super) touched_merchants: BTreeMap<(TenantId, MerchantId), Touched>,
    /// Those that have come on.
    pub(super) milestones: BTreeMap<(TenantId, MerchantId), MilestonesRow>,
    /// Those whose alert has changed.
    pub(super) alerts: BTreeMap<(TenantId, MerchantId), Option<Alert>>,
    /// Those that are found by something new.
    pub(super) found_anew: BTreeSet<(TenantId, MerchantId)>,
    pub(super) touched_tenants: BTreeSet<TenantId>,
    pub(super) writes: Writes,
}

/// A merchant that was written to.
pub(super) struct Touched {
    /// What is counted of the row in whose place it comes.
    pub(super) before: CountedBefore,
    /// When upstream is to be asked about it at the latest.
    pub(super) ask_at: Option<DateTime<Utc>>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(loaded: Loaded, log: Appender<'a>, questions: QuestionPlan, now: DateTime<Utc>) -> Self {
        let Loaded {
            heads: _,
            tenants,
            merchants,
            merchant_codes,
            business_numbers,
            idempotency,
            slugs,
            quarantined,
            unclaimed,
            approvals,
            streams: _,
        } = loaded;
        let by_reference = merchants
            .iter()
            .map(|((tenant_id, id), loaded)| ((*tenant_id, loaded.merchant.reference.clone()), *id))
            .collect();
        Self {
            now,
            log,
            tenants,
            merchants,
            by_reference,
            merchant_codes,
            business_numbers,
            idempotency,
            slugs,
            standings: Standings::new(quarantined, unclaimed, approvals),
            questions,
            touched_merchants: BTreeMap::new(),
            milestones: BTreeMap::new(),
            alerts: BTreeMap::new(),
            found_anew: BTreeSet::new(),
            touched_tenants: BTreeSet::new(),
            writes: Writes::default(),
        }
    }

    /// Decides on all commands; returns what to write and what to answer once it is written.
    pub(super) fn decide(mut self, submissions: &[Submission]) -> (Writes, Decided) {
        let answers = submissions.iter().map(|submission| self.one(submission)).collect();
        let Self {
            log,
            mut tenants,
            merchants,
            standings,
            touched_merchants,
            milestones,
            alerts,
            found_anew,
            touched_tenants,
            mut writes,
            ..
        } = self;
        writes.milestones = milestones.into_values().collect();
        let alerts = alerts.into_iter();
        writes.alerts = alerts
            .map(|((tenant_id, merchant_id), alert)| AlertRow {
                tenant_id,
                merchant_id,
                alert,
            })
            .collect();
        let found_anew = found_anew.into_iter();
        writes.identities = found_anew
            .filter_map(|key| {
                merchants
                    .get(&key)
                    .map(|loaded| IdentityRow::of(key.0, &loaded.merchant))
            })
            .collect();
        let touched = touched_merchants.into_iter();
        writes.merchants = touched
            .filter_map(|(key, Touched { before, ask_at })| {
                merchants.get(&key).map(|loaded| MerchantRow {
                    tenant_id: key.0,
                    merchant: Arc::clone(&loaded.merchant),
                    ask_at,
                    before,
                })
            })
            .collect();
        let touched = touched_tenants.iter();
        writes.tenants = touched
            .filter_map(|id| tenants.remove(id).map(|loaded| loaded.tenant))
            .collect();
        let left = Left {
            heads: log.heads,
            merchants,
            changed_tenants: touched_tenants.into_iter().collect(),
        };
        joined(&mut writes.terms);
        writes.events = log.rows;
        writes.audit = writes.events.iter().filter_map(AuditEntry::of).collect();
        writes.keys = log.keys;
        standings.write(&mut writes);
        let decided = Decided {
            answers,
            events: writes.events.len() as u64,
            witness: writes.events.last().map(|row| (row.tenant_id, row.seq, row.event_id)),
            left,
        };
        (writes, decided)
    }

    fn one(&mut self, submission: &Submission) -> Result<Outcome, WriteError> {
        if let Some(seen) = seen_before(&self.idempotency, &self.log, submission) {
            return Ok(seen);
        }
        let tenant_id = submission.tenant_id;
        match &submission.order {
            Order::Tenant(command) => self.tenant(submission, command.clone()),
            _ if !self.tenants.contains_key(&tenant_id) => Ok(Outcome::TenantRefused(tenant::Refusal::NoSuchTenant)),
            Order::Register {
                merchant_id,
                registration,
            } => self.register(submission, *merchant_id, registration),
            Order::Adopt {
                merchant_id,
                registration,
            } => self.adopt(submission, *merchant_id, registration),
            Order::Merchant {
                merchant_id,
                command,
                expected,
            } => {
                if let Command::ReceiveCallback(claim) = command
                    && !self.merchants.contains_key(&(tenant_id, *merchant_id))
                {
                    let why = UnclaimedClaim::Unusable(QuarantineReason::NoSuchMerchant);
                    return self.unclaimed(submission, claim, why);
                }
                self.merchant(submission, *merchant_id, command.clone(), *expected)
            }
            Order::CallbackByCodes { reference, claim } => match self.registered(tenant_id, reference) {
                Some(id) => self.merchant(submission, id, Command::ReceiveCallback(claim.clone()), None),
                None => self.unclaimed(submission, claim, UnclaimedClaim::UnknownPair(reference.clone())),
            },
            Order::RedriveByCodes {
                reference,
                claim,
                redrive,
            } => match self.registered(tenant_id, reference) {
                Some(id) => self.merchant(submission, id, Command::RedriveCallback(claim.clone(), *redrive), None),
                None => Ok(Outcome::Written(self.written(tenant_id, Appended::default()))),
            },
        }
    }

    pub(super) fn registered(&self, tenant_id: TenantId, reference: &Reference) -> Option<MerchantId> {
        let mut spellings = reference.spellings().into_iter();
        spellings.find_map(|spelling| self.by_reference.get(&(tenant_id, spelling)).copied())
    }

    /// What every sender is told.
    pub(super) fn written(&self, tenant_id: TenantId, appended: Appended) -> Written {
        Written {
            seq: appended.last_seq(self.log.head(tenant_id)),
            event_ids: appended.event_ids,
            events: Vec::new(),
            merchant: None,
            tenant: None,
        }
    }

    pub(super) fn remember(&mut self, row: IdempotencyRow) {
        let key = (row.tenant_id, row.key.clone());
        self.idempotency.insert(key, row.clone());
        self.writes.idempotency.push(row);
    }
}
