//! How a fact changes the state. Total: what has happened cannot be refused.

use super::event::{Event, Verdict};
use super::state::{Business, Link, LinkState, Merchant};
use crate::ids::{LinkId, MerchantId, Stamp};
use crate::review::{ClaimSource, DeletionMark, Observation, Review, Verification};
use crate::text::FreeText;
use crate::{Label, ReportedNumber};

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
            number: business_number.clone().map(ReportedNumber::Valid),
        },
        review: Review::unheard(),
        unlinked_since: None,
        unknown_deletion_mark: None,
        archived_since: None,
        erased: false,
        links: Vec::new(),
        latest_digest: None,
        tags: tags.clone(),
        metadata: metadata.clone(),
        surroundings: *surroundings,
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
        Event::CallbackReceived { .. } => {
            receive(merchant, event);
            return;
        }
        Event::StatusObserved {
            source,
            read_at,
            observation,
            ..
        } => {
            merchant.review.observed_at = Some(*read_at);
            merchant.review.source = Some(*source);
            merchant.review.verification = Verification::Verified;
            note_deletion_mark(merchant, observation);
        }
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
        Event::UpstreamUnlinked { .. } => merchant.unlinked_since = Some(at),
        Event::UpstreamRelinked { .. } => merchant.unlinked_since = None,
        Event::ConfirmationRequested { .. } => merchant.review.verification = Verification::Held,
        Event::ConfirmationResolved { resolution } => {
            merchant.review.verification = match resolution {
                super::Resolution::Confirmed | super::Resolution::Refuted => Verification::Verified,
                super::Resolution::Unanswered => Verification::Unverified,
            };
        }
        // A second registration cannot be written; were it in a log, the first one would stand. The other two are
        // facts for the timeline only.
        Event::MerchantRegistered { .. } | Event::PaymentApprovalReceived { .. } | Event::NoteAdded { .. } => return,
    }
    merchant.updated_at = at;
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
    let text = |label: &Label| FreeText::from(label.clone());
    let business = &mut merchant.business;
    replace_if_said(&mut business.company_name, company_name.as_ref().map(text).as_ref());
    replace_if_said(&mut business.branch_name, branch_name.as_ref().map(text).as_ref());
    replace_if_said(
        &mut business.number,
        business_number.clone().map(ReportedNumber::Valid).as_ref(),
    );
    if let Some(tags) = tags {
        merchant.tags.clone_from(tags);
    }
    if let Some(metadata) = metadata {
        merchant.metadata.clone_from(metadata);
    }
}

fn receive(merchant: &mut Merchant, event: &Event) {
    let Event::CallbackReceived {
        verdict,
        received_at,
        digest,
        observation,
        ..
    } = event
    else {
        return;
    };
    match verdict {
        Verdict::Applied => {
            merchant.latest_digest = *digest;
            if let Some(observation) = observation {
                note_deletion_mark(merchant, observation);
            }
        }
        Verdict::Duplicate => {}
        Verdict::Held | Verdict::Quarantined(_) => return,
    }
    merchant.review.observed_at = Some(*received_at);
    merchant.review.source = Some(ClaimSource::Callback);
}

fn change_review(merchant: &mut Merchant, event: &Event, stamp: Stamp) {
    let Event::ReviewChanged {
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
}

fn note_deletion_mark(merchant: &mut Merchant, observation: &Observation) {
    merchant.unknown_deletion_mark = match &observation.deletion {
        DeletionMark::Unrecognised(text) => Some(text.clone()),
        DeletionMark::NotDeleted | DeletionMark::Deleted => None,
    };
}

/// The codes stay: they are the partner's own names, and the natural key of the log.
fn erase(merchant: &mut Merchant) {
    merchant.erased = true;
    merchant.business = Business::default();
    merchant.review.message = None;
    merchant.unknown_deletion_mark = None;
    merchant.latest_digest = None;
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
