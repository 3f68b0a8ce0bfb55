//! What follows from a command, given the state. The heart of the product.

use super::command::{
    Claim, ClaimBody, Command, DetailsChange, LinkRefusal, Receipt, Refusal, Registration, Surroundings,
};
use super::event::{Event, LinkOutcome, QuarantineReason, Verdict};
use super::state::{LINKS_MAX, LinkState, Merchant};
use crate::ids::LinkId;
use crate::review::{ClaimSource, ContentDigest, DeletionMark, Observation, Verification};

/// Decides which facts follow.
///
/// A command of the tenant may be refused. A report from upstream may not: whatever a callback says, at least its
/// receipt becomes a fact. (One for a merchant that does not exist has no stream to stand in; the write path hands
/// it to the tenant's.) An `Ok` without events means that the wish is fulfilled already.
pub fn decide(state: Option<&Merchant>, command: Command) -> Result<Vec<Event>, Refusal> {
    let Some(merchant) = state else {
        return decide_unregistered(command);
    };
    match command {
        Command::Register(..) => Err(Refusal::ReferenceTaken { existing: merchant.id }),
        Command::ChangeDetails(change) => Ok(change_details(merchant, *change)),
        Command::Archive => Ok(if merchant.archived_since.is_none() {
            vec![Event::MerchantArchived]
        } else {
            vec![]
        }),
        Command::Restore => Ok(if merchant.archived_since.is_some() {
            vec![Event::MerchantRestored]
        } else {
            vec![]
        }),
        Command::RequestLink { link_id, redirect_url } => {
            check_linkable(merchant)?;
            Ok(vec![Event::LinkRequested { link_id, redirect_url }])
        }
        Command::RecordLinkIssued { link_id, url } => {
            check_unsettled(merchant, link_id)?;
            Ok(vec![Event::LinkIssued { link_id, url }])
        }
        Command::RecordLinkFailed { link_id, failure } => {
            check_unsettled(merchant, link_id)?;
            Ok(vec![Event::LinkIssueFailed { link_id, failure }])
        }
        Command::RevokeLink { link_id } => revoke(merchant, link_id),
        Command::ReceiveCallback(claim) => Ok(receive(merchant, *claim)),
    }
}

fn decide_unregistered(command: Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Register(registration, surroundings) => Ok(register(*registration, surroundings)),
        Command::ReceiveCallback(_)
        | Command::ChangeDetails(_)
        | Command::Archive
        | Command::Restore
        | Command::RequestLink { .. }
        | Command::RecordLinkIssued { .. }
        | Command::RecordLinkFailed { .. }
        | Command::RevokeLink { .. } => Err(Refusal::NoSuchMerchant),
    }
}

fn register(registration: Registration, surroundings: Surroundings) -> Vec<Event> {
    vec![Event::MerchantRegistered {
        reference: registration.reference,
        company_name: registration.company_name,
        branch_name: registration.branch_name,
        business_number: registration.business_number,
        tags: registration.tags,
        metadata: registration.metadata,
        surroundings,
    }]
}

fn change_details(merchant: &Merchant, change: DetailsChange) -> Vec<Event> {
    let same_text = |new: &Option<crate::Label>, old: &Option<crate::FreeText>| {
        new.as_ref()
            .is_none_or(|new| old.as_ref().is_some_and(|old| old.as_str() == new.as_str()))
    };
    let old_number = merchant.business.number.as_ref().map(crate::ReportedNumber::as_str);
    let nothing_new = same_text(&change.company_name, &merchant.business.company_name)
        && same_text(&change.branch_name, &merchant.business.branch_name)
        && change
            .business_number
            .as_ref()
            .is_none_or(|new| old_number == Some(new.digits()))
        && change.tags.as_ref().is_none_or(|tags| *tags == merchant.tags)
        && change
            .metadata
            .as_ref()
            .is_none_or(|metadata| *metadata == merchant.metadata);
    if nothing_new {
        return vec![];
    }
    vec![Event::MerchantDetailsChanged {
        company_name: change.company_name,
        branch_name: change.branch_name,
        business_number: change.business_number,
        tags: change.tags,
        metadata: change.metadata,
    }]
}

fn check_linkable(merchant: &Merchant) -> Result<(), LinkRefusal> {
    if merchant.archived_since.is_some() {
        return Err(LinkRefusal::Archived);
    }
    if !merchant.reference.is_linkable() {
        return Err(LinkRefusal::CodesTooLong);
    }
    if merchant.links.len() >= LINKS_MAX {
        return Err(LinkRefusal::TooManyLinks);
    }
    Ok(())
}

/// An answer may still come for a call whose outcome was written down as unknown.
fn check_unsettled(merchant: &Merchant, link_id: LinkId) -> Result<(), Refusal> {
    match merchant.link(link_id).map(|link| link.state) {
        Some(LinkState::Requested | LinkState::Failed(LinkOutcome::Unknown)) => Ok(()),
        Some(
            LinkState::Issued | LinkState::Revoked | LinkState::Failed(LinkOutcome::NotSent | LinkOutcome::Refused),
        )
        | None => Err(Refusal::NoSuchLink),
    }
}

fn revoke(merchant: &Merchant, link_id: LinkId) -> Result<Vec<Event>, Refusal> {
    match merchant.link(link_id).map(|link| link.state) {
        None => Err(Refusal::NoSuchLink),
        Some(LinkState::Revoked) => Ok(vec![]),
        Some(LinkState::Requested | LinkState::Issued | LinkState::Failed(_)) => {
            Ok(vec![Event::LinkRevoked { link_id }])
        }
    }
}

fn receive(merchant: &Merchant, claim: Claim) -> Vec<Event> {
    let Claim { receipt, body } = claim;
    if let Some(reason) = why_not_believed(merchant, &receipt) {
        return vec![receipt_event(receipt, Verdict::Quarantined(reason), body_content(body))];
    }
    match body {
        ClaimBody::Unusable(reason) => vec![receipt_event(receipt, Verdict::Quarantined(reason), None)],
        ClaimBody::Approval(approval) => vec![Event::PaymentApprovalReceived {
            link_id: receipt.link_id,
            received_at: receipt.received_at,
            approval,
        }],
        ClaimBody::Mapping { observation, digest } => receive_mapping(merchant, receipt, observation, digest),
    }
}

fn receive_mapping(
    merchant: &Merchant,
    receipt: Receipt,
    observation: Observation,
    digest: ContentDigest,
) -> Vec<Event> {
    if !codes_match(merchant, &observation) {
        let verdict = Verdict::Quarantined(QuarantineReason::CodesMismatch);
        return vec![receipt_event(receipt, verdict, Some((observation, digest)))];
    }
    // Only the latest counts: S, P, S with the same message is a second request for documents, not a repeat.
    if merchant.latest_digest == Some(digest) {
        return vec![receipt_event(receipt, Verdict::Duplicate, Some((observation, digest)))];
    }
    let changes = changes_from(merchant, &observation, ClaimSource::Callback, Verification::Unverified);
    let mut events = vec![receipt_event(receipt, Verdict::Applied, Some((observation, digest)))];
    events.extend(changes);
    events
}

/// What an observation that we believe changes.
fn changes_from(
    merchant: &Merchant,
    observation: &Observation,
    source: ClaimSource,
    verification: Verification,
) -> Vec<Event> {
    let mut events = Vec::new();
    if differs(merchant, observation) {
        events.push(Event::BusinessDetailsChanged {
            company_name: observation.company_name.clone(),
            branch_name: observation.branch_name.clone(),
            business_number: observation.business_number.clone(),
            source,
        });
    }
    match (&observation.deletion, merchant.unlinked_since) {
        (DeletionMark::Deleted, None) => events.push(Event::UpstreamUnlinked { source }),
        (DeletionMark::NotDeleted, Some(_)) => events.push(Event::UpstreamRelinked { source }),
        (DeletionMark::Deleted, Some(_)) | (DeletionMark::NotDeleted, None) | (DeletionMark::Unrecognised(_), _) => {}
    }
    if let Some(code) = &observation.review_code {
        let moved = merchant.review.code.as_ref() != Some(code);
        if moved || merchant.review.message != observation.review_message {
            events.push(Event::ReviewChanged {
                from: merchant.review.status(),
                to: code.status(),
                code: code.clone(),
                message: observation.review_message.clone(),
                source,
                verification,
            });
        }
    }
    events
}

fn differs(merchant: &Merchant, observation: &Observation) -> bool {
    fn news<T: PartialEq>(said: Option<&T>, known: Option<&T>) -> bool {
        said.is_some() && said != known
    }
    let known = &merchant.business;
    news(observation.company_name.as_ref(), known.company_name.as_ref())
        || news(observation.branch_name.as_ref(), known.branch_name.as_ref())
        || news(observation.business_number.as_ref(), known.number.as_ref())
}

fn why_not_believed(merchant: &Merchant, receipt: &Receipt) -> Option<QuarantineReason> {
    let link_id = receipt.link_id?;
    match merchant.link(link_id).map(|link| link.state) {
        None => Some(QuarantineReason::UnknownLink),
        Some(LinkState::Revoked) => Some(QuarantineReason::LinkRevoked),
        // Requested and failed links are believed: upstream may have acted although its answer never reached us.
        Some(LinkState::Requested | LinkState::Issued | LinkState::Failed(_)) => None,
    }
}

/// Every field may be absent; only a code that is there and differs is a mismatch.
fn codes_match(merchant: &Merchant, observation: &Observation) -> bool {
    let reference = &merchant.reference;
    observation
        .member_code
        .as_ref()
        .is_none_or(|code| *code == reference.member_code)
        && observation
            .merchant_code
            .as_ref()
            .is_none_or(|code| *code == reference.merchant_code)
}

fn body_content(body: ClaimBody) -> Option<(Observation, ContentDigest)> {
    match body {
        ClaimBody::Mapping { observation, digest } => Some((observation, digest)),
        ClaimBody::Approval(_) | ClaimBody::Unusable(_) => None,
    }
}

fn receipt_event(receipt: Receipt, verdict: Verdict, content: Option<(Observation, ContentDigest)>) -> Event {
    let (observation, digest) = content.unzip();
    Event::CallbackReceived {
        link_id: receipt.link_id,
        received_at: receipt.received_at,
        verdict,
        observation,
        digest,
        payload: receipt.payload,
        sender_listed: receipt.sender_listed,
    }
}
