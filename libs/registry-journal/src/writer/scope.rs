//! What a batch must lock and read, from its commands alone.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Claim, ClaimBody, Command, Registration};
use registry_domain::{Reference, TenantId, tenant};

use crate::keyring::Keyring;
use crate::port::Scope;
use crate::projection::approval_digest;
use crate::submission::{Order, Submission};

/// The scope of a batch: every list sorted and free of repeats.
pub(super) fn scope_of(submissions: &[Submission], keyring: &Keyring, now: DateTime<Utc>) -> Scope {
    let mut scope = Scope {
        now,
        ..Scope::default()
    };
    for submission in submissions {
        let tenant_id = submission.tenant_id;
        scope.tenants.push(tenant_id);
        if let Some(idempotency) = &submission.idempotency {
            let kept = [
                keyring.keyed(tenant_id, &idempotency.key),
                // As it was kept by versions that kept it plain; such rows are gone a day after the last of them.
                idempotency.key.as_str().to_owned(),
            ];
            scope.idempotency_keys.extend(kept.map(|key| (tenant_id, key)));
        }
        match &submission.order {
            Order::Register { registration, .. } | Order::Adopt { registration, .. } => {
                add_registration(&mut scope, tenant_id, registration);
            }
            Order::Merchant {
                merchant_id, command, ..
            } => {
                scope.merchants.push((tenant_id, *merchant_id));
                add_callback(&mut scope, tenant_id, command);
            }
            Order::CallbackByCodes { reference, claim } => {
                add_reference(&mut scope, tenant_id, reference);
                add_approval(&mut scope, tenant_id, claim);
            }
            Order::RedriveByCodes {
                reference,
                claim,
                redrive,
            } => {
                add_reference(&mut scope, tenant_id, reference);
                scope.quarantined.push((tenant_id, redrive.of));
                add_approval(&mut scope, tenant_id, claim);
            }
            Order::Tenant(command) => add_tenant(&mut scope, tenant_id, command),
        }
    }
    sort(&mut scope.tenants);
    sort(&mut scope.merchants);
    sort(&mut scope.references);
    sort(&mut scope.merchant_codes);
    sort(&mut scope.business_numbers);
    sort(&mut scope.idempotency_keys);
    sort(&mut scope.slugs);
    sort(&mut scope.quarantined);
    sort(&mut scope.unclaimed);
    sort(&mut scope.approvals);
    scope
}

fn add_registration(scope: &mut Scope, tenant_id: TenantId, registration: &Registration) {
    let reference = &registration.reference;
    add_reference(scope, tenant_id, reference);
    scope.merchant_codes.push((tenant_id, reference.merchant_code.clone()));
    scope.unclaimed.push((tenant_id, reference.clone()));
    if let Some(number) = &registration.business_number {
        scope.business_numbers.push((tenant_id, number.digits().to_owned()));
    }
}

fn add_reference(scope: &mut Scope, tenant_id: TenantId, reference: &Reference) {
    let spellings = reference.spellings().into_iter();
    scope.references.extend(spellings.map(|spelling| (tenant_id, spelling)));
}

fn add_callback(scope: &mut Scope, tenant_id: TenantId, command: &Command) {
    match command {
        Command::ReceiveCallback(claim) => add_approval(scope, tenant_id, claim),
        Command::RedriveCallback(claim, redrive) => {
            scope.quarantined.push((tenant_id, redrive.of));
            add_approval(scope, tenant_id, claim);
        }
        Command::DiscardCallback { event_id, .. } => scope.quarantined.push((tenant_id, *event_id)),
        Command::Register(..)
        | Command::ChangeDetails(_)
        | Command::Archive
        | Command::Restore
        | Command::RequestLink { .. }
        | Command::RecordLinkIssued { .. }
        | Command::RecordLinkFailed { .. }
        | Command::RevokeLink { .. }
        | Command::RecordVisit { .. }
        | Command::RecordReading(_)
        | Command::ReleaseHold { .. }
        | Command::AddNote(_)
        | Command::JudgeAlerts { .. }
        | Command::AcknowledgeAlert { .. }
        | Command::SnoozeAlert { .. } => {}
    }
}

fn add_approval(scope: &mut Scope, tenant_id: TenantId, claim: &Claim) {
    if let ClaimBody::Approval(approval) = &claim.body
        && let Some(digest) = approval_digest(approval)
    {
        scope.approvals.push((tenant_id, digest));
    }
}

fn add_tenant(scope: &mut Scope, tenant_id: TenantId, command: &tenant::Command) {
    match command {
        tenant::Command::Create(creation) => scope.slugs.push(creation.slug.clone()),
        tenant::Command::ReceiveListed(pair) => {
            add_reference(scope, tenant_id, &pair.reference);
            scope.unclaimed.push((tenant_id, pair.reference.clone()));
        }
        tenant::Command::ResolveUnclaimed { reference, .. } => scope.unclaimed.push((tenant_id, reference.clone())),
        tenant::Command::DiscardCallback { event_id, .. } => scope.quarantined.push((tenant_id, *event_id)),
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
}

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}
