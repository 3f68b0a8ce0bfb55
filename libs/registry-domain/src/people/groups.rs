//! Which groups of people at the OpenID provider are which roles of a tenant. They stand in rows; that they were replaced is a fact.

use std::collections::{BTreeMap, BTreeSet};

use super::Role;

/// A group whose people have another role from now on, or none any more. A group is what its provider calls it: it names a part of a
/// company, and nobody in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingChange {
    /// The group.
    pub group: String,
    /// The role that it had.
    pub before: Option<Role>,
    /// The role that it has.
    pub after: Option<Role>,
}

/// What changes where these mappings take the place of those, by group.
pub fn mapping_changes(before: &BTreeMap<String, Role>, after: &BTreeMap<String, Role>) -> Vec<MappingChange> {
    let groups: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |group: &String| MappingChange {
        group: group.clone(),
        before: before.get(group).copied(),
        after: after.get(group).copied(),
    };
    let changes = groups.into_iter().map(change);
    changes.filter(|change| change.before != change.after).collect()
}
