//! How callbacks, pairs and payment approvals stand while a batch works: loaded under the lock, changed by every command before
//! the next one sees it.

use std::collections::{HashMap, HashSet};

use registry_domain::merchant::{self, Approval, QuarantineStanding};
use registry_domain::tenant;
use registry_domain::{EventId, MerchantId, Reference, TenantId};

use crate::port::{
    ApprovalDigest, ApprovalRow, QuarantineRow, QuarantineState, Settlement, UnclaimedRow, UnclaimedState, Writes,
};
use crate::projection::{Callbacks, Place, approval_digest, approval_row};
use crate::record::StreamId;

/// How they stand, and what follows from the events of this batch.
pub(super) struct Standings {
    quarantined: HashMap<(TenantId, EventId), QuarantineRow>,
    pairs: HashMap<(TenantId, Reference), UnclaimedState>,
    approvals: HashSet<(TenantId, MerchantId, ApprovalDigest)>,
    new: Callbacks,
    new_approvals: Vec<ApprovalRow>,
}

impl Standings {
    pub(super) fn new(
        quarantined: HashMap<(TenantId, EventId), QuarantineRow>,
        unclaimed: HashMap<(TenantId, Reference), UnclaimedRow>,
        approvals: HashSet<(TenantId, MerchantId, ApprovalDigest)>,
    ) -> Self {
        Self {
            quarantined,
            pairs: unclaimed.into_iter().map(|(key, row)| (key, row.state)).collect(),
            approvals,
            new: Callbacks::default(),
            new_approvals: Vec::new(),
        }
    }

    /// How a pair stands of which upstream spoke before anybody had registered it.
    pub(super) fn pair(&self, tenant_id: TenantId, reference: &Reference) -> Option<UnclaimedState> {
        self.pairs.get(&(tenant_id, reference.clone())).copied()
    }

    /// Whether a merchant has a payment approval already, to the letter.
    pub(super) fn knows_approval(&self, tenant_id: TenantId, id: MerchantId, approval: &Approval) -> bool {
        let digest = approval_digest(approval);
        digest.is_some_and(|digest| self.approvals.contains(&(tenant_id, id, digest)))
    }

    /// How a callback stands, in whichever stream.
    pub(super) fn of_callback(&self, tenant_id: TenantId, event_id: EventId) -> QuarantineStanding {
        let row = self.quarantined.get(&(tenant_id, event_id));
        row.map_or(QuarantineStanding::Absent, standing)
    }

    /// The same for one of this stream: only a callback of the very stream can be given up in it.
    pub(super) fn in_stream(&self, tenant_id: TenantId, stream: StreamId, event_id: EventId) -> QuarantineStanding {
        let row = self.quarantined.get(&(tenant_id, event_id));
        row.filter(|row| row.stream == stream)
            .map_or(QuarantineStanding::Absent, standing)
    }

    /// An event of a merchant's stream was appended.
    pub(super) fn note_merchant(&mut self, place: Place, event: &merchant::Event) {
        if let Some(settlement) = self.new.note_merchant(place, event) {
            self.settle(settlement);
        }
        if let Some(row) = approval_row(place, event) {
            let key = row.identity.map(|digest| (row.tenant_id, row.merchant_id, digest));
            self.approvals.extend(key);
            self.new_approvals.push(row);
        }
    }

    /// An event of a tenant's own stream was appended.
    pub(super) fn note_tenant(&mut self, place: Place, event: &tenant::Event) {
        if let Some(settlement) = self.new.note_tenant(place, event) {
            self.settle(settlement);
        }
        let tenant_id = place.tenant_id;
        match event {
            tenant::Event::UnclaimedMerchantSeen { reference, .. }
            | tenant::Event::UnclaimedMerchantListed { reference, .. } => {
                let key = (tenant_id, reference.clone());
                self.pairs.entry(key).or_insert(UnclaimedState::Open);
            }
            tenant::Event::UnclaimedMerchantAdopted { reference, .. } => {
                self.pairs
                    .insert((tenant_id, reference.clone()), UnclaimedState::Adopted);
            }
            tenant::Event::UnclaimedMerchantDismissed { reference, .. } => self.dismiss(place, reference),
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
            | tenant::Event::CallbackQuarantined { .. }
            | tenant::Event::CallbackDiscarded { .. }
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
    }

    fn settle(&mut self, settlement: Settlement) {
        let row = self.quarantined.get_mut(&(settlement.tenant_id, settlement.event_id));
        if let Some(row) = row {
            row.state = settlement.state;
        }
    }

    fn dismiss(&mut self, place: Place, reference: &Reference) {
        let rows = self.quarantined.values_mut();
        for row in rows.filter(|row| row.tenant_id == place.tenant_id && row.reference.as_ref() == Some(reference)) {
            row.state = QuarantineState::Discarded;
        }
        let key = (place.tenant_id, reference.clone());
        self.pairs.insert(key, UnclaimedState::Dismissed);
    }

    /// Has the batch write what follows.
    pub(super) fn write(self, writes: &mut Writes) {
        self.new.write(writes);
        writes.approvals.extend(self.new_approvals);
    }
}

fn standing(row: &QuarantineRow) -> QuarantineStanding {
    match row.state {
        QuarantineState::Open => QuarantineStanding::Open(row.reason),
        QuarantineState::Redriven | QuarantineState::Discarded => QuarantineStanding::Settled,
    }
}
