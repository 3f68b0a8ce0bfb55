//! A callback comes in: a claim without signature, id or time.

use super::changes::{changes_from, details_differ, is_newly_understood, mismatch, opens, review_differs};
use crate::merchant::claim::{Claim, ClaimBody, RawPayload, Receipt, Redrive};
use crate::merchant::context::Context;
use crate::merchant::event::Event;
use crate::merchant::state::{LinkState, Merchant};
use crate::merchant::verdict::{CallbackKind, Doubt, QuarantineReason, QuarantineStanding, Verdict};
use crate::review::{ClaimSource, ContentDigest, DeletionMark, Observation, ReviewCode, ReviewStatus, Verification};

/// What a mapping callback says.
struct Content {
    observation: Observation,
    digest: ContentDigest,
}

/// Judges a callback. At least its receipt becomes a fact.
pub(super) fn receive(merchant: &Merchant, claim: Claim, redrive: Option<Redrive>, context: &Context) -> Vec<Event> {
    let Claim { receipt, body } = claim;
    let bound = redrive.is_some_and(|redrive| redrive.bound);
    let refused = why_not_believed(merchant, &receipt).filter(|_| !bound);
    match body {
        ClaimBody::Mapping { observation, digest } => {
            let mismatch = mismatch(merchant, &observation).filter(|_| !bound);
            let said = Content { observation, digest };
            match refused.or(mismatch) {
                Some(reason) => vec![received(
                    receipt,
                    CallbackKind::Mapping,
                    Verdict::Quarantined(reason),
                    Some(said),
                    redrive,
                )],
                None => receive_mapping(merchant, receipt, said, redrive),
            }
        }
        ClaimBody::Approval(approval) => match (refused, context.knows_approval) {
            (Some(reason), _) => {
                let verdict = Verdict::Quarantined(reason);
                vec![received(receipt, CallbackKind::Approval, verdict, None, redrive)]
            }
            // A small receipt: the approval that is known says all that this one says.
            (None, true) => {
                let receipt = Receipt {
                    payload: RawPayload(Vec::new()),
                    ..receipt
                };
                vec![received(
                    receipt,
                    CallbackKind::Approval,
                    Verdict::Duplicate,
                    None,
                    redrive,
                )]
            }
            (None, false) => vec![Event::PaymentApprovalReceived {
                link_id: receipt.link_id,
                received_at: receipt.received_at,
                approval,
                decoded_with_loss: receipt.decoded_with_loss,
                redrive_of: redrive.map(|redrive| redrive.of),
            }],
        },
        ClaimBody::Unusable(reason) => {
            let verdict = Verdict::Quarantined(refused.unwrap_or(reason));
            vec![received(receipt, CallbackKind::Unreadable, verdict, None, redrive)]
        }
    }
}

/// Drives a callback again, judged by when it first came. Nothing becomes a fact if nothing comes of it: a callback
/// that stays in quarantine for the same reason, or that was used already and says nothing new.
pub(super) fn redrive(merchant: &Merchant, claim: Claim, redrive: Redrive, context: &Context) -> Vec<Event> {
    let standing = context.standing;
    if standing == QuarantineStanding::Settled {
        return vec![];
    }
    let events = receive(merchant, claim, Some(redrive), context);
    let was_open = matches!(standing, QuarantineStanding::Open(_));
    let worth = match events.first() {
        Some(Event::CallbackReceived { verdict, .. }) => match verdict {
            Verdict::Quarantined(reason) => was_open && standing != QuarantineStanding::Open(*reason),
            Verdict::Held => true,
            Verdict::Applied | Verdict::Duplicate | Verdict::Outdated => was_open || events.len() > 1,
        },
        Some(_) | None => true,
    };
    if worth { events } else { vec![] }
}

/// What a mapping callback means, seen from the state.
enum Judgement {
    /// It was said already.
    Repeat,
    /// It was driven again and is older than what we believe.
    Outdated,
    /// Upstream must be asked first.
    Doubtful(Doubt),
    /// It is believed.
    Plain,
}

/// While a question to upstream is open, a claim is judged as at any other time: by the state, which the held claims
/// have not moved. What that means, with O believed and P held:
///
/// - O again is the repeat of the latest applied claim. It also came after P: if upstream does not answer, P does not
///   stand any more (see [`Merchant::standing_claim`]).
/// - P again is the repeat of the claim that stands, and waits with it.
/// - S leaves `opened` too: it is held under the same question, and now S is the one that stands.
/// - O with another name is not doubtful: it is applied, and P does not stand any more.
///
/// With P believed and a deletion held, a plain S is applied: it came later, and it says that the shop is linked. In
/// all of these the question stays open, because only upstream can answer it, and there is only ever one.
fn judge(merchant: &Merchant, receipt: &Receipt, content: &Content, redrive: Option<Redrive>) -> Judgement {
    let Content { observation, digest } = content;
    // Only the latest counts: S, P, S with the same message is a second request for documents, not a repeat. And it
    // must still be believed: if a reading has moved the state since, the same words are news again.
    let says_latest = merchant.memory.latest == Some(*digest) && !review_differs(merchant, observation);
    if says_latest && is_newly_understood(merchant, observation) {
        return Judgement::Plain;
    }
    // A late redrive must not overrule what came after it. Claims that come in live are judged in the order in which
    // they arrive. The log says what came after what; clocks are not asked.
    if redrive.is_some_and(|redrive| merchant.memory.overrules(redrive.seq)) {
        return Judgement::Outdated;
    }
    let says_standing = merchant.standing_claim().is_some_and(|claim| claim.digest == *digest);
    if says_latest || says_standing {
        return Judgement::Repeat;
    }
    match doubt(merchant, receipt, content) {
        Some(doubt) => Judgement::Doubtful(doubt),
        None => Judgement::Plain,
    }
}

/// Why a claim is not believed before upstream was asked. Of an erased merchant nothing can be held, because nothing
/// of what it says may be kept.
fn doubt(merchant: &Merchant, receipt: &Receipt, content: &Content) -> Option<Doubt> {
    let Content { observation, digest } = content;
    if merchant.erased {
        return None;
    }
    let says = observation.review_code.as_ref().map(ReviewCode::status);
    if merchant.review.status() == ReviewStatus::Opened && says.is_some_and(|status| status != ReviewStatus::Opened) {
        return Some(Doubt::LeavesOpened);
    }
    if observation.deletion == DeletionMark::Deleted && merchant.unlinked_since.is_none() {
        return Some(Doubt::Deletes);
    }
    if opens(merchant, observation)
        && let Some(doubt) = why_not_open(merchant, receipt)
    {
        return Some(doubt);
    }
    let would_change = review_differs(merchant, observation) || details_differ(merchant, observation);
    (would_change && merchant.memory.knows(*digest, receipt.received_at)).then_some(Doubt::Redelivered)
}

/// Why a claim that opens a shop must be vouched for first. From then on the shop is billed, so a forged one costs more
/// than any other; and these are the ways in which it could be made by somebody who is not Paymint.
fn why_not_open(merchant: &Merchant, receipt: &Receipt) -> Option<Doubt> {
    if receipt.sender_listed == Some(false) {
        Some(Doubt::OpensUnlisted)
    } else if receipt.by_bills_url {
        Some(Doubt::OpensByBillsUrl)
    } else if !merchant.had_link() {
        Some(Doubt::OpensWithoutLink)
    } else if merchant.memory.opening_refuted {
        Some(Doubt::OpensOnceMore)
    } else {
        None
    }
}

fn receive_mapping(merchant: &Merchant, receipt: Receipt, content: Content, redrive: Option<Redrive>) -> Vec<Event> {
    let judgement = judge(merchant, &receipt, &content, redrive);
    let (verdict, consequences) = match judgement {
        Judgement::Repeat => (Verdict::Duplicate, vec![]),
        Judgement::Outdated => (Verdict::Outdated, vec![]),
        Judgement::Doubtful(doubt) => {
            let question = Event::ConfirmationRequested { doubt };
            let is_open = merchant.confirmation.is_some();
            (Verdict::Held, if is_open { vec![] } else { vec![question] })
        }
        Judgement::Plain => {
            let verification = match merchant.confirmation {
                Some(_) => Verification::Held,
                None => Verification::Unverified,
            };
            let changes = changes_from(merchant, &content.observation, ClaimSource::Callback, verification);
            (Verdict::Applied, changes)
        }
    };
    let mut events = vec![received(
        receipt,
        CallbackKind::Mapping,
        verdict,
        Some(content),
        redrive,
    )];
    events.extend(consequences);
    events
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

fn received(
    receipt: Receipt,
    kind: CallbackKind,
    verdict: Verdict,
    content: Option<Content>,
    redrive: Option<Redrive>,
) -> Event {
    let content = content.map(|content| (content.observation, content.digest));
    let (observation, digest) = content.unzip();
    Event::CallbackReceived {
        link_id: receipt.link_id,
        received_at: receipt.received_at,
        kind,
        verdict,
        observation,
        digest,
        payload: receipt.payload,
        sender_listed: receipt.sender_listed,
        decoded_with_loss: receipt.decoded_with_loss,
        by_bills_url: receipt.by_bills_url,
        redrive_of: redrive.map(|redrive| redrive.of),
        redrive_seq: redrive.map(|redrive| redrive.seq),
    }
}
