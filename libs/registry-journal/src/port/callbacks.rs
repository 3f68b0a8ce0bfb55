//! Rows about callbacks that somebody must or may look at: those in quarantine, those of shops that nobody has
//! claimed, and payment approvals. Nothing personal stands in them.

use chrono::{DateTime, Utc};
use registry_domain::merchant::QuarantineReason;
use registry_domain::review::MappingStatus;
use registry_domain::{EventId, MerchantId, Reference, Seq, TenantId, UnclaimedId, Version};

use crate::record::StreamId;

/// How a callback that came into quarantine stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuarantineState {
    /// It waits.
    Open,
    /// It was driven again, and something came of it.
    Redriven,
    /// It was given up, or the shop that it names was.
    Discarded,
}

impl QuarantineState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Redriven, Self::Discarded];

    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Redriven => "redriven",
            Self::Discarded => "discarded",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A callback that is or was in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Whose log.
    pub tenant_id: TenantId,
    /// The event that recorded it; its body stands sealed there.
    pub event_id: EventId,
    /// Where that event stands in the log.
    pub seq: Seq,
    /// In which stream: a merchant's, or the tenant's own.
    pub stream: StreamId,
    /// Where in that stream.
    pub version: Version,
    /// Why it could not be used.
    pub reason: QuarantineReason,
    /// The pair that it names, if that is what nobody had registered.
    pub reference: Option<Reference>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// How it stands.
    pub state: QuarantineState,
    /// The event that settled it.
    pub settled_by: Option<EventId>,
}

/// A callback in quarantine is settled. The first settlement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// Whose log.
    pub tenant_id: TenantId,
    /// The event that recorded the callback. If it never was in quarantine, nothing is settled.
    pub event_id: EventId,
    /// How it is settled.
    pub state: QuarantineState,
    /// The event that settles it.
    pub settled_by: EventId,
}

/// How a pair that nobody had registered stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnclaimedState {
    /// It waits for somebody to decide.
    Open,
    /// It is a merchant of the tenant now.
    Adopted,
    /// The tenant will have nothing to do with it.
    Dismissed,
}

impl UnclaimedState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Adopted, Self::Dismissed];

    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Adopted => "adopted",
            Self::Dismissed => "dismissed",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A pair of which upstream spoke although nobody had registered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclaimedRow {
    /// Whose log.
    pub tenant_id: TenantId,
    /// The pair.
    pub reference: Reference,
    /// Its id: that of the event that first told of it.
    pub id: UnclaimedId,
    /// When it was first told of.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last told of.
    pub last_seen_at: DateTime<Utc>,
    /// How many callbacks named it.
    pub callbacks: u64,
    /// Upstream's list has it.
    pub listed: bool,
    /// What the list says of it.
    pub mapping_status: Option<MappingStatus>,
    /// How it stands.
    pub state: UnclaimedState,
    /// The merchant that it is now.
    pub merchant_id: Option<MerchantId>,
    /// The event that settled it.
    pub settled_by: Option<EventId>,
}

impl UnclaimedRow {
    /// What comes out when more becomes known of the pair. What was known first and what was settled first stands.
    #[must_use]
    pub fn joined(self, later: Self) -> Self {
        let settled = if self.state == UnclaimedState::Open {
            &later
        } else {
            &self
        };
        let (state, merchant_id, settled_by) = (settled.state, settled.merchant_id, settled.settled_by);
        Self {
            tenant_id: self.tenant_id,
            reference: self.reference,
            id: self.id,
            first_seen_at: self.first_seen_at,
            last_seen_at: self.last_seen_at.max(later.last_seen_at),
            callbacks: self.callbacks + later.callbacks,
            listed: self.listed || later.listed,
            mapping_status: later.mapping_status.or(self.mapping_status),
            state,
            merchant_id,
            settled_by,
        }
    }
}

/// By what a payment approval is recognised when it comes again: SHA-256 over what names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApprovalDigest(pub [u8; 32]);

/// A payment approval of a merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Whose merchant.
    pub tenant_id: TenantId,
    /// Which merchant.
    pub merchant_id: MerchantId,
    /// Where in its stream the approval stands.
    pub version: Version,
    /// The event that recorded it.
    pub event_id: EventId,
    /// By what it is recognised; none if it names neither bill nor approval, or was erased.
    pub identity: Option<ApprovalDigest>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
}
