//! What became of the roles of groups, as it is written.

use registry_domain::people::{MappingChange, Role};
use registry_domain::tenant::Event;
use serde::{Deserialize, Serialize};

use super::{StoredError, read, to_json, word};

const TYPE: &str = "role_mappings.replaced";

#[derive(Serialize, Deserialize)]
struct Replaced {
    changes: Vec<Change>,
}

#[derive(Serialize, Deserialize)]
struct Change {
    group: String,
    before: Option<String>,
    after: Option<String>,
}

/// The type of the fact and its data.
pub(super) fn from_changes(changes: &[MappingChange]) -> (&'static str, String) {
    let role = |role: Option<Role>| role.map(|role| role.as_str().to_owned());
    let change = |change: &MappingChange| Change {
        group: change.group.clone(),
        before: role(change.before),
        after: role(change.after),
    };
    let changes = changes.iter().map(change).collect();
    (TYPE, to_json(&Replaced { changes }))
}

/// The fact of a type; none if it is another.
pub(super) fn into_event(event_type: &str, data: &str) -> Result<Option<Event>, StoredError> {
    if event_type != TYPE {
        return Ok(None);
    }
    let data: Replaced = read(event_type, data)?;
    let role = |field, text: Option<String>| text.map(|text| word(field, Role::from_word(&text))).transpose();
    let change = |change: Change| {
        Ok(MappingChange {
            group: change.group,
            before: role("before", change.before)?,
            after: role("after", change.after)?,
        })
    };
    let changes = data.changes.into_iter().map(change);
    let changes = changes.collect::<Result<_, StoredError>>()?;
    Ok(Some(Event::RoleMappingsReplaced { changes }))
}
