//! Who caused an event, as others see it.

use registry_domain::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorDocument {
    /// `upstream`, `api_key`, `user`, `shop` (whoever holds a shop's link), `system`.
    #[serde(rename = "type")]
    #[schema(example = "upstream")]
    pub kind: String,
    /// The id of the key or the user, where there is one: `key_…`, `psn_…`, or `command_line`.
    #[schema(required = true)]
    pub id: Option<String>,
    /// Through what a user acted: `console`, `api`, `command_line`. Absent for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "console")]
    pub channel: Option<String>,
}

impl ActorDocument {
    /// Who it is, as it is shown.
    pub fn from_actor(actor: &Actor) -> Self {
        Self {
            kind: actor.kind().to_owned(),
            id: actor.id(),
            channel: match actor {
                Actor::Person { channel, .. } => Some(channel.as_str().to_owned()),
                // What they act through is said by what they are.
                Actor::ApiKey(_) | Actor::Operator | Actor::Upstream | Actor::Shop | Actor::System => None,
            },
        }
    }
}
