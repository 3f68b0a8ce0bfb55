//! Upstream was asked: what its answer settles, and what happens when none comes.

use chrono::{DateTime, Utc};

use super::changes::{changes_from, codes_match, moves_visibly, review_differs, status_after};
use crate::merchant::event::Event;
use crate::merchant::memory::HeldClaim;
use crate::merchant::reading::{Answer, Reading};
use crate::merchant::state::Merchant;
use crate::merchant::verdict::Resolution;
use crate::review::{
    ClaimSource, DeletionMark, MappingPhase, MappingStatus, Observation, ReadingSource, ReviewStatus, Verification,
};

/// How a reading stands to what was claimed. The log tells, and no clock: those of two machines differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Every claim was in the log before the question was sent: the reading wins.
    Newer,
    /// A claim came into the log since: nobody can tell which of the two is newer.
    Overtaken,
}

/// Records what upstream said. Nothing becomes a fact when nothing follows from it:
///
/// - It says what is known and verified already. The log does not grow by asking.
/// - It was overtaken while a question is open: a claim came since, so that stays open and upstream is asked again. Or
///   it was, and is a list: a list is one long answer about everybody and argues
///   with no claim that came meanwhile. The next one will tell.
/// - It repeats codes, and they are another merchant's.
///
/// An overtaken reading that agrees with what is believed counts; one that disagrees makes the review `conflicting`
/// and changes nothing else.
pub(super) fn record(merchant: &Merchant, reading: Reading) -> Vec<Event> {
    let order = order(merchant, &reading);
    let is_list = reading.source == ReadingSource::List;
    match &reading.answer {
        Answer::Missing => {
            if order == Order::Newer {
                missing(merchant, reading)
            } else {
                vec![]
            }
        }
        Answer::Found { observation, .. } => {
            if !codes_match(merchant, observation) {
                return vec![];
            }
            match order {
                Order::Newer => found(merchant, reading),
                Order::Overtaken if merchant.confirmation.is_some() || is_list => vec![],
                Order::Overtaken if !review_differs(merchant, &completed(merchant, observation, reading.source)) => {
                    found(merchant, reading)
                }
                Order::Overtaken if merchant.review.verification == Verification::Conflicting => vec![],
                Order::Overtaken => vec![observed(reading, Verification::Conflicting, false)],
            }
        }
    }
}

/// Lets go of held claims that upstream was asked about in vain. The newest claim counts: if it is a held one it is
/// applied, unverified; if something was applied after it, that stands.
pub(super) fn release(merchant: &Merchant, requested_until: DateTime<Utc>) -> Vec<Event> {
    let Some(confirmation) = &merchant.confirmation else {
        return vec![];
    };
    if confirmation.requested_at > requested_until {
        return vec![];
    }
    let standing = merchant.standing_claim();
    let mut events = vec![resolved(merchant, Resolution::Unanswered, standing)];
    if let Some(claim) = standing {
        events.extend(changes_from(
            merchant,
            &claim.observation,
            ClaimSource::Callback,
            Verification::Unverified,
        ));
    }
    events
}

fn order(merchant: &Merchant, reading: &Reading) -> Order {
    if Some(reading.asked_seq) < merchant.last_claim() {
        Order::Overtaken
    } else {
        Order::Newer
    }
}

fn found(merchant: &Merchant, reading: Reading) -> Vec<Event> {
    let Answer::Found {
        observation,
        mapping_status,
    } = &reading.answer
    else {
        return vec![];
    };
    let settled = settle(merchant, observation);
    let believed = match settled {
        Some((_, Some(claim))) => completed(merchant, &joined(observation, claim), reading.source),
        Some((_, None)) | None => completed(merchant, observation, reading.source),
    };
    let is_open = merchant.confirmation.is_some() && settled.is_none();
    let verification = if is_open {
        Verification::Held
    } else {
        verification_after(merchant, &believed, mapping_status.as_ref(), reading.source)
    };
    let changes = changes_from(merchant, &believed, reading.source.into(), verification);
    let is_news = !changes.is_empty()
        || settled.is_some()
        || verification != merchant.review.verification
        || is_flag_news(merchant, observation, mapping_status.as_ref(), &reading);
    if !is_news {
        return vec![];
    }
    let claimed = settled.is_some_and(|(_, claim)| claim.is_some());
    let healed = !claimed && moves_visibly(merchant, &believed);
    let mut events = vec![observed(reading, verification, healed)];
    events.extend(settled.map(|(resolution, claim)| resolved(merchant, resolution, claim)));
    events.extend(changes);
    events
}

/// Upstream does not know the merchant. That is a flag and no deletion, for lists may be cut and answers may be wrong;
/// but where a claim says that the shop was deleted, the two agree. It is normal as long as upstream has told nothing
/// of the shop, and once the shop is unlinked.
fn missing(merchant: &Merchant, reading: Reading) -> Vec<Event> {
    let review = &merchant.review;
    if review.observed_at.is_none() {
        return vec![];
    }
    let is_unlinked = merchant.unlinked_since.is_some();
    if reading.source == ReadingSource::List {
        let is_news = merchant.missing_from_list_since.is_none() && !is_unlinked;
        let as_before = review.verification;
        return if is_news {
            vec![observed(reading, as_before, false)]
        } else {
            vec![]
        };
    }
    let deletes = |claim: &&HeldClaim| claim.observation.deletion == DeletionMark::Deleted;
    if let Some(claim) = merchant.held.iter().rev().find(deletes) {
        let source = reading.source.into();
        let changes = changes_from(merchant, &claim.observation, source, Verification::Verified);
        let mut events = vec![
            observed(reading, Verification::Verified, false),
            resolved(merchant, Resolution::Confirmed, Some(claim)),
        ];
        events.extend(changes);
        return events;
    }
    let verification = match (merchant.confirmation, is_unlinked) {
        (Some(_), _) => Verification::Held,
        (None, true) => Verification::Verified,
        (None, false) => Verification::Conflicting,
    };
    let is_flag_news = merchant.missing_upstream_since.is_none() && !is_unlinked;
    if is_flag_news || verification != review.verification {
        vec![observed(reading, verification, false)]
    } else {
        vec![]
    }
}

/// What the reading makes of the held claims; `None` if none is held, or if it does not say what they are doubtful
/// for. The newest claim with which it agrees is confirmed.
fn settle<'a>(merchant: &'a Merchant, reading: &Observation) -> Option<(Resolution, Option<&'a HeldClaim>)> {
    merchant.confirmation?;
    let verdicts = || {
        let newest_first = merchant.held.iter().rev();
        newest_first.map(|claim| (claim, agrees(&claim.observation, reading)))
    };
    if let Some((claim, _)) = verdicts().find(|(_, agrees)| *agrees == Some(true)) {
        return Some((Resolution::Confirmed, Some(claim)));
    }
    let undecided = verdicts().any(|(_, agrees)| agrees.is_none());
    (!undecided).then_some((Resolution::Refuted, None))
}

/// Whether a reading says of review and link what a claim says; `None` if it does not say enough to tell.
fn agrees(claim: &Observation, reading: &Observation) -> Option<bool> {
    let letter = match (&claim.review_code, &reading.review_code) {
        (None, _) => Some(true),
        (Some(claimed), Some(read)) => Some(claimed == read),
        (Some(_), None) => None,
    };
    let deletion = match (&claim.deletion, &reading.deletion) {
        (DeletionMark::Deleted, DeletionMark::NotDeleted) => Some(false),
        (DeletionMark::Deleted, DeletionMark::Unrecognised(_) | DeletionMark::Unsaid) => None,
        (DeletionMark::NotDeleted | DeletionMark::Unrecognised(_) | DeletionMark::Unsaid, DeletionMark::Deleted) => {
            Some(false)
        }
        (DeletionMark::Deleted, DeletionMark::Deleted)
        | (DeletionMark::NotDeleted | DeletionMark::Unrecognised(_) | DeletionMark::Unsaid, _) => Some(true),
    };
    match (letter, deletion) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (None, _) | (_, None) => None,
        (Some(true), Some(true)) => Some(same_message(claim, reading)),
    }
}

/// Whether two that give the same letter give it with the same message, as far as both have one.
fn same_message(claim: &Observation, reading: &Observation) -> bool {
    let (claimed, read) = (&claim.review_message, &reading.review_message);
    claimed.is_none() || read.is_none() || claimed == read
}

/// How far the review can be trusted after an answer that settles what is open.
///
/// An answer with a letter verifies. So does a list for a shop that is open, since it says as much; of any other
/// letter it knows too little. Letter and mapping status that exclude each other are conflicting, and the letter
/// counts: its meaning is documented, that of the words is not. A list does not shake what an answer about this
/// merchant has verified unless its word is a new one, or the two would take turns for ever.
fn verification_after(
    merchant: &Merchant,
    believed: &Observation,
    mapping_status: Option<&MappingStatus>,
    source: ReadingSource,
) -> Verification {
    let status = status_after(merchant, believed);
    let known = &merchant.review;
    let phase = mapping_status.map(MappingStatus::phase);
    let contradicts = phase.is_some_and(|phase| !phase.allows(status));
    let is_vouched_for = source == ReadingSource::List
        && known.verification == Verification::Verified
        && mapping_status == known.mapping_status.as_ref();
    let is_listed_open = status == ReviewStatus::Opened && phase == Some(MappingPhase::Usable);
    if contradicts && !is_vouched_for {
        Verification::Conflicting
    } else if believed.review_code.is_some() || is_listed_open {
        Verification::Verified
    } else if known.verification == Verification::Held {
        // What was held is settled; of the letter nothing was said.
        Verification::Unverified
    } else {
        known.verification
    }
}

/// Whether the answer sets or clears something that is shown beside the review.
fn is_flag_news(
    merchant: &Merchant,
    observation: &Observation,
    mapping_status: Option<&MappingStatus>,
    reading: &Reading,
) -> bool {
    let (missing, knock) = match reading.source {
        ReadingSource::List => (merchant.missing_from_list_since, None),
        ReadingSource::ReadBack | ReadingSource::Reconciliation => {
            (merchant.missing_upstream_since, merchant.knock.as_ref())
        }
    };
    let settles_knock = knock.is_some_and(|knock| knock.seq <= reading.asked_seq);
    let mark = match &observation.deletion {
        DeletionMark::Unrecognised(text) => merchant.unknown_deletion_mark.as_ref() != Some(text) && !merchant.erased,
        DeletionMark::Deleted | DeletionMark::NotDeleted => merchant.unknown_deletion_mark.is_some(),
        DeletionMark::Unsaid => false,
    };
    let word = mapping_status.is_some() && mapping_status != merchant.review.mapping_status.as_ref();
    missing.is_some() || settles_knock || mark || word
}

/// What a reading says once silence is read as silence. The message of a letter that stands is not taken away by an
/// answer without one, and a list adds business details but does not overrule them: it may spell them otherwise, and
/// two sources must not take turns.
fn completed(merchant: &Merchant, observation: &Observation, source: ReadingSource) -> Observation {
    let mut said = observation.clone();
    if said.review_code == merchant.review.code && said.review_message.is_none() {
        said.review_message.clone_from(&merchant.review.message);
    }
    if source == ReadingSource::List {
        let known = &merchant.business;
        said.company_name = said.company_name.filter(|_| known.company_name.is_none());
        said.branch_name = said.branch_name.filter(|_| known.branch_name.is_none());
        said.business_number = said.business_number.filter(|_| known.number.is_none());
    }
    said
}

/// A confirmed claim with everything that the reading says beside it.
fn joined(reading: &Observation, claim: &HeldClaim) -> Observation {
    let (reading, claimed) = (reading.clone(), claim.observation.clone());
    Observation {
        member_code: reading.member_code.or(claimed.member_code),
        merchant_code: reading.merchant_code.or(claimed.merchant_code),
        upstream_member_id: reading.upstream_member_id.or(claimed.upstream_member_id),
        company_name: reading.company_name.or(claimed.company_name),
        branch_name: reading.branch_name.or(claimed.branch_name),
        business_number: reading.business_number.or(claimed.business_number),
        review_code: reading.review_code.or(claimed.review_code),
        review_message: reading.review_message.or(claimed.review_message),
        deletion: match reading.deletion {
            DeletionMark::Unsaid => claimed.deletion,
            said @ (DeletionMark::Deleted | DeletionMark::NotDeleted | DeletionMark::Unrecognised(_)) => said,
        },
    }
}

fn observed(reading: Reading, verification: Verification, healed: bool) -> Event {
    let Reading {
        source,
        asked_seq,
        asked_at,
        read_at,
        answer,
    } = reading;
    Event::StatusObserved {
        source,
        asked_seq: Some(asked_seq),
        asked_at,
        read_at,
        answer,
        verification,
        healed,
    }
}

fn resolved(merchant: &Merchant, resolution: Resolution, applied: Option<&HeldClaim>) -> Event {
    Event::ConfirmationResolved {
        resolution,
        claims: merchant.held.iter().map(|claim| claim.version).collect(),
        applied: applied.map(|claim| claim.version),
    }
}
