//! What a batch knows of callbacks and pairs: loaded under the lock, changed by every command before the next one
//! sees it. From here commands get what only the write path can say.

use std::collections::{HashMap, HashSet};

use registry_domain::merchant::{self, Claim, ClaimBody, QuarantineStanding, Redrive};
use registry_domain::tenant::{self, UnclaimedStanding};
use registry_domain::{EventId, MerchantId, Reference, TenantId};

use crate::port::{
    ApprovalDigest, ApprovalRow, QuarantineRow, QuarantineState, Settlement, UnclaimedRow, UnclaimedState, Writes,
};
use crate::projection::{Callbacks, Place, approval_digest, approval_row};
use crate::record::StreamId;

/// What is known, and what follows from the events of this batch.
pub(super) struct Known {
    quarantined: HashMap<(TenantId, EventId), QuarantineRow>,
    pairs: HashMap<(TenantId, Reference), UnclaimedState>,
    approvals: HashSet<(TenantId, MerchantId, ApprovalDigest)>,
    new: Callbacks,
    new_approvals: Vec<ApprovalRow>,
}

impl Known {
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

    /// A command to a merchant with everything that only the write path can say.
    pub(super) fn fill_merchant(&self, tenant_id: TenantId, id: MerchantId, command: &mut merchant::Command) {
        match command {
            merchant::Command::ReceiveCallback(claim) => self.fill_claim(tenant_id, id, claim),
            merchant::Command::RedriveCallback(claim, redrive) => {
                self.fill_claim(tenant_id, id, claim);
                self.fill_redrive(tenant_id, redrive);
            }
            merchant::Command::DiscardCallback { event_id, standing, .. } => {
                *standing = self.standing_in(tenant_id, StreamId::Merchant(id), *event_id);
            }
            merchant::Command::Register(..)
            | merchant::Command::ChangeDetails(_)
            | merchant::Command::Archive
            | merchant::Command::Restore
            | merchant::Command::RequestLink { .. }
            | merchant::Command::RecordLinkIssued { .. }
            | merchant::Command::RecordLinkFailed { .. }
            | merchant::Command::RevokeLink { .. }
            | merchant::Command::RecordReading(_)
            | merchant::Command::ReleaseHold { .. }
            | merchant::Command::AddNote(_) => {}
        }
    }

    /// The same for a command to a tenant. `is_registered` tells whether a pair is some merchant's.
    pub(super) fn fill_tenant(
        &self,
        tenant_id: TenantId,
        command: &mut tenant::Command,
        is_registered: impl Fn(&Reference) -> bool,
    ) {
        match command {
            tenant::Command::ReceiveListed(pair) => {
                pair.known = self.pair(tenant_id, &pair.reference).is_some() || is_registered(&pair.reference);
            }
            tenant::Command::ResolveUnclaimed {
                reference, standing, ..
            } => {
                *standing = match self.pair(tenant_id, reference) {
                    None => UnclaimedStanding::Absent,
                    Some(UnclaimedState::Open) => UnclaimedStanding::Open,
                    Some(UnclaimedState::Adopted | UnclaimedState::Dismissed) => UnclaimedStanding::Settled,
                };
            }
            tenant::Command::DiscardCallback { event_id, standing, .. } => {
                *standing = self.standing_in(tenant_id, StreamId::Tenant(tenant_id), *event_id);
            }
            tenant::Command::Create(_)
            | tenant::Command::ConfigureUpstream(_)
            | tenant::Command::Suspend
            | tenant::Command::Resume
            | tenant::Command::IssueKey(_)
            | tenant::Command::RotateKey(_)
            | tenant::Command::RevokeKey(_)
            | tenant::Command::AddMember { .. }
            | tenant::Command::ChangeMember { .. }
            | tenant::Command::RemoveMember { .. }
            | tenant::Command::ReceiveUnclaimed(..)
            | tenant::Command::ChangeSettings(_)
            | tenant::Command::PauseUpstream { .. }
            | tenant::Command::ResumeUpstream
            | tenant::Command::RecordBalance { .. }
            | tenant::Command::JudgeCallbacks { .. }
            | tenant::Command::RecordAccess(_) => {}
        }
    }

    fn fill_claim(&self, tenant_id: TenantId, id: MerchantId, claim: &mut Claim) {
        if let ClaimBody::Approval { approval, known } = &mut claim.body {
            let digest = approval_digest(approval);
            *known = digest.is_some_and(|digest| self.approvals.contains(&(tenant_id, id, digest)));
        }
    }

    fn fill_redrive(&self, tenant_id: TenantId, redrive: &mut Redrive) {
        let row = self.quarantined.get(&(tenant_id, redrive.of));
        redrive.standing = row.map_or(QuarantineStanding::Absent, standing);
    }

    /// Only a callback of the very stream can be given up in it.
    fn standing_in(&self, tenant_id: TenantId, stream: StreamId, event_id: EventId) -> QuarantineStanding {
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
            | tenant::Event::Access(_) => {}
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
