//! A row of the log, and the fact that it is.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use registry_domain::{
    Actor, Channel, CorrelationId, EventId, KeyId, MerchantId, OnBehalfOf, Seq, Stamp, TenantId, Version, merchant,
    tenant,
};
use uuid::Uuid;

/// Which stream an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamId {
    /// A merchant's.
    Merchant(MerchantId),
    /// The tenant's own.
    Tenant(TenantId),
}

impl StreamId {
    /// The word for the kind of stream, as stored.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Merchant(_) => "merchant",
            Self::Tenant(_) => "tenant",
        }
    }

    /// The id of whatever the stream is about, which is also the owner of the data key.
    pub const fn as_uuid(&self) -> Uuid {
        match self {
            Self::Merchant(id) => id.as_uuid(),
            Self::Tenant(id) => id.as_uuid(),
        }
    }

    /// The stream of a stored kind and id.
    pub fn from_stored(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "merchant" => Some(Self::Merchant(MerchantId::from_uuid(id))),
            "tenant" => Some(Self::Tenant(TenantId::from_uuid(id))),
            _ => None,
        }
    }

    /// The merchant, if it is a merchant's stream.
    pub const fn merchant_id(&self) -> Option<MerchantId> {
        match self {
            Self::Merchant(id) => Some(*id),
            Self::Tenant(_) => None,
        }
    }
}

/// A fact of any stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// Of a merchant.
    Merchant(merchant::Event),
    /// Of the tenant itself.
    Tenant(tenant::Event),
}

/// A fact with everything the log knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Whose log.
    pub tenant_id: TenantId,
    /// The event's id.
    pub event_id: EventId,
    /// The stream it stands in.
    pub stream: StreamId,
    /// Where and when it stands in the log.
    pub stamp: Stamp,
    /// The hash that chains it to the event before it: of sealed bytes, so that it tells nothing of anybody.
    pub hash: [u8; 32],
    /// Dotted type.
    pub event_type: String,
    /// Who caused it.
    pub actor: Actor,
    /// On whose behalf, as the client said.
    pub on_behalf_of: Option<OnBehalfOf>,
    /// From which address the request came.
    pub address: Option<IpAddr>,
    /// The request that it belongs to.
    pub correlation_id: CorrelationId,
    /// The event that led to it.
    pub causation_id: Option<EventId>,
    /// The fact.
    pub event: StreamEvent,
    /// Its personal part was destroyed: the personal fields of the fact are empty.
    pub erased: bool,
}

/// Who caused an event, as one stored text: `upstream`, `system`, `user`, `api_key:` and the key's id, or `person:`, through
/// what the person acted, `:`, and the person's id.
pub fn actor_to_text(actor: &Actor) -> String {
    match actor {
        Actor::ApiKey(key) => format!("api_key:{key}"),
        Actor::Person { id, channel } => format!("person:{}:{id}", channel.as_str()),
        Actor::Upstream | Actor::Operator | Actor::Shop | Actor::System => actor.kind().to_owned(),
    }
}

/// The inverse of [`actor_to_text`].
pub fn actor_from_text(text: &str) -> Option<Actor> {
    match text {
        "upstream" => Some(Actor::Upstream),
        "shop" => Some(Actor::Shop),
        "system" => Some(Actor::System),
        "user" => Some(Actor::Operator),
        _ => match text.strip_prefix("person:") {
            Some(person) => person_from_text(person),
            None => text.strip_prefix("api_key:")?.parse::<KeyId>().ok().map(Actor::ApiKey),
        },
    }
}

fn person_from_text(text: &str) -> Option<Actor> {
    let (channel, id) = text.split_once(':')?;
    Some(Actor::Person {
        id: id.parse().ok()?,
        channel: Channel::from_word(channel)?,
    })
}

/// One row of the events table, exactly as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Whose log.
    pub tenant_id: TenantId,
    /// Position in the log.
    pub seq: Seq,
    /// The event's id.
    pub event_id: EventId,
    /// The stream it stands in.
    pub stream: StreamId,
    /// Position in the stream.
    pub version: Version,
    /// Dotted type.
    pub event_type: String,
    /// When it was written.
    pub recorded_at: DateTime<Utc>,
    /// Who caused it; see [`actor_to_text`].
    pub actor: String,
    /// The request that it belongs to.
    pub correlation_id: CorrelationId,
    /// The event that led to it, within one command: the first one.
    pub causation_id: Option<EventId>,
    /// What is kept of the request's Idempotency-Key ([`crate::Keyring::keyed`]), on the first event it caused. Events of
    /// earlier versions have the key itself.
    pub idempotency_key: Option<String>,
    /// JSON without anything personal.
    pub data: String,
    /// The personal part, sealed under the stream owner's data key. Empty when the event has none.
    pub sealed: Vec<u8>,
    /// SHA-256 over the previous row's hash and this row's canonical bytes.
    pub hash: [u8; 32],
}

impl EventRow {
    /// Where and when it stands in the log.
    pub fn stamp(&self) -> Stamp {
        Stamp {
            event_id: self.event_id,
            seq: self.seq,
            version: self.version,
            recorded_at: self.recorded_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::PersonId;

    use super::*;

    #[test]
    fn every_actor_reads_back_from_its_text() {
        let id = Uuid::from_u128(12);
        let persons = Channel::ALL.iter().map(|channel| Actor::Person {
            id: PersonId::from_uuid(id),
            channel: *channel,
        });
        let others = [
            Actor::Upstream,
            Actor::Shop,
            Actor::System,
            Actor::Operator,
            Actor::ApiKey(KeyId::from_uuid(id)),
        ];
        for actor in persons.chain(others) {
            assert_eq!(actor_from_text(&actor_to_text(&actor)), Some(actor));
        }
        for text in ["", "person:", "person:console", "person:post:psn_0", "user:1"] {
            assert_eq!(actor_from_text(text), None, "{text}");
        }
    }
}
