//! What can be done to many shops from the list.

use registry_people::Scope;

use crate::frame::Frame;

/// What can be done to many shops by whoever looks: what they may do to one, if they may have jobs done.
pub fn actions(frame: &Frame) -> Vec<(&'static str, &'static str)> {
    let actions = frame.words().jobs.actions.iter().copied();
    let needs = |action: &str| match action {
        "issue_links" => Scope::LinksWrite,
        "ask_now" => Scope::UpstreamAsk,
        _ => Scope::MerchantsWrite,
    };
    let usable = actions.filter(|(action, _)| frame.may(Scope::JobsWrite) && frame.may(needs(action)));
    usable.collect()
}
