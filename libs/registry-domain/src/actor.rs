//! Who did something, and which request it belongs to.

use std::fmt;

use uuid::Uuid;

use crate::ids::{KeyId, PersonId};
use crate::text::{Label, LabelError};
use crate::words::words;

/// Through what somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The pages of the console.
    Console,
    /// A program that calls the API.
    Api,
    /// The command line.
    CommandLine,
}

words!(Channel {
    Console => "console",
    Api => "api",
    CommandLine => "command_line",
});

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Paymint, through a callback or an answer.
    Upstream,
    /// A program of the tenant, known by its API key.
    ApiKey(KeyId),
    /// An operator at the command line.
    Operator,
    /// A person of the tenant's, or one who administers the installation.
    Person {
        /// Who.
        id: PersonId,
        /// Through what.
        channel: Channel,
    },
    /// The shop, at the pages that are made for it. Whoever holds its link is the shop.
    Shop,
    /// The registry itself.
    System,
}

impl Actor {
    /// Whether this is who that is, whatever they act through.
    pub fn is_who(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Person { id, .. }, Self::Person { id: theirs, .. }) => id == theirs,
            (
                Self::Upstream | Self::ApiKey(_) | Self::Operator | Self::Person { .. } | Self::Shop | Self::System,
                _,
            ) => self == other,
        }
    }

    /// The word for the kind of actor, as used in every contract.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::ApiKey(_) => "api_key",
            Self::Operator | Self::Person { .. } => "user",
            Self::Shop => "shop",
            Self::System => "system",
        }
    }

    /// The actor's id, where it has one.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::ApiKey(key) => Some(key.to_string()),
            Self::Operator => Some("command_line".to_owned()),
            Self::Person { id, .. } => Some(id.to_string()),
            Self::Upstream | Self::Shop | Self::System => None,
        }
    }

    /// Through what a client or a person acts; none for Paymint, shops and the registry itself.
    pub const fn channel(&self) -> Option<Channel> {
        match self {
            Self::ApiKey(_) => Some(Channel::Api),
            Self::Operator => Some(Channel::CommandLine),
            Self::Person { channel, .. } => Some(*channel),
            Self::Upstream | Self::Shop | Self::System => None,
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

/// Longest name of somebody on whose behalf a program calls, in characters.
pub const ON_BEHALF_OF_LENGTH_MAX: usize = 100;

/// On whose behalf a program calls, in the words of the program: nobody has checked that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnBehalfOf(Label);

impl OnBehalfOf {
    /// Reads what a program says.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        let name = Label::parse(text)?;
        if name.as_str().chars().count() > ON_BEHALF_OF_LENGTH_MAX {
            return Err(LabelError::TooLong);
        }
        Ok(Self(name))
    }

    /// Reads what was written down once, as it was. This never becomes stricter.
    pub fn recorded(text: &str) -> Result<Self, LabelError> {
        Label::recorded(text).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
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
