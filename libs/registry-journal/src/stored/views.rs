//! What somebody did to a view, as it is written.

use registry_domain::ViewId;
use registry_domain::views::{ViewAct, ViewFact, ViewName};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{StoredError, read, to_json, word};

#[derive(Serialize, Deserialize)]
struct OfView {
    view_id: Uuid,
    /// Of a shared one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// The type of a fact and its data.
pub(super) fn from_fact(fact: &ViewFact) -> (&'static str, String) {
    let event_type = match fact.act {
        ViewAct::Created => "view.created",
        ViewAct::Changed => "view.changed",
        ViewAct::Shared => "view.shared",
        ViewAct::Unshared => "view.unshared",
        ViewAct::Removed => "view.removed",
    };
    let data = OfView {
        view_id: fact.id.as_uuid(),
        name: fact.shared_as.as_ref().map(|name| name.as_str().to_owned()),
    };
    (event_type, to_json(&data))
}

/// The fact of a type; none if it is none of these.
pub(super) fn into_fact(event_type: &str, data: &str) -> Result<Option<ViewFact>, StoredError> {
    let act = match event_type {
        "view.created" => ViewAct::Created,
        "view.changed" => ViewAct::Changed,
        "view.shared" => ViewAct::Shared,
        "view.unshared" => ViewAct::Unshared,
        "view.removed" => ViewAct::Removed,
        _ => return Ok(None),
    };
    let data: OfView = read(event_type, data)?;
    let name = data.name.map(|name| word("name", ViewName::recorded(&name).ok()));
    Ok(Some(ViewFact {
        id: ViewId::from_uuid(data.view_id),
        act,
        shared_as: name.transpose()?,
    }))
}
