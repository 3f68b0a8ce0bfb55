//! What a word about a merchant changes, once it is believed.

use crate::FreeText;
use crate::merchant::event::Event;
use crate::merchant::state::Merchant;
use crate::merchant::verdict::QuarantineReason;
use crate::review::{ClaimSource, DeletionMark, Observation, ReviewCode, ReviewStatus, Verification};

/// The facts that follow from an observation that is believed.
pub(super) fn changes_from(
    merchant: &Merchant,
    observation: &Observation,
    source: ClaimSource,
    verification: Verification,
) -> Vec<Event> {
    let mut events = Vec::new();
    if details_differ(merchant, observation) {
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
        (DeletionMark::Deleted, Some(_))
        | (DeletionMark::NotDeleted, None)
        | (DeletionMark::Unrecognised(_) | DeletionMark::Unsaid, _) => {}
    }
    if let Some(code) = &observation.review_code
        && (letter_differs(merchant, observation)
            || message_differs(merchant, observation)
            || is_newly_understood(merchant, observation))
    {
        events.push(Event::ReviewChanged {
            from: merchant.review.told,
            to: code.status(),
            code: code.clone(),
            message: observation.review_message.clone(),
            source,
            verification,
        });
    }
    events
}

/// Whether the observation says something else about review or link than is believed.
pub(super) fn review_differs(merchant: &Merchant, observation: &Observation) -> bool {
    letter_differs(merchant, observation)
        || message_differs(merchant, observation)
        || deletion_differs(merchant, observation)
}

/// Whether the observation has other business details. Those of an erased merchant are not kept, so nothing is news.
pub(super) fn details_differ(merchant: &Merchant, observation: &Observation) -> bool {
    fn news<T: PartialEq>(said: Option<&T>, known: Option<&T>) -> bool {
        said.is_some() && said != known
    }
    let known = &merchant.business;
    !merchant.erased
        && (news(observation.company_name.as_ref(), known.company_name.as_ref())
            || news(observation.branch_name.as_ref(), known.branch_name.as_ref())
            || news(observation.business_number.as_ref(), known.number.as_ref()))
}

/// Whether the registry told this letter with another meaning than it has now: it was unknown then.
pub(super) fn is_newly_understood(merchant: &Merchant, observation: &Observation) -> bool {
    let review = &merchant.review;
    observation.review_code.is_some() && observation.review_code == review.code && review.told != review.status()
}

/// Whether the observation moves review or link in a way that a reader sees. That a shop nobody has heard of has no
/// review is no movement.
pub(super) fn moves_visibly(merchant: &Merchant, observation: &Observation) -> bool {
    let is_first_none = merchant.review.code.is_none() && status_after(merchant, observation) == ReviewStatus::None;
    deletion_differs(merchant, observation)
        || (letter_differs(merchant, observation) || message_differs(merchant, observation)) && !is_first_none
}

fn letter_differs(merchant: &Merchant, observation: &Observation) -> bool {
    observation.review_code.is_some() && observation.review_code != merchant.review.code
}

/// A message belongs to a letter: without one it says nothing.
fn message_differs(merchant: &Merchant, observation: &Observation) -> bool {
    let known: Option<&FreeText> = merchant.review.message.as_ref();
    observation.review_code.is_some() && !merchant.erased && observation.review_message.as_ref() != known
}

fn deletion_differs(merchant: &Merchant, observation: &Observation) -> bool {
    match observation.deletion {
        DeletionMark::Deleted => merchant.unlinked_since.is_none(),
        DeletionMark::NotDeleted => merchant.unlinked_since.is_some(),
        DeletionMark::Unrecognised(_) | DeletionMark::Unsaid => false,
    }
}

/// Every field may be absent; only a code that is there and looks different is a mismatch.
pub(super) fn codes_match(merchant: &Merchant, observation: &Observation) -> bool {
    let reference = &merchant.reference;
    let (member, merchant) = (&observation.member_code, &observation.merchant_code);
    let is_member = member
        .as_ref()
        .is_none_or(|code| reference.member_code.looks_like(code.as_str()));
    is_member
        && merchant
            .as_ref()
            .is_none_or(|code| reference.merchant_code.looks_like(code.as_str()))
}

/// Why the codes of a claim are not those of the merchant; none if they are.
pub(super) fn mismatch(merchant: &Merchant, observation: &Observation) -> Option<QuarantineReason> {
    if codes_match(merchant, observation) {
        return None;
    }
    let reference = &merchant.reference;
    let (member, shop) = (&observation.member_code, &observation.merchant_code);
    let looks_right = member.as_ref().is_none_or(|code| {
        let (ours, theirs) = (&reference.member_code, code.as_str());
        ours.looks_like(theirs) || ours.is_disguised_as(theirs)
    }) && shop.as_ref().is_none_or(|code| {
        let (ours, theirs) = (&reference.merchant_code, code.as_str());
        ours.looks_like(theirs) || ours.is_disguised_as(theirs)
    });
    Some(if looks_right {
        QuarantineReason::CodesDisguised
    } else {
        QuarantineReason::CodesMismatch
    })
}

/// The status that the review has if the observation is believed.
pub(super) fn status_after(merchant: &Merchant, observation: &Observation) -> ReviewStatus {
    let said = observation.review_code.as_ref().map(ReviewCode::status);
    said.unwrap_or_else(|| merchant.review.status())
}

/// Whether a shop that is not open would be, if the observation is believed.
pub(super) fn opens(merchant: &Merchant, observation: &Observation) -> bool {
    let is_linked = match observation.deletion {
        DeletionMark::Deleted => false,
        DeletionMark::NotDeleted => true,
        DeletionMark::Unrecognised(_) | DeletionMark::Unsaid => merchant.unlinked_since.is_none(),
    };
    !merchant.is_open() && is_linked && status_after(merchant, observation) == ReviewStatus::Opened
}
