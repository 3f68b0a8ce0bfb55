//! How a fact changes the state. Total: what has happened cannot be refused.

mod claims;

use self::claims::{receive, settle_knock};
use super::event::Event;
use super::memory::{ClaimMemory, Confirmation};
use super::reading::Answer;
use super::state::{Business, Link, LinkState, Merchant};
use super::verdict::Resolution;
use super::visit::Visits;
use crate::ids::{LinkId, MerchantId, Stamp, Version};
use crate::review::{
    ClaimSource, DeletionMark, Observation, ReadingSource, Review, ReviewCode, ReviewStatus, Verification,
};
use crate::text::FreeText;
use crate::{Adjustment, Label, ReportedNumber};

/// Folds one fact into the state. `None` stays `None` until the merchant is registered: a callback for a merchant
/// that was never registered is a fact about nobody.
pub fn evolve(id: MerchantId, state: Option<Merchant>, event: &Event, stamp: Stamp) -> Option<Merchant> {
    let mut merchant = match (state, event) {
        (None, Event::MerchantRegistered { .. }) => return registered(id, event, stamp),
        (None, _) => return None,
        (Some(merchant), _) => merchant,
    };
    merchant.version = stamp.version;
    merchant.seq = stamp.seq;
    apply(&mut merchant, event, stamp);
    if merchant.erased {
        forget_personal(&mut merchant);
    }
    Some(merchant)
}

/// Folds a whole stream, oldest fact first.
pub fn fold<'a>(id: MerchantId, events: impl IntoIterator<Item = (&'a Event, Stamp)>) -> Option<Merchant> {
    events
        .into_iter()
        .fold(None, |state, (event, stamp)| evolve(id, state, event, stamp))
}

fn registered(id: MerchantId, event: &Event, stamp: Stamp) -> Option<Merchant> {
    let Event::MerchantRegistered {
        reference,
        company_name,
        branch_name,
        business_number,
        tags,
        metadata,
        surroundings,
    } = event
    else {
        return None;
    };
    Some(Merchant {
        id,
        version: stamp.version,
        seq: stamp.seq,
        reference: reference.clone(),
        business: Business {
            company_name: company_name.clone().map(FreeText::from),
            branch_name: branch_name.clone().map(FreeText::from),
            number: business_number.clone().map(ReportedNumber::from),
        },
        review: Review::unheard(),
        unlinked_since: None,
        unknown_deletion_mark: None,
        missing_upstream_since: None,
        missing_from_list_since: None,
        knock: None,
        confirmation: None,
        held: Vec::new(),
        archived_since: None,
        erased: false,
        links: Vec::new(),
        visits: Visits::default(),
        memory: ClaimMemory::default(),
        tags: tags.clone(),
        metadata: metadata.clone(),
        surroundings: *surroundings,
        alerts: Vec::new(),
        created_at: stamp.recorded_at,
        updated_at: stamp.recorded_at,
    })
}

fn apply(merchant: &mut Merchant, event: &Event, stamp: Stamp) {
    let at = stamp.recorded_at;
    match event {
        Event::MerchantDetailsChanged { .. } => change_details(merchant, event),
        Event::MerchantArchived => merchant.archived_since = Some(at),
        Event::MerchantRestored => merchant.archived_since = None,
        Event::MerchantErased => erase(merchant),
        Event::LinkRequested { link_id, .. } => merchant.links.push(Link {
            id: *link_id,
            state: LinkState::Requested,
            requested_at: at,
            issued_at: None,
        }),
        Event::LinkIssued { link_id, .. } => with_link(merchant, *link_id, |link| {
            link.state = LinkState::Issued;
            link.issued_at = Some(at);
        }),
        Event::LinkIssueFailed { link_id, failure } => {
            with_link(merchant, *link_id, |link| {
                link.state = LinkState::Failed(failure.outcome);
            });
        }
        Event::LinkRevoked { link_id } => with_link(merchant, *link_id, |link| link.state = LinkState::Revoked),
        Event::LinkOpened | Event::LinkContinued { .. } | Event::MerchantReturned => merchant.visits.note(event, at),
        Event::CallbackReceived { .. } => receive(merchant, event, stamp),
        Event::StatusObserved { .. } => observe(merchant, event, stamp),
        Event::ReviewChanged { .. } => change_review(merchant, event, stamp),
        Event::BusinessDetailsChanged {
            company_name,
            branch_name,
            business_number,
            ..
        } => {
            let business = &mut merchant.business;
            replace_if_said(&mut business.company_name, company_name.as_ref());
            replace_if_said(&mut business.branch_name, branch_name.as_ref());
            replace_if_said(&mut business.number, business_number.as_ref());
        }
        Event::UpstreamUnlinked { source } => {
            merchant.unlinked_since = Some(at);
            merchant.missing_upstream_since = None;
            merchant.missing_from_list_since = None;
            note_source_of_link(merchant, *source);
        }
        Event::UpstreamRelinked { source } => {
            merchant.unlinked_since = None;
            note_source_of_link(merchant, *source);
        }
        Event::ConfirmationRequested { doubt } => {
            // The log's time may lie ahead of the clock; the hold shall not last longer for that.
            let live = merchant.held.last().filter(|claim| claim.said.next() == stamp.seq);
            merchant.confirmation = Some(Confirmation {
                doubt: *doubt,
                requested_at: live.map_or(at, |claim| claim.received_at.min(at)),
            });
            merchant.review.verification = Verification::Held;
        }
        Event::ConfirmationResolved {
            resolution, applied, ..
        } => resolve(merchant, *resolution, *applied),
        Event::CallbackDiscarded { event_id, .. } => settle_knock(merchant, *event_id, stamp),
        Event::PaymentApprovalReceived { redrive_of, .. } => {
            if let Some(of) = redrive_of {
                settle_knock(merchant, *of, stamp);
            }
        }
        Event::Alert(fact) => fact.apply_to(&mut merchant.alerts, stamp),
        // A second registration cannot be written; were it in a log, the first one would stand. Notes are for the timeline.
        Event::MerchantRegistered { .. } | Event::NoteAdded { .. } => {}
    }
    if event.is_shown() {
        merchant.updated_at = at;
    }
}

fn change_details(merchant: &mut Merchant, event: &Event) {
    let Event::MerchantDetailsChanged {
        company_name,
        branch_name,
        business_number,
        tags,
        metadata,
    } = event
    else {
        return;
    };
    let business = &mut merchant.business;
    let text = |change: &Adjustment<Label>, known| change.clone().map(FreeText::from).applied_to(known);
    business.company_name = text(company_name, business.company_name.take());
    business.branch_name = text(branch_name, business.branch_name.take());
    let number = business_number.clone().map(ReportedNumber::from);
    business.number = number.applied_to(business.number.take());
    if let Some(tags) = tags {
        merchant.tags.clone_from(tags);
    }
    if let Some(metadata) = metadata {
        merchant.metadata.clone_from(metadata);
    }
}

fn observe(merchant: &mut Merchant, event: &Event, stamp: Stamp) {
    let Event::StatusObserved {
        source,
        asked_seq,
        asked_at,
        read_at,
        answer,
        verification,
        ..
    } = event
    else {
        return;
    };
    let is_list = *source == ReadingSource::List;
    let asked_seq = asked_seq.unwrap_or(stamp.seq);
    let missing_since = if is_list {
        &mut merchant.missing_from_list_since
    } else {
        &mut merchant.missing_upstream_since
    };
    match answer {
        Answer::Found {
            observation,
            mapping_status,
        } => {
            *missing_since = None;
            if !is_list {
                merchant.knock.take_if(|knock| knock.seq <= asked_seq);
            }
            if mapping_status.is_some() {
                merchant.review.mapping_status.clone_from(mapping_status);
            }
            note_deletion_mark(merchant, observation);
            merchant.review.observed_at = merchant.review.observed_at.max(Some(*read_at));
        }
        // Of an unlinked shop, or of one that a claim says is deleted, it is no surprise: then it verifies.
        Answer::Missing if merchant.unlinked_since.is_some() => {}
        Answer::Missing if !is_list && *verification == Verification::Verified => {}
        Answer::Missing => *missing_since = missing_since.or(Some(stamp.recorded_at)),
    }
    if *verification == Verification::Verified && !merchant.erased {
        note_word_on_opening(merchant, answer);
    }
    let review = &mut merchant.review;
    // A list that leaves a verified review as it is has not vouched for it.
    let leaves_it = is_list && review.verification == Verification::Verified;
    if *verification == Verification::Verified && !leaves_it {
        review.source = Some((*source).into());
        merchant.memory.asked_at = merchant.memory.asked_at.max(Some(*asked_at));
        merchant.memory.asked_seq = merchant.memory.asked_seq.max(Some(asked_seq));
    }
    review.verification = *verification;
}

/// What Paymint says of a shop that is open by a mere claim: whoever made up one such claim can make up the next.
fn note_word_on_opening(merchant: &mut Merchant, answer: &Answer) {
    let says = match answer {
        Answer::Found { observation, .. } => observation.review_code.as_ref().map(ReviewCode::status),
        Answer::Missing => Some(ReviewStatus::None),
    };
    let is_claimed =
        merchant.review.status() == ReviewStatus::Opened && merchant.review.verification == Verification::Unverified;
    match says {
        Some(ReviewStatus::Opened) => merchant.memory.opening_refuted = false,
        Some(_) if is_claimed => merchant.memory.opening_refuted = true,
        Some(_) | None => {}
    }
}

/// How far the review can be trusted after an answer, the reading before this event has said.
fn resolve(merchant: &mut Merchant, resolution: Resolution, applied: Option<Version>) {
    let held = std::mem::take(&mut merchant.held);
    merchant.confirmation = None;
    let applied = held.into_iter().find(|claim| Some(claim.version) == applied);
    if let Some(claim) = &applied {
        merchant.memory.believe(Some(claim.digest), claim.said);
    }
    match resolution {
        Resolution::Confirmed | Resolution::Refuted => {}
        Resolution::Unanswered => {
            merchant.review.verification = Verification::Unverified;
            if let Some(claim) = &applied {
                note_deletion_mark(merchant, &claim.observation);
            }
        }
    }
}

fn change_review(merchant: &mut Merchant, event: &Event, stamp: Stamp) {
    let Event::ReviewChanged {
        to,
        code,
        message,
        source,
        verification,
        ..
    } = event
    else {
        return;
    };
    let review = &mut merchant.review;
    if review.code.as_ref() != Some(code) {
        review.since = Some(stamp.recorded_at);
    }
    review.code = Some(code.clone());
    review.message.clone_from(message);
    review.source = Some(*source);
    review.verification = *verification;
    review.told = *to;
}

/// Review and link are trusted together: a link that changed by a mere claim is not verified, whatever the letter is.
fn note_source_of_link(merchant: &mut Merchant, source: ClaimSource) {
    merchant.review.source = Some(source);
    if source == ClaimSource::Callback && merchant.confirmation.is_none() {
        merchant.review.verification = Verification::Unverified;
    }
}

fn note_deletion_mark(merchant: &mut Merchant, observation: &Observation) {
    match &observation.deletion {
        DeletionMark::Unrecognised(text) => merchant.unknown_deletion_mark = Some(text.clone()),
        DeletionMark::NotDeleted | DeletionMark::Deleted => merchant.unknown_deletion_mark = None,
        DeletionMark::Unsaid => {}
    }
}

/// A question about claims whose content is gone cannot be settled any more.
fn erase(merchant: &mut Merchant) {
    merchant.erased = true;
    merchant.confirmation = None;
    merchant.memory = ClaimMemory::default();
    if merchant.review.verification == Verification::Held {
        merchant.review.verification = Verification::Unverified;
    }
}

/// The codes stay: they are the partner's own names, and the natural key of the log. This runs after every event of
/// an erased merchant, so that the state is what the log gives back, which keeps nothing personal of it either.
fn forget_personal(merchant: &mut Merchant) {
    merchant.business = Business::default();
    merchant.review.message = None;
    merchant.unknown_deletion_mark = None;
    merchant.held.clear();
    merchant.memory.forget_content();
    merchant.tags.clear();
    merchant.metadata.clear();
}

fn with_link(merchant: &mut Merchant, id: LinkId, change: impl FnOnce(&mut Link)) {
    if let Some(link) = merchant.links.iter_mut().find(|link| link.id == id) {
        change(link);
    }
}

fn replace_if_said<T: Clone>(known: &mut Option<T>, said: Option<&T>) {
    if let Some(said) = said {
        *known = Some(said.clone());
    }
}
