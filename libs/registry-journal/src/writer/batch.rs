//! Deciding on a batch, in memory, in queue order. Runs inside the transaction and touches nothing outside.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::alerts::Alert;
use registry_domain::merchant::{self, Ask, AskGround, Command, QuarantineReason, QuestionPlan, Refusal};
use registry_domain::search::Found;
use registry_domain::tenant::{self, Slug, UnclaimedClaim};
use registry_domain::{EventId, LinkId, MerchantCode, MerchantId, Reference, Seq, TenantId, Version};

use super::append::{Appended, Appender, Sealing};
use super::idempotency::{idempotency_row, seen_before};
use super::standings::Standings;
use crate::port::{
    AlertRow, AuditEntry, Head, IdempotencyRow, IdentityRow, LinkRow, Loaded, LoadedMerchant, LoadedTenant,
    MerchantRow, MilestonesRow, Writes,
};
use crate::projection::{begun, joined, reached, renamed, seen};
use crate::record::{StreamEvent, StreamId};
use crate::stored;
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
    questions: QuestionPlan,
    /// Those that were written to, and when upstream is to be asked about them at the latest.
    touched_merchants: BTreeMap<(TenantId, MerchantId), Option<DateTime<Utc>>>,
    /// Those that have come on.
    milestones: BTreeMap<(TenantId, MerchantId), MilestonesRow>,
    /// Those whose alert has changed.
    alerts: BTreeMap<(TenantId, MerchantId), Option<Alert>>,
    /// Those that are found by something new.
    found_anew: BTreeSet<(TenantId, MerchantId)>,
    pub(super) touched_tenants: BTreeSet<TenantId>,
    writes: Writes,
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
            .filter_map(|(key, ask_at)| {
                merchants.get(&key).map(|loaded| MerchantRow {
                    tenant_id: key.0,
                    merchant: Arc::clone(&loaded.merchant),
                    ask_at,
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

    pub(super) fn merchant(
        &mut self,
        submission: &Submission,
        id: MerchantId,
        command: Command,
        expected: Option<Version>,
    ) -> Result<Outcome, WriteError> {
        let key = (submission.tenant_id, id);
        let before = self.merchants.get(&key).map(|loaded| loaded.merchant.as_ref());
        if let (Some(expected), Some(current)) = (expected, before.map(|merchant| merchant.version))
            && expected != current
        {
            return Ok(Outcome::Refused(Refusal::VersionMismatch { current }));
        }
        let is_report = matches!(command, Command::ReceiveCallback(_));
        let link_id = requested_link(&command);
        let context = self.context_of_merchant(submission.tenant_id, id, &command);
        let events = match merchant::decide(before, command, &context) {
            Ok(events) => events,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let appended = self.append_to_merchant(submission, id, &events)?;
        if let Some(link_id) = link_id {
            self.writes.links.push(LinkRow {
                tenant_id: submission.tenant_id,
                link_id,
                merchant_id: id,
            });
        }
        let after = self.merchants.get(&key).map(|loaded| loaded.merchant.as_ref());
        let row = after
            .zip(submission.idempotency.as_ref())
            .map(|(merchant, idempotency)| {
                idempotency_row(
                    submission.tenant_id,
                    &self.log,
                    idempotency,
                    merchant,
                    link_id,
                    self.now,
                )
            });
        let merchant = after.filter(|_| !is_report).map(|merchant| Box::new(merchant.clone()));
        if let Some(row) = row {
            self.remember(row);
        }
        let events = if is_report {
            Vec::new()
        } else {
            let facts = events.into_iter().map(StreamEvent::Merchant);
            self.log.recorded(&submission.origin, &appended, facts)
        };
        Ok(Outcome::Written(Written {
            events,
            merchant,
            ..self.written(submission.tenant_id, appended)
        }))
    }

    /// Appends to the merchant's stream and folds what was appended into its state.
    fn append_to_merchant(
        &mut self,
        submission: &Submission,
        id: MerchantId,
        events: &[merchant::Event],
    ) -> Result<Appended, WriteError> {
        let key = (submission.tenant_id, id);
        let before = self.merchants.get(&key);
        let (version, mut sealing) = match before {
            None => (Version::ZERO, Sealing::NewOwner),
            Some(LoadedMerchant { merchant, wrapped_key }) => (
                merchant.version,
                Sealing::of_existing(id.as_uuid(), wrapped_key.as_ref(), merchant.erased)?,
            ),
        };
        let seen_before = before.map(|loaded| seen(&loaded.merchant));
        let alert_before = before.and_then(|loaded| loaded.merchant.alerts.first().copied());
        let ground = before.and_then(|loaded| AskGround::of(&loaded.merchant));
        let number_before = before.map(|loaded| loaded.merchant.business.number.clone());
        let found_before = before.map(|loaded| Found::of(&loaded.merchant));
        let facts = events.iter().map(stored::from_merchant).collect();
        let stream = StreamId::Merchant(id);
        let appended = self.log.append(submission, stream, version, &mut sealing, facts)?;
        if appended.stamps.is_empty() {
            return Ok(appended);
        }
        let before = self.merchants.remove(&key);
        let mut state = before.map(|loaded| Arc::unwrap_or_clone(loaded.merchant));
        for (event, place) in events.iter().zip(appended.places(submission.tenant_id, stream)) {
            self.standings.note_merchant(place, event);
            state = merchant::evolve(id, state, event, place.stamp);
        }
        let Some(merchant) = state else { return Ok(appended) };
        let at = self.log.head(submission.tenant_id).recorded_at;
        let stretch = begun(submission.tenant_id, &merchant, seen_before, at);
        self.writes.history.extend(stretch);
        if let Some(row) = reached(submission.tenant_id, &merchant, seen_before, at) {
            self.milestones
                .entry(key)
                .and_modify(|kept| kept.add(&row))
                .or_insert(row);
        }
        let terms = renamed(submission.tenant_id, &merchant, found_before.as_ref(), at);
        self.writes.terms.extend(terms);
        if seen_before.is_none() {
            self.note_registration(submission.tenant_id, &merchant);
        }
        // A natural key never changes.
        if number_before.as_ref() != Some(&merchant.business.number) {
            self.found_anew.insert(key);
        }
        let alert = merchant.alerts.first().copied();
        if alert_before != alert {
            self.alerts.insert(key, alert);
        }
        self.plan_question(key, Ask::after(ground, events, &merchant));
        let wrapped_key = sealing.into_wrapped();
        let merchant = Arc::new(merchant);
        self.merchants.insert(key, LoadedMerchant { merchant, wrapped_key });
        Ok(appended)
    }

    /// Of what several commands of a batch ask for, the earliest counts.
    fn plan_question(&mut self, key: (TenantId, MerchantId), ask: Ask) {
        let wanted = self.questions.moment(ask, self.now);
        let planned = self.touched_merchants.get(&key).copied().flatten();
        self.touched_merchants
            .insert(key, QuestionPlan::earliest(planned, wanted));
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

fn requested_link(command: &Command) -> Option<LinkId> {
    match command {
        Command::RequestLink { link_id, .. } => Some(*link_id),
        Command::Register(..)
        | Command::ChangeDetails(_)
        | Command::Archive
        | Command::Restore
        | Command::RecordLinkIssued { .. }
        | Command::RecordLinkFailed { .. }
        | Command::RevokeLink { .. }
        | Command::RecordVisit { .. }
        | Command::ReceiveCallback(_)
        | Command::RecordReading(_)
        | Command::ReleaseHold { .. }
        | Command::RedriveCallback(..)
        | Command::DiscardCallback { .. }
        | Command::AddNote(_)
        | Command::JudgeAlerts { .. }
        | Command::AcknowledgeAlert { .. }
        | Command::SnoozeAlert { .. } => None,
    }
}
