//! Deciding on a batch, in memory, in queue order. Runs inside the transaction and touches nothing outside.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::{self, Claim, Command, Merchant, QuarantineReason, Refusal, Surroundings};
use registry_domain::tenant::{self, Tenant, UnclaimedClaim};
use registry_domain::{EventId, LinkId, MerchantId, Reference, Seq, Stamp, TenantId, Version};
use uuid::Uuid;

use crate::ambient::Ambient;
use crate::chain::hash_of;
use crate::keyring::{DataKey, Keyring, OpenError};
use crate::port::{Head, HistoryRow, IdempotencyRow, KeyRow, LinkRow, Loaded, LoadedMerchant, LoadedTenant, Writes};
use crate::record::{EventRow, StreamEvent, StreamId, actor_to_text};
use crate::stored;
use crate::submission::{Idempotency, Order, Outcome, Replay, Submission, WriteError, Written};

/// How long an Idempotency-Key is remembered.
pub const IDEMPOTENCY_LIFETIME: TimeDelta = TimeDelta::hours(24);

/// What was decided, for the time after the commit.
pub(super) struct Decided {
    /// One answer for each command, in order.
    pub(super) answers: Vec<Result<Outcome, WriteError>>,
    /// How many events were written.
    pub(super) events: u64,
    /// One of them, to find out after a lost commit whether all are there.
    pub(super) witness: Option<(TenantId, EventId)>,
}

/// A batch at work: what was loaded, changed by every command before the next one sees it.
pub(super) struct Batch<'a> {
    loaded: Loaded,
    keyring: &'a Keyring,
    ambient: &'a Ambient,
    now: DateTime<Utc>,
    by_reference: HashMap<(TenantId, Reference), MerchantId>,
    data_keys: HashMap<Uuid, DataKey>,
    writes: Writes,
    touched_merchants: BTreeSet<(TenantId, MerchantId)>,
    touched_tenants: BTreeSet<TenantId>,
}

/// Where the new events of one command stand.
struct Appended {
    event_ids: Vec<EventId>,
    seq: Seq,
}

impl<'a> Batch<'a> {
    pub(super) fn new(loaded: Loaded, keyring: &'a Keyring, ambient: &'a Ambient, now: DateTime<Utc>) -> Self {
        let by_reference = loaded
            .merchants
            .iter()
            .map(|((tenant_id, id), loaded)| ((*tenant_id, loaded.merchant.reference.clone()), *id))
            .collect();
        Self {
            loaded,
            keyring,
            ambient,
            now,
            by_reference,
            data_keys: HashMap::new(),
            writes: Writes::default(),
            touched_merchants: BTreeSet::new(),
            touched_tenants: BTreeSet::new(),
        }
    }

    /// Decides on all commands; returns what to write and what to answer once it is written.
    pub(super) fn decide(mut self, submissions: &[Submission]) -> (Writes, Decided) {
        let answers = submissions.iter().map(|submission| self.one(submission)).collect();
        let merchants = &mut self.loaded.merchants;
        self.writes.merchants = self
            .touched_merchants
            .iter()
            .filter_map(|key| merchants.remove(key).map(|loaded| (key.0, loaded.merchant)))
            .collect();
        let tenants = &mut self.loaded.tenants;
        self.writes.tenants = self
            .touched_tenants
            .iter()
            .filter_map(|id| tenants.remove(id).map(|loaded| loaded.tenant))
            .collect();
        let decided = Decided {
            answers,
            events: self.writes.events.len() as u64,
            witness: self.writes.events.last().map(|row| (row.tenant_id, row.event_id)),
        };
        (self.writes, decided)
    }

    fn one(&mut self, submission: &Submission) -> Result<Outcome, WriteError> {
        if let Some(seen) = self.seen_before(submission) {
            return Ok(seen);
        }
        let tenant_id = submission.tenant_id;
        match &submission.order {
            Order::Tenant(command) => self.tenant(submission, self.with_slug(command)),
            _ if !self.loaded.tenants.contains_key(&tenant_id) => {
                Ok(Outcome::TenantRefused(tenant::Refusal::NoSuchTenant))
            }
            Order::Register {
                merchant_id,
                registration,
            } => {
                let existing = self
                    .by_reference
                    .get(&(tenant_id, registration.reference.clone()))
                    .copied();
                let command = Command::Register(registration.clone(), self.surroundings(tenant_id, registration));
                self.merchant(submission, existing.unwrap_or(*merchant_id), command, None)
            }
            Order::Merchant {
                merchant_id,
                command,
                expected,
            } => {
                if let Command::ReceiveCallback(claim) = command
                    && !self.loaded.merchants.contains_key(&(tenant_id, *merchant_id))
                {
                    let why = UnclaimedClaim::Unusable(QuarantineReason::NoSuchMerchant);
                    return self.unclaimed(submission, claim, why);
                }
                self.merchant(submission, *merchant_id, command.clone(), *expected)
            }
            Order::CallbackByCodes { reference, claim } => {
                match self.by_reference.get(&(tenant_id, reference.clone())).copied() {
                    Some(id) => self.merchant(submission, id, Command::ReceiveCallback(claim.clone()), None),
                    None => self.unclaimed(submission, claim, UnclaimedClaim::UnknownPair(reference.clone())),
                }
            }
        }
    }

    fn seen_before(&self, submission: &Submission) -> Option<Outcome> {
        let Idempotency { key, fingerprint } = submission.idempotency.as_ref()?;
        let row = self
            .loaded
            .idempotency
            .get(&(submission.tenant_id, key.as_str().to_owned()))?;
        if row.fingerprint != *fingerprint {
            return Some(Outcome::KeyReused);
        }
        Some(Outcome::Replayed(Replay {
            merchant_id: row.merchant_id,
            link_id: row.link_id,
            version: row.version,
        }))
    }

    fn surroundings(&self, tenant_id: TenantId, registration: &merchant::Registration) -> Surroundings {
        let code = (tenant_id, registration.reference.merchant_code.clone());
        let number = registration
            .business_number
            .as_ref()
            .map(|number| (tenant_id, number.digits().to_owned()));
        let some = |count: Option<&u64>| count.is_some_and(|count| *count > 0);
        Surroundings {
            merchant_code_elsewhere: some(self.loaded.merchant_codes.get(&code)),
            business_number_elsewhere: number.is_some_and(|key| some(self.loaded.business_numbers.get(&key))),
        }
    }

    fn with_slug(&self, command: &tenant::Command) -> tenant::Command {
        let mut command = command.clone();
        if let tenant::Command::Create(creation) = &mut command {
            creation.slug_taken = self.loaded.slugs.get(&creation.slug).copied();
        }
        command
    }

    fn merchant(
        &mut self,
        submission: &Submission,
        id: MerchantId,
        command: Command,
        expected: Option<Version>,
    ) -> Result<Outcome, WriteError> {
        let tenant_id = submission.tenant_id;
        let before = self
            .loaded
            .merchants
            .get(&(tenant_id, id))
            .map(|loaded| &loaded.merchant);
        if let (Some(expected), Some(current)) = (expected, before.map(|merchant| merchant.version))
            && expected != current
        {
            return Ok(Outcome::Refused(Refusal::VersionMismatch { current }));
        }
        let is_report = matches!(command, Command::ReceiveCallback(_));
        let link_id = requested_link(&command);
        let seen_before = before.map(|merchant| (merchant.review.status(), merchant.stage()));
        let events = match merchant::decide(before, command) {
            Ok(events) => events,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let appended = self.append_to_merchant(submission, id, events)?;
        self.note_history(tenant_id, id, seen_before);
        self.note_registration(tenant_id, id, seen_before.is_none());
        if let Some(link_id) = link_id {
            self.writes.links.push(LinkRow {
                tenant_id,
                link_id,
                merchant_id: id,
            });
        }
        let merchant = self
            .loaded
            .merchants
            .get(&(tenant_id, id))
            .map(|loaded| &loaded.merchant);
        if let (Some(idempotency), Some(merchant)) = (&submission.idempotency, merchant) {
            let row = self.idempotency_row(tenant_id, idempotency, merchant, link_id);
            self.remember(row);
        }
        let merchant = self.loaded.merchants.get(&(tenant_id, id)).filter(|_| !is_report);
        let merchant = merchant.map(|loaded| Box::new(loaded.merchant.clone()));
        Ok(Outcome::Written(Written {
            event_ids: appended.event_ids,
            seq: appended.seq,
            merchant,
        }))
    }

    fn append_to_merchant(
        &mut self,
        submission: &Submission,
        id: MerchantId,
        events: Vec<merchant::Event>,
    ) -> Result<Appended, WriteError> {
        let tenant_id = submission.tenant_id;
        let (mut state, mut wrapped_key) = match self.loaded.merchants.remove(&(tenant_id, id)) {
            Some(LoadedMerchant { merchant, wrapped_key }) => (Some(merchant), wrapped_key),
            None => (None, None),
        };
        let is_new = state.is_none();
        let mut version = state.as_ref().map_or(Version::ZERO, |merchant| merchant.version);
        let key = self.data_key(tenant_id, id.as_uuid(), is_new, &mut wrapped_key);
        let mut appended = Appended {
            event_ids: Vec::with_capacity(events.len()),
            seq: self.head(tenant_id).seq,
        };
        if let Ok(key) = &key {
            for event in events {
                version = version.next();
                let event = StreamEvent::Merchant(event);
                let stamp = self.append(
                    submission,
                    StreamId::Merchant(id),
                    version,
                    &event,
                    key.as_ref(),
                    &mut appended,
                );
                if let StreamEvent::Merchant(event) = &event {
                    state = merchant::evolve(id, state, event, stamp);
                }
            }
        }
        if let Some(merchant) = state {
            self.loaded
                .merchants
                .insert((tenant_id, id), LoadedMerchant { merchant, wrapped_key });
        }
        key?;
        if !appended.event_ids.is_empty() {
            self.touched_merchants.insert((tenant_id, id));
        }
        Ok(appended)
    }

    fn unclaimed(
        &mut self,
        submission: &Submission,
        claim: &Claim,
        why: UnclaimedClaim,
    ) -> Result<Outcome, WriteError> {
        self.tenant(
            submission,
            tenant::Command::ReceiveUnclaimed(Box::new(claim.receipt.clone()), why),
        )
    }

    fn tenant(&mut self, submission: &Submission, command: tenant::Command) -> Result<Outcome, WriteError> {
        let id = submission.tenant_id;
        let state = self.loaded.tenants.get(&id).map(|loaded| &loaded.tenant);
        let events = match tenant::decide(state, command) {
            Ok(events) => events,
            Err(refusal) => return Ok(Outcome::TenantRefused(refusal)),
        };
        let (mut state, mut wrapped_key): (Option<Tenant>, _) = match self.loaded.tenants.remove(&id) {
            Some(LoadedTenant { tenant, wrapped_key }) => (Some(tenant), wrapped_key),
            None => (None, None),
        };
        let is_new = state.is_none();
        let key = self.data_key(id, id.as_uuid(), is_new, &mut wrapped_key);
        let mut version = state.as_ref().map_or(Version::ZERO, |tenant| tenant.version);
        let mut appended = Appended {
            event_ids: Vec::with_capacity(events.len()),
            seq: self.head(id).seq,
        };
        if let Ok(key) = &key {
            for event in events {
                version = version.next();
                let event = StreamEvent::Tenant(event);
                let stamp = self.append(
                    submission,
                    StreamId::Tenant(id),
                    version,
                    &event,
                    key.as_ref(),
                    &mut appended,
                );
                if let StreamEvent::Tenant(event) = &event {
                    state = tenant::evolve(id, state, event, stamp);
                }
            }
        }
        if let Some(tenant) = state {
            if is_new {
                self.loaded.slugs.insert(tenant.slug.clone(), id);
            }
            self.loaded.tenants.insert(id, LoadedTenant { tenant, wrapped_key });
        }
        key?;
        if !appended.event_ids.is_empty() {
            self.touched_tenants.insert(id);
        }
        Ok(Outcome::Written(Written {
            event_ids: appended.event_ids,
            seq: appended.seq,
            merchant: None,
        }))
    }

    /// The key of an owner's personal data: made for a new owner, none for one that was erased.
    fn data_key(
        &mut self,
        tenant_id: TenantId,
        owner: Uuid,
        is_new: bool,
        wrapped: &mut Option<Vec<u8>>,
    ) -> Result<Option<DataKey>, WriteError> {
        if let Some(key) = self.data_keys.get(&owner) {
            return Ok(Some(key.clone()));
        }
        let key = match wrapped {
            Some(wrapped) => self
                .keyring
                .unwrap(owner, wrapped)
                .map_err(|error| cannot_unwrap(owner, error))?,
            None if is_new => {
                let (key, made) = self.keyring.create(owner, self.ambient.ids.secret());
                self.writes.keys.push(KeyRow {
                    tenant_id,
                    owner,
                    wrapped: made.clone(),
                });
                *wrapped = Some(made);
                key
            }
            None => return Ok(None),
        };
        self.data_keys.insert(owner, key.clone());
        Ok(Some(key))
    }

    fn head(&self, tenant_id: TenantId) -> Head {
        self.loaded.heads.get(&tenant_id).copied().unwrap_or(Head::EMPTY)
    }

    fn append(
        &mut self,
        submission: &Submission,
        stream: StreamId,
        version: Version,
        event: &StreamEvent,
        key: Option<&DataKey>,
        appended: &mut Appended,
    ) -> Stamp {
        let head = self.head(submission.tenant_id);
        let stored = stored::from_domain(event);
        let event_id = EventId::from_uuid(self.ambient.ids.uuid());
        let sealed = match (stored.personal, key) {
            (Some(personal), Some(key)) => key.seal(event_id.as_uuid(), &personal.to_bytes()),
            (None, _) | (_, None) => Vec::new(),
        };
        let first = appended.event_ids.first().copied();
        let idempotency_key = submission.idempotency.as_ref().filter(|_| first.is_none());
        let mut row = EventRow {
            tenant_id: submission.tenant_id,
            seq: head.seq.next(),
            event_id,
            stream,
            version,
            event_type: stored.event_type.to_owned(),
            // A clock that was set back must not make the log's time run backwards.
            recorded_at: self.now.max(head.recorded_at),
            actor: actor_to_text(&submission.origin.actor),
            correlation_id: submission.origin.correlation_id,
            causation_id: first,
            idempotency_key: idempotency_key.map(|idempotency| idempotency.key.as_str().to_owned()),
            data: stored.data,
            sealed,
            hash: [0; 32],
        };
        row.hash = hash_of(&head.hash, &row);
        let stamp = row.stamp();
        let head = Head {
            seq: row.seq,
            hash: row.hash,
            recorded_at: row.recorded_at,
        };
        self.loaded.heads.insert(submission.tenant_id, head);
        appended.event_ids.push(event_id);
        appended.seq = stamp.seq;
        self.writes.events.push(row);
        stamp
    }

    /// Begins a new stretch of the merchant's history if the command changed what can be seen of it.
    fn note_history(
        &mut self,
        tenant_id: TenantId,
        merchant_id: MerchantId,
        before: Option<(registry_domain::review::ReviewStatus, merchant::Stage)>,
    ) {
        let Some(loaded) = self.loaded.merchants.get(&(tenant_id, merchant_id)) else {
            return;
        };
        let merchant = &loaded.merchant;
        let (status, stage) = (merchant.review.status(), merchant.stage());
        if before == Some((status, stage)) {
            return;
        }
        let valid_from = self.head(tenant_id).recorded_at;
        let version = merchant.version;
        let open = |row: &&mut HistoryRow| {
            row.tenant_id == tenant_id && row.merchant_id == merchant_id && row.valid_to.is_none()
        };
        if before.is_some()
            && let Some(row) = self.writes.history.iter_mut().rev().find(open)
        {
            row.valid_to = Some(valid_from);
        }
        self.writes.history.push(HistoryRow {
            tenant_id,
            merchant_id,
            version,
            status,
            stage,
            valid_from,
            valid_to: None,
        });
    }

    fn note_registration(&mut self, tenant_id: TenantId, id: MerchantId, is_new: bool) {
        let Some(loaded) = self.loaded.merchants.get(&(tenant_id, id)).filter(|_| is_new) else {
            return;
        };
        let merchant = &loaded.merchant;
        self.by_reference.insert((tenant_id, merchant.reference.clone()), id);
        *self
            .loaded
            .merchant_codes
            .entry((tenant_id, merchant.reference.merchant_code.clone()))
            .or_default() += 1;
        if let Some(number) = &merchant.business.number {
            *self
                .loaded
                .business_numbers
                .entry((tenant_id, number.as_str().to_owned()))
                .or_default() += 1;
        }
    }

    fn idempotency_row(
        &self,
        tenant_id: TenantId,
        idempotency: &Idempotency,
        merchant: &Merchant,
        link_id: Option<LinkId>,
    ) -> IdempotencyRow {
        IdempotencyRow {
            tenant_id,
            key: idempotency.key.as_str().to_owned(),
            fingerprint: idempotency.fingerprint,
            merchant_id: merchant.id,
            link_id,
            version: merchant.version,
            created_at: self.now,
            expires_at: self.now + IDEMPOTENCY_LIFETIME,
        }
    }

    fn remember(&mut self, row: IdempotencyRow) {
        self.loaded
            .idempotency
            .insert((row.tenant_id, row.key.clone()), row.clone());
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
        | Command::ReceiveCallback(_) => None,
    }
}

fn cannot_unwrap(owner: Uuid, error: OpenError) -> WriteError {
    tracing::error!(%owner, error = &error as &dyn std::error::Error, "data key cannot be unwrapped");
    WriteError::Failed
}
