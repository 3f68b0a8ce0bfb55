//! What the events about destinations of alerts tell.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A destination of alerts was made, or is different from now on. Where it leads stands in no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventDestinationData)]
pub struct EventDestination {
    /// Its id.
    #[schema(example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub destination_id: String,
    /// What its owner calls it.
    #[schema(example = "당직")]
    pub name: String,
    /// What carries messages there, `mail`, `slack`, `chat` or `webhook`; null if it leads where it led before.
    #[schema(required = true, example = "webhook")]
    pub kind: Option<String>,
    /// The rules whose alerts are carried; those of all if there is none.
    #[schema(example = json!(["in_review"]))]
    pub rules: Vec<String>,
    /// How bad they must be: `warn`, `late` or `critical`.
    #[schema(example = "late")]
    pub least_severity: String,
}

/// Messages to a destination are signed with another secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventDestinationSecretRotatedData)]
pub struct EventDestinationSecretRotated {
    /// Its id.
    #[schema(example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub destination_id: String,
    /// Until when they are signed with the old one too.
    pub old_works_until: DateTime<Utc>,
}

/// A destination gets nothing from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventDestinationDisabledData)]
pub struct EventDestinationDisabled {
    /// Its id.
    #[schema(example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub destination_id: String,
    /// Why: `asked`, `failing` (nothing arrived there for three days) or `gone` (it answered 410).
    #[schema(example = "failing")]
    pub reason: String,
}

/// A destination was switched on again, or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OfEventDestinationData)]
pub struct OfEventDestination {
    /// Its id.
    #[schema(example = "dst_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub destination_id: String,
}
