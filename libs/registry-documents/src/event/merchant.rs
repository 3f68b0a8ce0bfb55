//! The public form of a merchant's events.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Answer, Approval, CallFailure, Event};
use registry_domain::review::{ClaimSource, MappingStatus, Observation};
use registry_domain::{Adjustment, BusinessNumber, EventId, Label, LinkId, ReportedNumber};

use super::data::{
    BusinessChanged, CallbackDiscarded, CallbackReceived, ConfirmationRequested, ConfirmationResolved, LinkContinued,
    LinkFact, LinkIssueFailed, MerchantDetailsChanged, MerchantRegistered, NoteAdded, Nothing, PaymentApproved,
    ReviewChanged, StatusObserved,
};
use super::{EventData, alerts};
use crate::shown::{claimed_code, claimed_deletion, label_map, labels, mask_number, text};

#[expect(clippy::too_many_lines, reason = "one exhaustive match, one arm for each event")]
pub(super) fn data(event: &Event) -> EventData {
    match event {
        Event::MerchantRegistered {
            reference,
            company_name,
            branch_name,
            business_number,
            tags,
            metadata,
            surroundings: _,
        } => EventData::MerchantRegistered(MerchantRegistered {
            member_code: reference.member_code.as_str().to_owned(),
            merchant_code: reference.merchant_code.as_str().to_owned(),
            company_name: label(company_name.as_ref()),
            branch_name: label(branch_name.as_ref()),
            business_number: masked(business_number.as_ref()),
            tags: labels(tags),
            metadata: label_map(metadata),
        }),
        Event::MerchantDetailsChanged {
            company_name,
            branch_name,
            business_number,
            tags,
            metadata,
        } => EventData::MerchantDetailsChanged(MerchantDetailsChanged {
            company_name: label(company_name.set()),
            branch_name: label(branch_name.set()),
            business_number: masked(business_number.set()),
            tags: tags.as_deref().map(labels),
            metadata: metadata.as_ref().map(label_map),
            cleared: cleared(company_name, branch_name, business_number),
        }),
        Event::MerchantArchived => EventData::MerchantArchived(Nothing {}),
        Event::MerchantRestored => EventData::MerchantRestored(Nothing {}),
        Event::MerchantErased => EventData::MerchantErased(Nothing {}),
        Event::LinkRequested { link_id, .. } => EventData::LinkRequested(link_fact(*link_id)),
        Event::LinkIssued { link_id, .. } => EventData::LinkIssued(link_fact(*link_id)),
        Event::LinkIssueFailed { link_id, failure } => EventData::LinkIssueFailed(link_failure(*link_id, failure)),
        Event::LinkRevoked { link_id } => EventData::LinkRevoked(link_fact(*link_id)),
        Event::LinkOpened => EventData::LinkOpened(Nothing {}),
        Event::LinkContinued { link_id, reused } => EventData::LinkContinued(LinkContinued {
            link_id: link_id.to_string(),
            reused: *reused,
        }),
        Event::MerchantReturned => EventData::MerchantReturned(Nothing {}),
        Event::CallbackReceived {
            link_id,
            received_at,
            kind,
            verdict,
            observation,
            digest: _,
            payload: _,
            sender_listed,
            decoded_with_loss,
            by_bills_url: _,
            redrive_of,
            redrive_seq: _,
        } => EventData::CallbackReceived(CallbackReceived {
            kind: kind.as_str().to_owned(),
            verdict: verdict.as_str().to_owned(),
            reason: verdict.reason().map(|reason| reason.as_str().to_owned()),
            link_id: link_id.map(|id| id.to_string()),
            received_at: *received_at,
            code: observation.as_ref().and_then(claimed_code),
            deleted: observation.as_ref().and_then(claimed_deletion),
            sender_listed: *sender_listed,
            decoded_with_loss: *decoded_with_loss,
            redrive_of: redrive_of.map(|id| id.to_string()),
        }),
        Event::CallbackDiscarded { event_id, reason } => EventData::CallbackDiscarded(CallbackDiscarded {
            event_id: event_id.to_string(),
            reason: reason.as_str().to_owned(),
        }),
        Event::StatusObserved {
            source: _,
            asked_seq: _,
            asked_at,
            read_at,
            answer,
            verification,
            healed,
        } => {
            let (observation, mapping_status) = answered(answer);
            EventData::StatusObserved(StatusObserved {
                asked_at: *asked_at,
                read_at: *read_at,
                missing: observation.is_none(),
                code: observation.and_then(claimed_code),
                mapping_status: mapping_status.map(|word| word.as_str().to_owned()),
                deleted: observation.and_then(claimed_deletion),
                verification: verification.as_str().to_owned(),
                healed: *healed,
            })
        }
        Event::ReviewChanged {
            from,
            to,
            code,
            message,
            source,
            verification,
        } => EventData::ReviewChanged(ReviewChanged {
            from: from.as_str().to_owned(),
            to: to.as_str().to_owned(),
            code: code.as_str().to_owned(),
            message: text(message.as_ref()),
            source: source.as_str().to_owned(),
            verification: verification.as_str().to_owned(),
        }),
        Event::BusinessDetailsChanged {
            company_name,
            branch_name,
            business_number,
            source: _,
        } => EventData::BusinessChanged(BusinessChanged {
            company_name: text(company_name.as_ref()),
            branch_name: text(branch_name.as_ref()),
            business_number: business_number.as_ref().map(masked_report),
            business_number_flag: business_number
                .as_ref()
                .and_then(ReportedNumber::flag)
                .map(str::to_owned),
        }),
        Event::UpstreamUnlinked { source: _ } => EventData::UpstreamUnlinked(Nothing {}),
        Event::UpstreamRelinked { source: _ } => EventData::UpstreamRelinked(Nothing {}),
        Event::ConfirmationRequested { doubt } => EventData::ConfirmationRequested(ConfirmationRequested {
            doubt: doubt.as_str().to_owned(),
        }),
        Event::ConfirmationResolved {
            resolution,
            claims,
            applied,
        } => EventData::ConfirmationResolved(ConfirmationResolved {
            resolution: resolution.as_str().to_owned(),
            claims: claims.iter().map(|version| version.0).collect(),
            applied: applied.map(|version| version.0),
        }),
        Event::PaymentApprovalReceived {
            link_id,
            received_at,
            approval,
            decoded_with_loss,
            redrive_of,
        } => EventData::PaymentApproved(PaymentApproved {
            decoded_with_loss: *decoded_with_loss,
            ..payment(*link_id, *received_at, approval, *redrive_of)
        }),
        Event::Alert(fact) => alerts::data(fact),
        Event::NoteAdded { text } => EventData::NoteAdded(NoteAdded {
            text: text.as_str().to_owned(),
        }),
    }
}

pub(super) fn source(event: &Event) -> Option<ClaimSource> {
    match event {
        Event::CallbackReceived { .. } | Event::PaymentApprovalReceived { .. } => Some(ClaimSource::Callback),
        Event::StatusObserved { source, .. } => Some((*source).into()),
        Event::ReviewChanged { source, .. }
        | Event::BusinessDetailsChanged { source, .. }
        | Event::UpstreamUnlinked { source }
        | Event::UpstreamRelinked { source } => Some(*source),
        Event::MerchantRegistered { .. }
        | Event::MerchantDetailsChanged { .. }
        | Event::MerchantArchived
        | Event::MerchantRestored
        | Event::MerchantErased
        | Event::LinkRequested { .. }
        | Event::LinkIssued { .. }
        | Event::LinkIssueFailed { .. }
        | Event::LinkRevoked { .. }
        | Event::LinkOpened
        | Event::LinkContinued { .. }
        | Event::MerchantReturned
        | Event::CallbackDiscarded { .. }
        | Event::ConfirmationRequested { .. }
        | Event::ConfirmationResolved { .. }
        | Event::NoteAdded { .. }
        | Event::Alert(_) => None,
    }
}

/// The names of the fields that were taken away, as the document of a merchant has them.
fn cleared(
    company_name: &Adjustment<Label>,
    branch_name: &Adjustment<Label>,
    business_number: &Adjustment<BusinessNumber>,
) -> Vec<String> {
    let fields = [
        ("company_name", *company_name == Adjustment::Unset),
        ("branch_name", *branch_name == Adjustment::Unset),
        ("business_number", *business_number == Adjustment::Unset),
    ];
    let cleared = fields.into_iter().filter(|(_, is_cleared)| *is_cleared);
    cleared.map(|(name, _)| name.to_owned()).collect()
}

fn link_fact(link_id: LinkId) -> LinkFact {
    LinkFact {
        link_id: link_id.to_string(),
    }
}

fn link_failure(link_id: LinkId, failure: &CallFailure) -> LinkIssueFailed {
    let strange = failure.strange_answer.as_ref();
    LinkIssueFailed {
        link_id: link_id.to_string(),
        outcome: failure.outcome.as_str().to_owned(),
        upstream_code: failure.upstream_code.clone(),
        retryable: failure.retryable,
        who_fixes: failure.who_fixes.as_str().to_owned(),
        http_status: strange.map(|answer| answer.http_status),
        content_type: strange.and_then(|answer| answer.content_type.clone()),
    }
}

fn payment(
    link_id: Option<LinkId>,
    received_at: DateTime<Utc>,
    approval: &Approval,
    redrive_of: Option<EventId>,
) -> PaymentApproved {
    PaymentApproved {
        link_id: link_id.map(|id| id.to_string()),
        received_at,
        state: text(approval.state.as_ref()),
        bill_id: text(approval.bill_id.as_ref()),
        price: text(approval.price.as_ref()),
        approval_number: text(approval.approval_number.as_ref()),
        original_number: text(approval.original_number.as_ref()),
        approved_at: text(approval.approved_at.as_ref()),
        pay_type: text(approval.pay_type.as_ref()),
        issuer: text(approval.issuer.as_ref()),
        issuer_number_masked: text(approval.issuer_number_masked.as_ref()),
        api_key: approval.api_key.as_str().to_owned(),
        decoded_with_loss: false,
        redrive_of: redrive_of.map(|id| id.to_string()),
    }
}

fn answered(answer: &Answer) -> (Option<&Observation>, Option<&MappingStatus>) {
    match answer {
        Answer::Found {
            observation,
            mapping_status,
        } => (Some(observation), mapping_status.as_ref()),
        Answer::Missing => (None, None),
    }
}

fn label(label: Option<&Label>) -> Option<String> {
    label.map(|label| label.as_str().to_owned())
}

fn masked(number: Option<&BusinessNumber>) -> Option<String> {
    number.map(|number| mask_number(number.digits(), false))
}

fn masked_report(number: &ReportedNumber) -> String {
    mask_number(number.as_str(), number.flag().is_some())
}
