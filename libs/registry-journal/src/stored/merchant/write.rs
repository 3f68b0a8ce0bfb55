//! Facts to stored shapes.

use registry_domain::merchant::{Answer, CallFailure, Event};
use registry_domain::review::{ClaimSource, MappingStatus, Observation};
use registry_domain::{Adjustment, EventId, LinkId};
use serde::Serialize;
use uuid::Uuid;

use super::shapes::{
    ApprovalReceived, BRANCH_NAME, BUSINESS_NUMBER, COMPANY_NAME, CallbackDiscarded, CallbackReceived, DetailsChanged,
    LinkContinued, LinkFailed, Nothing, OfDoubt, OfLink, OfResolution, OfSource, Registered, ReviewChanged,
    StatusObserved,
};
use crate::stored::observation::{digest_to_hex, text};
use crate::stored::personal::{self, Personal, encode_payload};
use crate::stored::{MERCHANT_ERASED, Stored, alerts, to_json};

fn clear(event_type: &'static str, data: &impl Serialize) -> Stored {
    Stored {
        event_type,
        data: to_json(data),
        personal: None,
    }
}

fn sealed(event_type: &'static str, data: &impl Serialize, personal: Personal) -> Stored {
    Stored {
        event_type,
        data: to_json(data),
        personal: Some(personal),
    }
}

fn cleared(fields: [(&str, bool); 3]) -> Vec<String> {
    let cleared = fields.into_iter().filter(|(_, is_cleared)| *is_cleared);
    cleared.map(|(name, _)| name.to_owned()).collect()
}

fn link_uuid(link_id: Option<&LinkId>) -> Option<Uuid> {
    link_id.map(LinkId::as_uuid)
}

#[expect(clippy::too_many_lines, reason = "one exhaustive match, one arm for each event")]
pub(crate) fn from_domain(event: &Event) -> Stored {
    match event {
        Event::MerchantRegistered {
            reference,
            company_name,
            branch_name,
            business_number,
            tags,
            metadata,
            surroundings,
        } => sealed(
            "merchant.registered",
            &Registered {
                member_code: reference.member_code.as_str().to_owned(),
                merchant_code: reference.merchant_code.as_str().to_owned(),
                merchant_code_shared: surroundings.merchant_code_elsewhere,
                business_number_shared: surroundings.business_number_elsewhere,
            },
            Personal {
                company_name: company_name.as_ref().map(|name| name.as_str().to_owned()),
                branch_name: branch_name.as_ref().map(|name| name.as_str().to_owned()),
                business_number: business_number.as_ref().map(|number| number.digits().to_owned()),
                tags: Some(personal::texts(tags)),
                metadata: Some(personal::text_map(metadata)),
                ..Personal::default()
            },
        ),
        Event::MerchantDetailsChanged {
            company_name,
            branch_name,
            business_number,
            tags,
            metadata,
        } => sealed(
            "merchant.details_changed",
            &DetailsChanged {
                cleared: cleared([
                    (COMPANY_NAME, *company_name == Adjustment::Unset),
                    (BRANCH_NAME, *branch_name == Adjustment::Unset),
                    (BUSINESS_NUMBER, *business_number == Adjustment::Unset),
                ]),
            },
            Personal {
                company_name: company_name.set().map(|name| name.as_str().to_owned()),
                branch_name: branch_name.set().map(|name| name.as_str().to_owned()),
                business_number: business_number.set().map(|number| number.digits().to_owned()),
                tags: tags.as_deref().map(personal::texts),
                metadata: metadata.as_ref().map(personal::text_map),
                ..Personal::default()
            },
        ),
        Event::MerchantArchived => clear("merchant.archived", &Nothing {}),
        Event::MerchantRestored => clear("merchant.restored", &Nothing {}),
        Event::MerchantErased => clear(MERCHANT_ERASED, &Nothing {}),
        Event::LinkRequested { link_id, redirect_url } => {
            let url = redirect_url.as_ref().map(|url| url.expose().to_owned());
            sealed(
                "link.requested",
                &of_link(*link_id),
                Personal {
                    url,
                    ..Personal::default()
                },
            )
        }
        Event::LinkIssued { link_id, url } => sealed(
            "link.issued",
            &of_link(*link_id),
            Personal {
                url: Some(url.expose().to_owned()),
                ..Personal::default()
            },
        ),
        Event::LinkIssueFailed { link_id, failure } => clear("link.issue_failed", &link_failed(*link_id, failure)),
        Event::LinkRevoked { link_id } => clear("link.revoked", &of_link(*link_id)),
        Event::LinkOpened => clear("link.opened", &Nothing {}),
        Event::LinkContinued { link_id, reused } => clear(
            "link.continued",
            &LinkContinued {
                link_id: link_id.as_uuid(),
                reused: *reused,
            },
        ),
        Event::MerchantReturned => clear("merchant.returned", &Nothing {}),
        Event::CallbackReceived {
            link_id,
            received_at,
            kind,
            verdict,
            observation,
            digest,
            payload,
            sender_listed,
            decoded_with_loss,
            by_bills_url,
            redrive_of,
            redrive_seq,
        } => sealed(
            "callback.received",
            &CallbackReceived {
                link_id: link_uuid(link_id.as_ref()),
                received_at: *received_at,
                kind: kind.as_str().to_owned(),
                verdict: verdict.as_str().to_owned(),
                reason: verdict.reason().map(|reason| reason.as_str().to_owned()),
                sender_listed: *sender_listed,
                decoded_with_loss: *decoded_with_loss,
                by_bills_url: *by_bills_url,
                redrive_of: redrive_of.as_ref().map(EventId::as_uuid),
                redrive_seq: redrive_seq.map(|seq| seq.0),
            },
            Personal {
                observation: observation.as_ref().map(Into::into),
                digest: digest.map(digest_to_hex),
                payload: Some(encode_payload(payload)),
                ..Personal::default()
            },
        ),
        Event::CallbackDiscarded { event_id, reason } => sealed(
            "callback.discarded",
            &CallbackDiscarded {
                event_id: event_id.as_uuid(),
            },
            Personal {
                text: Some(reason.as_str().to_owned()),
                ..Personal::default()
            },
        ),
        Event::StatusObserved {
            source,
            asked_seq,
            asked_at,
            read_at,
            answer,
            verification,
            healed,
        } => {
            let (observation, mapping_status) = answered(answer);
            sealed(
                "status.observed",
                &StatusObserved {
                    source: source.as_str().to_owned(),
                    asked_seq: asked_seq.map(|seq| seq.0),
                    asked_at: *asked_at,
                    read_at: *read_at,
                    missing: observation.is_none(),
                    mapping_status: mapping_status.map(|word| word.as_str().to_owned()),
                    verification: verification.as_str().to_owned(),
                    healed: *healed,
                },
                Personal {
                    observation: observation.map(Into::into),
                    ..Personal::default()
                },
            )
        }
        Event::ReviewChanged {
            from,
            to,
            code,
            message,
            source,
            verification,
        } => sealed(
            "review.changed",
            &ReviewChanged {
                from: from.as_str().to_owned(),
                to: to.as_str().to_owned(),
                code: code.as_str().to_owned(),
                source: source.as_str().to_owned(),
                verification: verification.as_str().to_owned(),
            },
            Personal {
                message: text(message.as_ref()),
                ..Personal::default()
            },
        ),
        Event::BusinessDetailsChanged {
            company_name,
            branch_name,
            business_number,
            source,
        } => sealed(
            "business.changed",
            &of_source(*source),
            Personal {
                company_name: text(company_name.as_ref()),
                branch_name: text(branch_name.as_ref()),
                business_number: business_number.as_ref().map(|number| number.as_str().to_owned()),
                ..Personal::default()
            },
        ),
        Event::UpstreamUnlinked { source } => clear("upstream.unlinked", &of_source(*source)),
        Event::UpstreamRelinked { source } => clear("upstream.relinked", &of_source(*source)),
        Event::ConfirmationRequested { doubt } => clear(
            "confirmation.requested",
            &OfDoubt {
                doubt: doubt.as_str().to_owned(),
            },
        ),
        Event::ConfirmationResolved {
            resolution,
            claims,
            applied,
        } => clear(
            "confirmation.resolved",
            &OfResolution {
                resolution: resolution.as_str().to_owned(),
                claims: claims.iter().map(|version| version.0).collect(),
                applied: applied.map(|version| version.0),
            },
        ),
        Event::PaymentApprovalReceived {
            link_id,
            received_at,
            approval,
            decoded_with_loss,
            redrive_of,
        } => sealed(
            "payment.approved",
            &ApprovalReceived {
                link_id: link_uuid(link_id.as_ref()),
                received_at: *received_at,
                api_key: approval.api_key.as_str().to_owned(),
                decoded_with_loss: *decoded_with_loss,
                redrive_of: redrive_of.as_ref().map(EventId::as_uuid),
            },
            Personal {
                approval: Some(approval.into()),
                ..Personal::default()
            },
        ),
        Event::NoteAdded { text } => sealed(
            "note.added",
            &Nothing {},
            Personal {
                text: Some(text.as_str().to_owned()),
                ..Personal::default()
            },
        ),
        Event::Alert(fact) => {
            let (event_type, data) = alerts::from_fact(&alerts::OF_MERCHANT, fact);
            Stored {
                event_type,
                data,
                personal: None,
            }
        }
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

fn of_link(link_id: LinkId) -> OfLink {
    OfLink {
        link_id: link_id.as_uuid(),
    }
}

fn of_source(source: ClaimSource) -> OfSource {
    OfSource {
        source: source.as_str().to_owned(),
    }
}

fn link_failed(link_id: LinkId, failure: &CallFailure) -> LinkFailed {
    let strange = failure.strange_answer.as_ref();
    LinkFailed {
        link_id: link_id.as_uuid(),
        outcome: failure.outcome.as_str().to_owned(),
        upstream_code: failure.upstream_code.clone(),
        retryable: failure.retryable,
        who_fixes: failure.who_fixes.as_str().to_owned(),
        http_status: strange.map(|answer| answer.http_status),
        content_type: strange.and_then(|answer| answer.content_type.clone()),
    }
}
