//! What events about groups of people tell.

use registry_domain::people::{MappingChange, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Other groups of the `OpenID` provider are roles from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RoleMappingsReplacedData)]
pub struct RoleMappingsReplaced {
    /// What became of which groups. Those that are not named have the role that they had.
    pub changes: Vec<RoleMappingChange>,
}

/// A group with another role than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RoleMappingChangeData)]
pub struct RoleMappingChange {
    /// The group, as the provider calls it.
    #[schema(example = "registry-operators")]
    pub group: String,
    /// The role that it had; null for none.
    #[schema(required = true, example = "viewer")]
    pub before: Option<String>,
    /// The role that it has; null for none.
    #[schema(required = true, example = "operator")]
    pub after: Option<String>,
}

impl From<&MappingChange> for RoleMappingChange {
    fn from(change: &MappingChange) -> Self {
        let word = |role: Option<Role>| role.map(|role| role.as_str().to_owned());
        Self {
            group: change.group.clone(),
            before: word(change.before),
            after: word(change.after),
        }
    }
}
