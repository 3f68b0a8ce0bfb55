//! What the log says of callbacks that somebody must look at, and of payment approvals: the rows that follow from
//! events. The write path, the rebuild and the copy all come by their rows here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{self, Approval, Verdict};
use registry_domain::tenant;
use registry_domain::{EventId, MerchantId, Reference, Stamp, TenantId, UnclaimedId};
use sha2::{Digest, Sha256};

use crate::port::{
    ApprovalDigest, ApprovalRow, QuarantineRow, QuarantineState, Settlement, UnclaimedRow, UnclaimedState, Writes,
};
use crate::record::{RecordedEvent, StreamEvent, StreamId};

/// Where an event stands.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Whose log.
    pub tenant_id: TenantId,
    /// Its id.
    pub event_id: EventId,
    /// In which stream.
    pub stream: StreamId,
    /// Where in the log and in the stream, and since when.
    pub stamp: Stamp,
}

/// The rows of callbacks in quarantine and of pairs that nobody had registered, as far as the events noted say.
#[derive(Debug, Clone, Default)]
pub struct Callbacks {
    quarantine: Vec<QuarantineRow>,
    settlements: Vec<Settlement>,
    unclaimed: BTreeMap<(TenantId, Reference), UnclaimedRow>,
}

impl Callbacks {
    /// Notes an event that was read back.
    pub fn note(&mut self, recorded: &RecordedEvent) {
        let place = place_of(recorded);
        match &recorded.event {
            StreamEvent::Merchant(event) => self.note_merchant(place, event),
            StreamEvent::Tenant(event) => self.note_tenant(place, event),
        };
    }

    /// Notes an event of a merchant's stream. Returns what it settles, if anything.
    pub fn note_merchant(&mut self, place: Place, event: &merchant::Event) -> Option<Settlement> {
        match event {
            merchant::Event::CallbackReceived {
                verdict,
                received_at,
                redrive_of,
                ..
            } => {
                if let Verdict::Quarantined(reason) = verdict {
                    self.quarantine.push(quarantined(place, *reason, *received_at, None));
                }
                redrive_of.map(|of| self.settle(place, of, QuarantineState::Redriven))
            }
            merchant::Event::PaymentApprovalReceived { redrive_of, .. } => {
                redrive_of.map(|of| self.settle(place, of, QuarantineState::Redriven))
            }
            merchant::Event::CallbackDiscarded { event_id, .. } => {
                Some(self.settle(place, *event_id, QuarantineState::Discarded))
            }
            merchant::Event::MerchantRegistered { .. }
            | merchant::Event::MerchantDetailsChanged { .. }
            | merchant::Event::MerchantArchived
            | merchant::Event::MerchantRestored
            | merchant::Event::MerchantErased
            | merchant::Event::LinkRequested { .. }
            | merchant::Event::LinkIssued { .. }
            | merchant::Event::LinkIssueFailed { .. }
            | merchant::Event::LinkRevoked { .. }
            | merchant::Event::LinkOpened
            | merchant::Event::LinkContinued { .. }
            | merchant::Event::MerchantReturned
            | merchant::Event::StatusObserved { .. }
            | merchant::Event::ReviewChanged { .. }
            | merchant::Event::BusinessDetailsChanged { .. }
            | merchant::Event::UpstreamUnlinked { .. }
            | merchant::Event::UpstreamRelinked { .. }
            | merchant::Event::ConfirmationRequested { .. }
            | merchant::Event::ConfirmationResolved { .. }
            | merchant::Event::NoteAdded { .. }
            | merchant::Event::Alert(_) => None,
        }
    }

    /// Notes an event of a tenant's own stream. Returns what it settles, if anything.
    pub fn note_tenant(&mut self, place: Place, event: &tenant::Event) -> Option<Settlement> {
        match event {
            tenant::Event::UnclaimedMerchantSeen {
                reference, received_at, ..
            } => {
                let reason = merchant::QuarantineReason::UnknownMerchant;
                let pair = Some(reference.clone());
                self.quarantine.push(quarantined(place, reason, *received_at, pair));
                let mut row = told_of(place, reference);
                row.callbacks = 1;
                self.join(row);
            }
            tenant::Event::CallbackQuarantined {
                reason, received_at, ..
            } => self.quarantine.push(quarantined(place, *reason, *received_at, None)),
            tenant::Event::CallbackDiscarded { event_id, .. } => {
                return Some(self.settle(place, *event_id, QuarantineState::Discarded));
            }
            tenant::Event::UnclaimedMerchantListed {
                reference,
                mapping_status,
                ..
            } => {
                let mut row = told_of(place, reference);
                row.listed = true;
                row.mapping_status.clone_from(mapping_status);
                self.join(row);
            }
            tenant::Event::UnclaimedMerchantAdopted { reference, merchant_id } => {
                self.join(settled(place, reference, UnclaimedState::Adopted, Some(*merchant_id)));
            }
            tenant::Event::UnclaimedMerchantDismissed { reference, .. } => {
                self.join(settled(place, reference, UnclaimedState::Dismissed, None));
            }
            tenant::Event::TenantCreated { .. }
            | tenant::Event::UpstreamConfigured { .. }
            | tenant::Event::TenantSuspended
            | tenant::Event::TenantResumed
            | tenant::Event::ApiKeyIssued { .. }
            | tenant::Event::ApiKeyRotated { .. }
            | tenant::Event::ApiKeyRevoked { .. }
            | tenant::Event::MemberAdded { .. }
            | tenant::Event::MemberRoleChanged { .. }
            | tenant::Event::MemberRemoved { .. }
            | tenant::Event::SettingsChanged { .. }
            | tenant::Event::UpstreamPaused { .. }
            | tenant::Event::UpstreamResumed
            | tenant::Event::BalanceLow { .. }
            | tenant::Event::BalanceRecovered { .. }
            | tenant::Event::CallbacksMissing { .. }
            | tenant::Event::CallbacksSeen
            | tenant::Event::Access(_)
            | tenant::Event::AlertRuleSet { .. }
            | tenant::Event::AlertRuleRemoved { .. }
            | tenant::Event::Alert(_)
            | tenant::Event::Destination(_)
            | tenant::Event::RoleMappingsReplaced { .. }
            | tenant::Event::View(_)
            | tenant::Event::Job(_) => {}
        }
        None
    }

    fn settle(&mut self, place: Place, of: EventId, state: QuarantineState) -> Settlement {
        let settlement = Settlement {
            tenant_id: place.tenant_id,
            event_id: of,
            state,
            settled_by: place.event_id,
        };
        self.settlements.push(settlement);
        settlement
    }

    fn join(&mut self, row: UnclaimedRow) {
        let key = (row.tenant_id, row.reference.clone());
        let row = match self.unclaimed.remove(&key) {
            Some(known) => known.joined(row),
            None => row,
        };
        self.unclaimed.insert(key, row);
    }

    /// Has a batch write what was noted.
    pub fn write(self, writes: &mut Writes) {
        writes.quarantine.extend(self.quarantine);
        writes.settlements.extend(self.settlements);
        writes.unclaimed.extend(self.unclaimed.into_values());
    }

    /// The rows as they stand once a tenant's whole log was noted, in whatever order its streams came.
    pub fn into_rows(self) -> (Vec<QuarantineRow>, Vec<UnclaimedRow>) {
        let Self {
            mut quarantine,
            settlements,
            unclaimed,
        } = self;
        // A callback that is settled is settled once.
        let settled: BTreeMap<EventId, Settlement> = settlements.into_iter().map(|it| (it.event_id, it)).collect();
        for row in &mut quarantine {
            let dismissed = row.reference.as_ref().and_then(|reference| {
                let pair = unclaimed.get(&(row.tenant_id, reference.clone()))?;
                (pair.state == UnclaimedState::Dismissed).then_some(pair.settled_by)
            });
            if let Some(settlement) = settled.get(&row.event_id) {
                row.state = settlement.state;
                row.settled_by = Some(settlement.settled_by);
            } else if let Some(settled_by) = dismissed {
                row.state = QuarantineState::Discarded;
                row.settled_by = settled_by;
            }
        }
        quarantine.sort_unstable_by_key(|row| row.seq);
        let mut unclaimed: Vec<_> = unclaimed.into_values().collect();
        unclaimed.sort_unstable_by_key(|row| row.id);
        (quarantine, unclaimed)
    }
}

fn quarantined(
    place: Place,
    reason: merchant::QuarantineReason,
    received_at: DateTime<Utc>,
    reference: Option<Reference>,
) -> QuarantineRow {
    QuarantineRow {
        tenant_id: place.tenant_id,
        event_id: place.event_id,
        seq: place.stamp.seq,
        stream: place.stream,
        version: place.stamp.version,
        reason,
        reference,
        received_at,
        state: QuarantineState::Open,
        settled_by: None,
    }
}

/// A pair of which upstream speaks in this event.
fn told_of(place: Place, reference: &Reference) -> UnclaimedRow {
    UnclaimedRow {
        tenant_id: place.tenant_id,
        reference: reference.clone(),
        id: UnclaimedId::from_uuid(place.event_id.as_uuid()),
        first_seen_at: place.stamp.recorded_at,
        last_seen_at: place.stamp.recorded_at,
        callbacks: 0,
        listed: false,
        mapping_status: None,
        state: UnclaimedState::Open,
        merchant_id: None,
        settled_by: None,
    }
}

/// A pair that is settled by this event. What was known of it before stands.
fn settled(
    place: Place,
    reference: &Reference,
    state: UnclaimedState,
    merchant_id: Option<MerchantId>,
) -> UnclaimedRow {
    UnclaimedRow {
        // To settle it is not to be told of it: the time does not count.
        last_seen_at: DateTime::UNIX_EPOCH,
        state,
        merchant_id,
        settled_by: Some(place.event_id),
        ..told_of(place, reference)
    }
}

/// Where an event that was read back stands.
pub fn place_of(recorded: &RecordedEvent) -> Place {
    Place {
        tenant_id: recorded.tenant_id,
        event_id: recorded.event_id,
        stream: recorded.stream,
        stamp: recorded.stamp,
    }
}

/// The row of a payment approval, if the event is one.
pub fn approval_row(place: Place, event: &merchant::Event) -> Option<ApprovalRow> {
    let merchant::Event::PaymentApprovalReceived { approval, .. } = event else {
        return None;
    };
    Some(ApprovalRow {
        tenant_id: place.tenant_id,
        merchant_id: place.stream.merchant_id()?,
        version: place.stamp.version,
        event_id: place.event_id,
        identity: approval_digest(approval),
        recorded_at: place.stamp.recorded_at,
    })
}

/// By what a payment approval is recognised: all that it says, and how its key compared. None if it cannot be told from
/// another.
pub fn approval_digest(approval: &Approval) -> Option<ApprovalDigest> {
    if !approval.is_recognisable() {
        return None;
    }
    let mut hasher = Sha256::new();
    hasher.update(approval.api_key.as_str());
    for field in approval.texts() {
        // With its length before it, no text can pass for the end of another.
        let text = field.map_or("", |text| text.as_str());
        hasher.update([u8::from(field.is_some())]);
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    Some(ApprovalDigest(hasher.finalize().into()))
}
