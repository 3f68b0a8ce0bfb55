//! The stored shapes of a merchant's events. Words, not numbers, for every enum: the log is read by people too.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{
    ApprovalKey, Doubt, Event, LinkFailure, LinkOutcome, QuarantineReason, Resolution, SecretText, Surroundings,
    Verdict, WhoFixes,
};
use registry_domain::review::{ClaimSource, DeletionMark, Observation, ReviewCode, ReviewStatus, Verification};
use registry_domain::{BusinessNumber, FreeText, LinkId, MemberCode, MerchantCode, Reference, ReportedNumber};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::observation::{digest_from_hex, digest_to_hex, free_text, text};
use super::personal::{self, Personal, encode_payload};
use super::{Stored, StoredError, read, to_json};

#[derive(Serialize, Deserialize)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
struct Registered {
    member_code: String,
    merchant_code: String,
    merchant_code_shared: bool,
    business_number_shared: bool,
}

#[derive(Serialize, Deserialize)]
struct OfLink {
    link_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct LinkFailed {
    link_id: Uuid,
    outcome: String,
    upstream_code: Option<String>,
    retryable: bool,
    who_fixes: String,
}

#[derive(Serialize, Deserialize)]
struct CallbackReceived {
    link_id: Option<Uuid>,
    received_at: DateTime<Utc>,
    verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender_listed: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct StatusObserved {
    source: String,
    read_at: DateTime<Utc>,
    healed: bool,
}

#[derive(Serialize, Deserialize)]
struct ReviewChanged {
    from: String,
    to: String,
    code: String,
    source: String,
    verification: String,
}

#[derive(Serialize, Deserialize)]
struct OfSource {
    source: String,
}

#[derive(Serialize, Deserialize)]
struct OfDoubt {
    doubt: String,
}

#[derive(Serialize, Deserialize)]
struct OfResolution {
    resolution: String,
}

#[derive(Serialize, Deserialize)]
struct ApprovalReceived {
    link_id: Option<Uuid>,
    received_at: DateTime<Utc>,
    api_key: String,
}

/// The value of a stored word.
pub(super) fn word<T>(field: &'static str, value: Option<T>) -> Result<T, StoredError> {
    value.ok_or(StoredError::Value { field })
}

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

fn link_uuid(link_id: Option<&LinkId>) -> Option<Uuid> {
    link_id.map(LinkId::as_uuid)
}

#[expect(clippy::too_many_lines, reason = "one exhaustive match, one arm for each event")]
pub(super) fn from_domain(event: &Event) -> Stored {
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
            &Nothing {},
            Personal {
                company_name: company_name.as_ref().map(|name| name.as_str().to_owned()),
                branch_name: branch_name.as_ref().map(|name| name.as_str().to_owned()),
                business_number: business_number.as_ref().map(|number| number.digits().to_owned()),
                tags: tags.as_deref().map(personal::texts),
                metadata: metadata.as_ref().map(personal::text_map),
                ..Personal::default()
            },
        ),
        Event::MerchantArchived => clear("merchant.archived", &Nothing {}),
        Event::MerchantRestored => clear("merchant.restored", &Nothing {}),
        Event::MerchantErased => clear("merchant.erased", &Nothing {}),
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
        Event::CallbackReceived {
            link_id,
            received_at,
            verdict,
            observation,
            digest,
            payload,
            sender_listed,
        } => sealed(
            "callback.received",
            &CallbackReceived {
                link_id: link_uuid(link_id.as_ref()),
                received_at: *received_at,
                verdict: verdict.as_str().to_owned(),
                reason: verdict.reason().map(|reason| reason.as_str().to_owned()),
                sender_listed: *sender_listed,
            },
            Personal {
                observation: observation.as_ref().map(Into::into),
                digest: digest.map(digest_to_hex),
                payload: Some(encode_payload(payload)),
                ..Personal::default()
            },
        ),
        Event::StatusObserved {
            source,
            read_at,
            observation,
            healed,
        } => sealed(
            "status.observed",
            &StatusObserved {
                source: source.as_str().to_owned(),
                read_at: *read_at,
                healed: *healed,
            },
            Personal {
                observation: Some(observation.into()),
                ..Personal::default()
            },
        ),
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
        Event::ConfirmationResolved { resolution } => clear(
            "confirmation.resolved",
            &OfResolution {
                resolution: resolution.as_str().to_owned(),
            },
        ),
        Event::PaymentApprovalReceived {
            link_id,
            received_at,
            approval,
        } => sealed(
            "payment.approved",
            &ApprovalReceived {
                link_id: link_uuid(link_id.as_ref()),
                received_at: *received_at,
                api_key: approval.api_key.as_str().to_owned(),
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

fn link_failed(link_id: LinkId, failure: &LinkFailure) -> LinkFailed {
    LinkFailed {
        link_id: link_id.as_uuid(),
        outcome: failure.outcome.as_str().to_owned(),
        upstream_code: failure.upstream_code.clone(),
        retryable: failure.retryable,
        who_fixes: failure.who_fixes.as_str().to_owned(),
    }
}

/// The fact of a merchant's type; the personal part comes back unused if the type is no merchant's.
pub(super) fn into_domain(
    event_type: &str,
    data: &str,
    personal: Personal,
) -> Result<Result<Event, Box<Personal>>, StoredError> {
    let event = match event_type {
        "merchant.registered" => registered(&read(event_type, data)?, &personal)?,
        "merchant.details_changed" => details_changed(&personal)?,
        "merchant.archived" => Event::MerchantArchived,
        "merchant.restored" => Event::MerchantRestored,
        "merchant.erased" => Event::MerchantErased,
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
        "callback.received" => callback_received(&read(event_type, data)?, personal)?,
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
        "confirmation.resolved" => Event::ConfirmationResolved {
            resolution: word(
                "resolution",
                Resolution::from_word(&read::<OfResolution>(event_type, data)?.resolution),
            )?,
        },
        "payment.approved" => approval_received(&read(event_type, data)?, personal)?,
        "note.added" => Event::NoteAdded {
            text: FreeText::from_untrusted(personal.text.as_deref().unwrap_or_default()),
        },
        _ => return Ok(Err(Box::new(personal))),
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
        .map(BusinessNumber::parse)
        .transpose();
    number.map_err(|_| StoredError::Value {
        field: "business_number",
    })
}

fn registered(data: &Registered, personal: &Personal) -> Result<Event, StoredError> {
    let reference = Reference {
        member_code: word("member_code", MemberCode::parse(&data.member_code).ok())?,
        merchant_code: word("merchant_code", MerchantCode::parse(&data.merchant_code).ok())?,
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

fn details_changed(personal: &Personal) -> Result<Event, StoredError> {
    Ok(Event::MerchantDetailsChanged {
        company_name: personal::optional_label("company_name", personal.company_name.as_ref())?,
        branch_name: personal::optional_label("branch_name", personal.branch_name.as_ref())?,
        business_number: business_number(personal)?,
        tags: personal
            .tags
            .as_deref()
            .map(|tags| personal::labels("tags", tags))
            .transpose()?,
        metadata: personal.metadata.as_ref().map(personal::metadata).transpose()?,
    })
}

fn issue_failed(data: LinkFailed) -> Result<Event, StoredError> {
    Ok(Event::LinkIssueFailed {
        link_id: LinkId::from_uuid(data.link_id),
        failure: LinkFailure {
            outcome: word("outcome", LinkOutcome::from_word(&data.outcome))?,
            upstream_code: data.upstream_code,
            retryable: data.retryable,
            who_fixes: word("who_fixes", WhoFixes::from_word(&data.who_fixes))?,
        },
    })
}

fn callback_received(data: &CallbackReceived, personal: Personal) -> Result<Event, StoredError> {
    let payload = personal.raw()?;
    let reason = data
        .reason
        .as_deref()
        .map(|reason| word("reason", QuarantineReason::from_word(reason)));
    let verdict = match (data.verdict.as_str(), reason.transpose()?) {
        ("applied", None) => Verdict::Applied,
        ("duplicate", None) => Verdict::Duplicate,
        ("held", None) => Verdict::Held,
        ("quarantined", Some(reason)) => Verdict::Quarantined(reason),
        _ => return Err(StoredError::Value { field: "verdict" }),
    };
    Ok(Event::CallbackReceived {
        link_id: data.link_id.map(LinkId::from_uuid),
        received_at: data.received_at,
        verdict,
        observation: personal
            .observation
            .map(super::observation::StoredObservation::into_domain)
            .transpose()?,
        digest: personal.digest.as_deref().map(digest_from_hex).transpose()?,
        payload,
        sender_listed: data.sender_listed,
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
        deletion: DeletionMark::NotDeleted,
    };
    let observation = personal
        .observation
        .map(super::observation::StoredObservation::into_domain)
        .transpose()?;
    Ok(Event::StatusObserved {
        source: source(&data.source)?,
        read_at: data.read_at,
        observation: observation.unwrap_or_else(silent),
        healed: data.healed,
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
    })
}
