//! Stored shapes back to facts.

use registry_domain::merchant::{
    Answer, ApprovalKey, CallFailure, CallOutcome, CallbackKind, Doubt, Event, QuarantineReason, Resolution,
    SecretText, StrangeAnswer, Surroundings, Verdict, WhoFixes,
};
use registry_domain::review::{
    ClaimSource, DeletionMark, MappingStatus, Observation, ReadingSource, ReviewCode, ReviewStatus, Verification,
};
use registry_domain::{
    Adjustment, BusinessNumber, EventId, FreeText, LinkId, MemberCode, MerchantCode, Reference, ReportedNumber, Seq,
    Version,
};

use super::shapes::{
    ApprovalReceived, BRANCH_NAME, BUSINESS_NUMBER, COMPANY_NAME, CallbackDiscarded, CallbackReceived, DetailsChanged,
    LinkContinued, LinkFailed, OfDoubt, OfLink, OfResolution, OfSource, Registered, ReviewChanged, StatusObserved,
};
use crate::stored::observation::{StoredObservation, digest_from_hex, free_text};
use crate::stored::personal::{self, Personal};
use crate::stored::{MERCHANT_ERASED, StoredError, alerts, read, word};

/// The fact of a merchant's type; the personal part comes back unused if the type is no merchant's.
pub(in crate::stored) fn into_domain(
    event_type: &str,
    data: &str,
    personal: Personal,
) -> Result<Result<Event, Box<Personal>>, StoredError> {
    let event = match event_type {
        "merchant.registered" => registered(&read(event_type, data)?, &personal)?,
        "merchant.details_changed" => details_changed(&read(event_type, data)?, &personal)?,
        "merchant.archived" => Event::MerchantArchived,
        "merchant.restored" => Event::MerchantRestored,
        MERCHANT_ERASED => Event::MerchantErased,
        "link.requested" => Event::LinkRequested {
            link_id: link_id(event_type, data)?,
            redirect_url: personal.url.map(SecretText::new),
        },
        "link.issued" => Event::LinkIssued {
            link_id: link_id(event_type, data)?,
            url: SecretText::new(personal.url.unwrap_or_default()),
        },
        "link.issue_failed" => issue_failed(read(event_type, data)?)?,
        "link.revoked" => Event::LinkRevoked {
            link_id: link_id(event_type, data)?,
        },
        "link.opened" => Event::LinkOpened,
        "link.continued" => {
            let LinkContinued { link_id, reused } = read(event_type, data)?;
            Event::LinkContinued {
                link_id: LinkId::from_uuid(link_id),
                reused,
            }
        }
        "merchant.returned" => Event::MerchantReturned,
        "callback.received" => callback_received(&read(event_type, data)?, personal)?,
        "callback.discarded" => Event::CallbackDiscarded {
            event_id: EventId::from_uuid(read::<CallbackDiscarded>(event_type, data)?.event_id),
            reason: FreeText::from_untrusted(personal.text.as_deref().unwrap_or_default()),
        },
        "status.observed" => status_observed(&read(event_type, data)?, personal)?,
        "review.changed" => review_changed(&read(event_type, data)?, &personal)?,
        "business.changed" => Event::BusinessDetailsChanged {
            company_name: free_text(personal.company_name.as_ref()),
            branch_name: free_text(personal.branch_name.as_ref()),
            business_number: personal.business_number.as_deref().map(ReportedNumber::from_untrusted),
            source: source(&read::<OfSource>(event_type, data)?.source)?,
        },
        "upstream.unlinked" => Event::UpstreamUnlinked {
            source: source(&read::<OfSource>(event_type, data)?.source)?,
        },
        "upstream.relinked" => Event::UpstreamRelinked {
            source: source(&read::<OfSource>(event_type, data)?.source)?,
        },
        "confirmation.requested" => Event::ConfirmationRequested {
            doubt: word("doubt", Doubt::from_word(&read::<OfDoubt>(event_type, data)?.doubt))?,
        },
        "confirmation.resolved" => confirmation_resolved(&read(event_type, data)?)?,
        "payment.approved" => approval_received(&read(event_type, data)?, personal)?,
        "note.added" => Event::NoteAdded {
            text: FreeText::from_untrusted(personal.text.as_deref().unwrap_or_default()),
        },
        _ => match alerts::into_fact(&alerts::OF_MERCHANT, event_type, data)? {
            Some(fact) => Event::Alert(fact),
            None => return Ok(Err(Box::new(personal))),
        },
    };
    Ok(Ok(event))
}

fn link_id(event_type: &str, data: &str) -> Result<LinkId, StoredError> {
    read::<OfLink>(event_type, data).map(|data| LinkId::from_uuid(data.link_id))
}

fn source(text: &str) -> Result<ClaimSource, StoredError> {
    word("source", ClaimSource::from_word(text))
}

fn business_number(personal: &Personal) -> Result<Option<BusinessNumber>, StoredError> {
    let number = personal
        .business_number
        .as_deref()
        .map(BusinessNumber::recorded)
        .transpose();
    number.map_err(|_| StoredError::Value {
        field: "business_number",
    })
}

fn registered(data: &Registered, personal: &Personal) -> Result<Event, StoredError> {
    let reference = Reference {
        member_code: word("member_code", MemberCode::recorded(&data.member_code).ok())?,
        merchant_code: word("merchant_code", MerchantCode::recorded(&data.merchant_code).ok())?,
    };
    Ok(Event::MerchantRegistered {
        reference,
        company_name: personal::optional_label("company_name", personal.company_name.as_ref())?,
        branch_name: personal::optional_label("branch_name", personal.branch_name.as_ref())?,
        business_number: business_number(personal)?,
        tags: personal::labels("tags", personal.tags.as_deref().unwrap_or_default())?,
        metadata: personal
            .metadata
            .as_ref()
            .map(personal::metadata)
            .transpose()?
            .unwrap_or_default(),
        surroundings: Surroundings {
            merchant_code_elsewhere: data.merchant_code_shared,
            business_number_elsewhere: data.business_number_shared,
        },
    })
}

fn details_changed(data: &DetailsChanged, personal: &Personal) -> Result<Event, StoredError> {
    let company_name = personal::optional_label(COMPANY_NAME, personal.company_name.as_ref())?;
    let branch_name = personal::optional_label(BRANCH_NAME, personal.branch_name.as_ref())?;
    Ok(Event::MerchantDetailsChanged {
        company_name: adjusted(data, COMPANY_NAME, company_name),
        branch_name: adjusted(data, BRANCH_NAME, branch_name),
        business_number: adjusted(data, BUSINESS_NUMBER, business_number(personal)?),
        tags: personal
            .tags
            .as_deref()
            .map(|tags| personal::labels("tags", tags))
            .transpose()?,
        metadata: personal.metadata.as_ref().map(personal::metadata).transpose()?,
    })
}

/// What becomes of a field, by what is sealed of it and whether it was taken away.
fn adjusted<T>(data: &DetailsChanged, name: &str, value: Option<T>) -> Adjustment<T> {
    match value {
        Some(value) => Adjustment::Set(value),
        None if data.cleared.iter().any(|cleared| cleared == name) => Adjustment::Unset,
        None => Adjustment::Keep,
    }
}

fn issue_failed(data: LinkFailed) -> Result<Event, StoredError> {
    Ok(Event::LinkIssueFailed {
        link_id: LinkId::from_uuid(data.link_id),
        failure: CallFailure {
            outcome: word("outcome", CallOutcome::from_word(&data.outcome))?,
            upstream_code: data.upstream_code,
            retryable: data.retryable,
            who_fixes: word("who_fixes", WhoFixes::from_word(&data.who_fixes))?,
            strange_answer: data.http_status.map(|http_status| StrangeAnswer {
                http_status,
                content_type: data.content_type,
            }),
        },
    })
}

fn callback_received(data: &CallbackReceived, personal: Personal) -> Result<Event, StoredError> {
    let payload = personal.raw()?;
    let reason = data
        .reason
        .as_deref()
        .map(|reason| word("reason", QuarantineReason::from_word(reason)));
    let verdict = Verdict::from_words(&data.verdict, reason.transpose()?);
    Ok(Event::CallbackReceived {
        link_id: data.link_id.map(LinkId::from_uuid),
        received_at: data.received_at,
        kind: word("kind", CallbackKind::from_word(&data.kind))?,
        verdict: word("verdict", verdict)?,
        observation: personal.observation.map(StoredObservation::into_domain).transpose()?,
        digest: personal.digest.as_deref().map(digest_from_hex).transpose()?,
        payload,
        sender_listed: data.sender_listed,
        decoded_with_loss: data.decoded_with_loss,
        by_bills_url: data.by_bills_url,
        redrive_of: data.redrive_of.map(EventId::from_uuid),
        redrive_seq: data.redrive_seq.map(Seq),
    })
}

fn status_observed(data: &StatusObserved, personal: Personal) -> Result<Event, StoredError> {
    // An erased answer says nothing any more; that it came is still a fact.
    let silent = || Observation {
        member_code: None,
        merchant_code: None,
        upstream_member_id: None,
        company_name: None,
        branch_name: None,
        business_number: None,
        review_code: None,
        review_message: None,
        deletion: DeletionMark::Unsaid,
    };
    let answer = if data.missing {
        Answer::Missing
    } else {
        let observation = personal.observation.map(StoredObservation::into_domain).transpose()?;
        Answer::Found {
            observation: Box::new(observation.unwrap_or_else(silent)),
            mapping_status: data.mapping_status.as_deref().and_then(MappingStatus::from_untrusted),
        }
    };
    Ok(Event::StatusObserved {
        source: word("source", ReadingSource::from_word(&data.source))?,
        asked_seq: data.asked_seq.map(Seq),
        asked_at: data.asked_at,
        read_at: data.read_at,
        answer,
        verification: word("verification", Verification::from_word(&data.verification))?,
        healed: data.healed,
    })
}

fn confirmation_resolved(data: &OfResolution) -> Result<Event, StoredError> {
    Ok(Event::ConfirmationResolved {
        resolution: word("resolution", Resolution::from_word(&data.resolution))?,
        claims: data.claims.iter().copied().map(Version).collect(),
        applied: data.applied.map(Version),
    })
}

fn review_changed(data: &ReviewChanged, personal: &Personal) -> Result<Event, StoredError> {
    Ok(Event::ReviewChanged {
        from: word("from", ReviewStatus::from_word(&data.from))?,
        to: word("to", ReviewStatus::from_word(&data.to))?,
        code: word("code", ReviewCode::from_untrusted(&data.code))?,
        message: free_text(personal.message.as_ref()),
        source: source(&data.source)?,
        verification: word("verification", Verification::from_word(&data.verification))?,
    })
}

fn approval_received(data: &ApprovalReceived, personal: Personal) -> Result<Event, StoredError> {
    let api_key = word("api_key", ApprovalKey::from_word(&data.api_key))?;
    Ok(Event::PaymentApprovalReceived {
        link_id: data.link_id.map(LinkId::from_uuid),
        received_at: data.received_at,
        approval: personal.approval.unwrap_or_default().into_domain(api_key),
        decoded_with_loss: data.decoded_with_loss,
        redrive_of: data.redrive_of.map(EventId::from_uuid),
    })
}
