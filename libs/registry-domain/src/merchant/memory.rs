//! What is kept of earlier claims to judge the next one. All of it is bounded.

use chrono::{DateTime, TimeDelta, Utc};

use super::verdict::Doubt;
use crate::ids::{EventId, Seq, Version};
use crate::review::{ContentDigest, Observation};

/// How long a callback is remembered: a late delivery within this time is told from news. Upstream repeats payment
/// approvals for 24 hours; for mapping callbacks nothing is documented.
pub const RECENT_TIME: TimeDelta = TimeDelta::hours(25);

/// Most callbacks with different content that are remembered. A review moves a few times a day at most.
pub const RECENT_MAX: usize = 8;

/// Most claims that are held at once. Only the newest can be applied; the others are kept because upstream may
/// confirm one of them.
pub const HELD_MAX: usize = 4;

/// The beginning of a digest: enough to tell the callbacks of one merchant from each other. Were two ever the same,
/// upstream would be asked once more than needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DigestMark(pub u64);

impl From<ContentDigest> for DigestMark {
    fn from(ContentDigest(digest): ContentDigest) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Self(u64::from_be_bytes(first))
    }
}

/// A callback that came not long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentClaim {
    /// What it said.
    pub mark: DigestMark,
    /// When it came, the last time.
    pub received_at: DateTime<Utc>,
}

/// What is kept of what was said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimMemory {
    /// The callback that was applied last.
    pub latest: Option<ContentDigest>,
    /// Where in the tenant's log it was said last.
    pub latest_seq: Option<Seq>,
    /// When the question was sent whose answer was last believed.
    pub asked_at: Option<DateTime<Utc>>,
    /// What its asker knew of the log.
    pub asked_seq: Option<Seq>,
    /// A claim has opened the shop, and Paymint has said that it is not so. Until Paymint itself opens it, no claim does.
    pub opening_refuted: bool,
    /// The callbacks of the last [`RECENT_TIME`], oldest first.
    pub recent: Vec<RecentClaim>,
}

impl ClaimMemory {
    /// Whether the same content came within the [`RECENT_TIME`] before a moment.
    pub(super) fn knows(&self, digest: ContentDigest, at: DateTime<Utc>) -> bool {
        let mark = DigestMark::from(digest);
        self.recent
            .iter()
            .any(|claim| claim.mark == mark && claim.received_at >= at - RECENT_TIME)
    }

    /// Whether something that we believe was said after what stands here in the log: a claim behind it, or an answer to
    /// a question whose asker knew it already.
    pub(super) fn overrules(&self, said: Seq) -> bool {
        self.latest_seq > Some(said) || self.asked_seq >= Some(said)
    }

    /// A callback came.
    pub(super) fn note(&mut self, digest: ContentDigest, received_at: DateTime<Utc>) {
        let mark = DigestMark::from(digest);
        let earlier = self.recent.iter().find(|claim| claim.mark == mark);
        let received_at = earlier.map_or(received_at, |claim| claim.received_at.max(received_at));
        self.recent
            .retain(|claim| claim.mark != mark && claim.received_at >= received_at - RECENT_TIME);
        if self.recent.len() == RECENT_MAX {
            self.recent.remove(0);
        }
        self.recent.push(RecentClaim { mark, received_at });
    }

    /// A callback is believed. Its digest is unknown once its content was destroyed.
    pub(super) fn believe(&mut self, digest: Option<ContentDigest>, said: Seq) {
        self.latest = digest;
        self.latest_seq = self.latest_seq.max(Some(said));
    }

    /// Forgets what was said, and keeps when.
    pub(super) fn forget_content(&mut self) {
        self.latest = None;
        self.opening_refuted = false;
        self.recent.clear();
    }
}

/// A claim that waits for upstream's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldClaim {
    /// Which event of the merchant's stream recorded it.
    pub version: Version,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Where in the tenant's log it was said last. Claims are ordered by this: the clocks of two machines differ.
    pub said: Seq,
    /// What it says.
    pub observation: Observation,
    /// Digest over that.
    pub digest: ContentDigest,
}

/// Most knocks that are remembered one by one; of more the oldest are forgotten. (They wait in quarantine all the same.)
pub const KNOCKS_MAX: usize = 16;

/// Callbacks through a shop's own URL of which nothing could be understood, since upstream last gave a good answer, and which
/// nobody has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knock {
    /// When the first of them came into the log.
    pub since: DateTime<Utc>,
    /// Where in the tenant's log the last of them stands.
    pub seq: Seq,
    /// The events that recorded them, in order. Rows from before they were noted have none.
    pub events: Vec<EventId>,
}

/// An open question to upstream. A merchant has at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    /// Why the first of the held claims is doubtful.
    pub doubt: Doubt,
    /// Since when it is open. The hold time counts from here: claims that follow do not put it off.
    pub requested_at: DateTime<Utc>,
}

impl Confirmation {
    /// When the held claims are to be released, if upstream has not answered by then.
    pub fn release_at(&self, hold_time: TimeDelta) -> DateTime<Utc> {
        self.requested_at + hold_time
    }
}
