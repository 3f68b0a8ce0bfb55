//! A callback as it reaches the core: a claim, and what is known beside it.

use std::fmt;

use chrono::{DateTime, Utc};

use super::approval::Approval;
use super::verdict::QuarantineReason;
use crate::ids::{EventId, LinkId, Seq};
use crate::review::{ContentDigest, Observation};

/// The exact bytes of a callback's body.
#[derive(Clone, PartialEq, Eq)]
pub struct RawPayload(pub Vec<u8>);

impl fmt::Debug for RawPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawPayload({} bytes)", self.0.len())
    }
}

/// What is known of a callback beside what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The link whose URL was called; none for a tenant-level URL.
    pub link_id: Option<LinkId>,
    /// When the last byte arrived.
    pub received_at: DateTime<Utc>,
    /// The body.
    pub payload: RawPayload,
    /// Whether the sender's address is one of Paymint's; none when that was not checked.
    pub sender_listed: Option<bool>,
    /// Some of the body could not be read: U+FFFD stands in its place.
    pub decoded_with_loss: bool,
    /// It came through the merchant's URL for bills, and not through one that was made for its registration.
    pub by_bills_url: bool,
}

/// What a callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimBody {
    /// A mapping callback.
    Mapping {
        /// What it says.
        observation: Observation,
        /// Digest over that.
        digest: ContentDigest,
    },
    /// A payment-approval callback.
    Approval(Approval),
    /// Nothing that could be used, and why.
    Unusable(QuarantineReason),
}

/// A callback as it reaches the core: verified to have come through a URL that we gave away, and nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is known beside it.
    pub receipt: Receipt,
    /// What it says.
    pub body: ClaimBody,
}

/// A callback that is driven again. Nothing is edited: what comes of it is a new fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redrive {
    /// The event that recorded the callback, in this merchant's stream or in the tenant's.
    pub of: EventId,
    /// Where that event stands in the tenant's log: the callback is judged as of there, whatever the clocks said.
    pub seq: Seq,
    /// The tenant says that the callback belongs to this merchant: codes and link are not compared.
    pub bound: bool,
}
