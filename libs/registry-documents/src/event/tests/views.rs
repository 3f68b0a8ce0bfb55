//! What each event about views tells.

use registry_domain::ViewId;
use registry_domain::views::{ViewAct, ViewFact, ViewName};

use super::*;

pub(super) fn table() -> Vec<Row<TenantEvent>> {
    let id = ViewId::from_uuid(Uuid::from_u128(14));
    let facts = [
        (ViewAct::Created, "view.created", None),
        (ViewAct::Changed, "view.changed", Some("서류보완 4일+")),
        (ViewAct::Shared, "view.shared", Some("서류보완 4일+")),
        (ViewAct::Unshared, "view.unshared", None),
        (ViewAct::Removed, "view.removed", Some("서류보완 4일+")),
    ];
    let row = |(act, event_type, name): (ViewAct, &'static str, Option<&str>)| {
        let shared_as = name.map(|name| ViewName::parse(name).unwrap());
        let data = json!({ "view_id": id.to_string(), "name": name });
        let fact = ViewFact { id, act, shared_as };
        (TenantEvent::View(fact), event_type, json!(null), data)
    };
    facts.into_iter().map(row).collect()
}
