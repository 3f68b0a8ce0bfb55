//! Who did something, and which request it belongs to.

use std::fmt;

use uuid::Uuid;

use crate::ids::KeyId;

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Paymint, through a callback or an answer.
    Upstream,
    /// A program of the tenant, known by its API key.
    ApiKey(KeyId),
    /// An operator at the command line.
    Operator,
    /// The registry itself.
    System,
}

impl Actor {
    /// The word for the kind of actor, as used in every contract.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::ApiKey(_) => "api_key",
            Self::Operator => "user",
            Self::System => "system",
        }
    }

    /// The actor's id, where it has one.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::ApiKey(key) => Some(key.to_string()),
            Self::Operator => Some("command_line".to_owned()),
            Self::Upstream | Self::System => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "{}:{id}", self.kind()),
            None => f.write_str(self.kind()),
        }
    }
}

/// Ties together everything that one request caused. Shown to clients as `request_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CorrelationId(Uuid);

impl CorrelationId {
    /// Wraps an id that the edge made up for a request.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The bare UUID, for storage.
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "req_{}", self.0.simple())
    }
}
