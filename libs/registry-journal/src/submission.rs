//! What is handed to the write path, and what comes back.

use std::net::IpAddr;

use registry_domain::merchant::{Claim, Command, Merchant, Redrive, Refusal, Registration};
use registry_domain::tenant::{self, Tenant};
use registry_domain::{
    Actor, CorrelationId, EventId, LinkId, MerchantId, OnBehalfOf, Reference, Seq, TenantId, Version,
};

use crate::record::RecordedEvent;

/// Longest Idempotency-Key, in bytes.
pub const IDEMPOTENCY_KEY_LENGTH_MAX: usize = 255;

/// An Idempotency-Key: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

/// Why a text is not an Idempotency-Key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an Idempotency-Key has 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Reads a key.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let fits = (1..=IDEMPOTENCY_KEY_LENGTH_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request that must have its effect only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The client's key.
    pub key: IdempotencyKey,
    /// Hash over method, path and body: the same key with another request is a mistake of the client.
    pub fingerprint: [u8; 32],
}

/// Who asks, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// In which request.
    pub correlation_id: CorrelationId,
    /// On whose behalf, as the client says.
    pub on_behalf_of: Option<OnBehalfOf>,
    /// From which address.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// Of somebody of whom no more is known.
    pub const fn of(actor: Actor, correlation_id: CorrelationId) -> Self {
        Self {
            actor,
            correlation_id,
            on_behalf_of: None,
            address: None,
        }
    }
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Register a shop. If upstream spoke of its codes before, it is adopted too.
    Register {
        /// The id it gets, with the moment of its registration in front.
        merchant_id: MerchantId,
        /// What the tenant says about it.
        registration: Box<Registration>,
    },
    /// Make a pair of which upstream spoke, and which waits to be claimed, a merchant: register it, unless it is
    /// registered by now. One that was adopted before stays as it is.
    Adopt {
        /// The id it gets if it is registered, with that moment in front.
        merchant_id: MerchantId,
        /// What the tenant says about it; the pair stands here.
        registration: Box<Registration>,
    },
    /// A command to a merchant known by its id.
    Merchant {
        /// Which.
        merchant_id: MerchantId,
        /// What.
        command: Command,
        /// Only if it still has this version.
        expected: Option<Version>,
    },
    /// A callback that came through the tenant-level URL and names a pair of codes.
    CallbackByCodes {
        /// The pair.
        reference: Reference,
        /// The callback.
        claim: Box<Claim>,
    },
    /// A callback that is driven again and belongs to whatever merchant has this pair of codes now. Nothing comes of it
    /// while none has.
    RedriveByCodes {
        /// The pair.
        reference: Reference,
        /// The callback.
        claim: Box<Claim>,
        /// Which callback it is.
        redrive: Redrive,
    },
    /// A command to the tenant itself.
    Tenant(tenant::Command),
}

/// One command on its way to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Whose log.
    pub tenant_id: TenantId,
    /// Who asks.
    pub origin: Origin,
    /// The Idempotency-Key of the request, if it has one.
    pub idempotency: Option<Idempotency>,
    /// What is wanted.
    pub order: Order,
}

/// What was written for a command. Nothing, if its wish was fulfilled already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The ids of the new events, in order.
    pub event_ids: Vec<EventId>,
    /// The end of the tenant's log after it.
    pub seq: Seq,
    /// The new events as they stand in the log: nobody has to read what was just written. Not filled for callbacks, whose
    /// sender wants only to know that they are safe; nor are the next two.
    pub events: Vec<RecordedEvent>,
    /// The merchant after it, if it was a command to one.
    pub merchant: Option<Box<Merchant>>,
    /// The tenant after it, if it was a command to the tenant itself.
    pub tenant: Option<Box<Tenant>>,
}

/// What an Idempotency-Key that was seen before stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The merchant that the first request made or changed.
    pub merchant_id: MerchantId,
    /// The link that it asked for.
    pub link_id: Option<LinkId>,
    /// The merchant's version once the command was written.
    pub version: Version,
}

/// What came of a command. All of these are answers, none is a failure of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It is in the log, durably.
    Written(Written),
    /// The same request was done before.
    Replayed(Replay),
    /// The key was used for another request.
    KeyReused,
    /// The merchant refused.
    Refused(Refusal),
    /// The tenant refused.
    TenantRefused(tenant::Refusal),
}

/// Why a command may not have reached the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The queue is full: try again in a moment. Nothing was written.
    #[error("too many commands are waiting")]
    Busy,
    /// Storage could not take it, or its answer was lost. The log entry names the cause.
    #[error("storage could not take the command")]
    Failed,
    /// The process is stopping. Nothing was written.
    #[error("the writer is stopping")]
    Stopping,
}
