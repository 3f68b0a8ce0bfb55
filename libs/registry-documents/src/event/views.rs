//! The public form of what is done to views.

use registry_domain::views::{ViewAct, ViewFact};

use super::EventData;
use super::data::OfView;

pub(super) fn data(fact: &ViewFact) -> EventData {
    let of = OfView {
        view_id: fact.id.to_string(),
        name: fact.shared_as.as_ref().map(|name| name.as_str().to_owned()),
    };
    match fact.act {
        ViewAct::Created => EventData::ViewCreated(of),
        ViewAct::Changed => EventData::ViewChanged(of),
        ViewAct::Shared => EventData::ViewShared(of),
        ViewAct::Unshared => EventData::ViewUnshared(of),
        ViewAct::Removed => EventData::ViewRemoved(of),
    }
}
