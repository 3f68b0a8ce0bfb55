//! What a callback leaves behind, whatever follows from it.

use chrono::{DateTime, Utc};

use super::note_deletion_mark;
use crate::ids::{EventId, Seq, Stamp};
use crate::merchant::event::Event;
use crate::merchant::memory::{HELD_MAX, HeldClaim, KNOCKS_MAX, Knock};
use crate::merchant::state::Merchant;
use crate::merchant::verdict::{CallbackKind, QuarantineReason, Verdict};
use crate::review::ContentDigest;

/// A callback came, or was driven again.
pub(super) fn receive(merchant: &mut Merchant, event: &Event, stamp: Stamp) {
    let Event::CallbackReceived {
        kind,
        verdict,
        received_at,
        digest,
        observation,
        redrive_of,
        redrive_seq,
        ..
    } = event
    else {
        return;
    };
    // What is driven again and still not understood knocks where it knocked before.
    let is_news = redrive_of.is_none_or(|of| merchant.knock.as_ref().is_some_and(|knock| knock.events.contains(&of)));
    if is_news && verdict.reason().is_some_and(QuarantineReason::is_knock) {
        knock(merchant, stamp);
    }
    if let Some(of) = redrive_of {
        settle_knock(merchant, *of, stamp);
    }
    if *kind != CallbackKind::Mapping {
        return;
    }
    // What is driven again was said where it first came.
    let said = redrive_seq.unwrap_or(stamp.seq);
    match verdict {
        Verdict::Applied => {
            merchant.memory.believe(*digest, said);
            if let Some(observation) = observation {
                note_deletion_mark(merchant, observation);
            }
        }
        Verdict::Duplicate => repeat(merchant, *digest, *received_at, said),
        Verdict::Held => {
            if let (Some(observation), Some(digest)) = (observation, digest) {
                let claim = HeldClaim {
                    version: stamp.version,
                    received_at: *received_at,
                    said,
                    observation: observation.clone(),
                    digest: *digest,
                };
                hold(merchant, claim);
            }
        }
        Verdict::Outdated | Verdict::Quarantined(_) => return,
    }
    if let Some(digest) = digest {
        merchant.memory.note(*digest, *received_at);
    }
    merchant.review.observed_at = merchant.review.observed_at.max(Some(*received_at));
}

/// The first one shows, as a warning.
fn knock(merchant: &mut Merchant, stamp: Stamp) {
    if merchant.knock.is_none() {
        merchant.updated_at = stamp.recorded_at;
    }
    let knock = merchant.knock.get_or_insert(Knock {
        since: stamp.recorded_at,
        seq: stamp.seq,
        events: Vec::new(),
    });
    knock.seq = stamp.seq;
    if knock.events.len() == KNOCKS_MAX {
        knock.events.remove(0);
    }
    knock.events.push(stamp.event_id);
}

/// Somebody has discarded a callback or driven it again. Once all that knocked are settled the warning goes.
pub(super) fn settle_knock(merchant: &mut Merchant, of: EventId, stamp: Stamp) {
    let Some(knock) = &mut merchant.knock else { return };
    let before = knock.events.len();
    knock.events.retain(|event| *event != of);
    if knock.events.len() < before && knock.events.is_empty() {
        merchant.knock = None;
        merchant.updated_at = stamp.recorded_at;
    }
}

/// What is said again counts as said then, be it believed or held.
fn repeat(merchant: &mut Merchant, digest: Option<ContentDigest>, received_at: DateTime<Utc>, said: Seq) {
    let held = merchant.held.iter_mut().find(|claim| Some(claim.digest) == digest);
    if let Some(claim) = held {
        claim.received_at = claim.received_at.max(received_at);
        claim.said = claim.said.max(said);
    } else if digest.is_some() && digest == merchant.memory.latest {
        merchant.memory.believe(digest, said);
    }
}

/// Only the newest claims are kept: an older one that says the same, or one too many, gives way.
fn hold(merchant: &mut Merchant, claim: HeldClaim) {
    merchant.held.retain(|older| older.digest != claim.digest);
    if merchant.held.len() == HELD_MAX {
        merchant.held.remove(0);
    }
    merchant.held.push(claim);
}
