//! What is known under the lock, as far as a command is about it: from here `decide` gets what no sender could say.

use registry_domain::merchant::{self, Claim, ClaimBody, Registration, Surroundings};
use registry_domain::tenant::{self, UnclaimedStanding};
use registry_domain::{MerchantId, Reference, TenantId};

use super::batch::Batch;
use crate::port::UnclaimedState;
use crate::record::StreamId;

impl Batch<'_> {
    /// For a command to a merchant.
    pub(super) fn context_of_merchant(
        &self,
        tenant_id: TenantId,
        id: MerchantId,
        command: &merchant::Command,
    ) -> merchant::Context {
        let mut context = merchant::Context::default();
        match command {
            merchant::Command::Register(registration) => {
                context.surroundings = self.surroundings(tenant_id, registration);
            }
            merchant::Command::ReceiveCallback(claim) => {
                context.knows_approval = self.knows_approval(tenant_id, id, claim);
            }
            merchant::Command::RedriveCallback(claim, redrive) => {
                context.knows_approval = self.knows_approval(tenant_id, id, claim);
                context.standing = self.standings.of_callback(tenant_id, redrive.of);
            }
            merchant::Command::DiscardCallback { event_id, .. } => {
                context.standing = self.standings.in_stream(tenant_id, StreamId::Merchant(id), *event_id);
            }
            merchant::Command::ChangeDetails(_)
            | merchant::Command::Archive
            | merchant::Command::Restore
            | merchant::Command::RequestLink { .. }
            | merchant::Command::RecordLinkIssued { .. }
            | merchant::Command::RecordLinkFailed { .. }
            | merchant::Command::RevokeLink { .. }
            | merchant::Command::RecordVisit { .. }
            | merchant::Command::RecordReading(_)
            | merchant::Command::ReleaseHold { .. }
            | merchant::Command::AddNote(_)
            | merchant::Command::AcknowledgeAlert { .. }
            | merchant::Command::SnoozeAlert { .. } => {}
            merchant::Command::JudgeAlerts { .. } => {
                if let Some(loaded) = self.tenants.get(&tenant_id) {
                    context.alert_rules.clone_from(&loaded.tenant.alert_rules);
                    context.calendar.clone_from(&loaded.tenant.settings.calendar);
                }
            }
        }
        context
    }

    /// For a command to a tenant.
    pub(super) fn context_of_tenant(&self, tenant_id: TenantId, command: &tenant::Command) -> tenant::Context {
        let mut context = tenant::Context::default();
        match command {
            tenant::Command::Create(creation) => context.slug_taken = self.slugs.get(&creation.slug).copied(),
            tenant::Command::ReceiveListed(pair) => {
                context.pair = self.pair_stands(tenant_id, &pair.reference);
                context.pair_is_registered = self.registered(tenant_id, &pair.reference).is_some();
            }
            tenant::Command::ResolveUnclaimed { reference, .. } => {
                context.pair = self.pair_stands(tenant_id, reference);
            }
            tenant::Command::DiscardCallback { event_id, .. } => {
                let stream = StreamId::Tenant(tenant_id);
                context.standing = self.standings.in_stream(tenant_id, stream, *event_id);
            }
            tenant::Command::ConfigureUpstream(_)
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
            | tenant::Command::RecordAccess(_)
            | tenant::Command::SetAlertRule { .. }
            | tenant::Command::RemoveAlertRule { .. }
            | tenant::Command::JudgeHealth { .. }
            | tenant::Command::AcknowledgeAlert { .. }
            | tenant::Command::SnoozeAlert { .. }
            | tenant::Command::Destination(_)
            | tenant::Command::RecordRoleMappings(_)
            | tenant::Command::RecordView(_)
            | tenant::Command::RecordJob(_) => {}
        }
        context
    }

    fn knows_approval(&self, tenant_id: TenantId, id: MerchantId, claim: &Claim) -> bool {
        match &claim.body {
            ClaimBody::Approval(approval) => self.standings.knows_approval(tenant_id, id, approval),
            ClaimBody::Mapping { .. } | ClaimBody::Unusable(_) => false,
        }
    }

    fn pair_stands(&self, tenant_id: TenantId, reference: &Reference) -> UnclaimedStanding {
        match self.standings.pair(tenant_id, reference) {
            None => UnclaimedStanding::Absent,
            Some(UnclaimedState::Open) => UnclaimedStanding::Open,
            Some(UnclaimedState::Adopted | UnclaimedState::Dismissed) => UnclaimedStanding::Settled,
        }
    }

    fn surroundings(&self, tenant_id: TenantId, registration: &Registration) -> Surroundings {
        let code = (tenant_id, registration.reference.merchant_code.clone());
        let number = registration
            .business_number
            .as_ref()
            .map(|number| (tenant_id, number.digits().to_owned()));
        Surroundings {
            merchant_code_elsewhere: self.merchant_codes.contains(&code),
            business_number_elsewhere: number.is_some_and(|key| self.business_numbers.contains(&key)),
        }
    }
}
