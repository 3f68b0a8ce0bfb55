//! What can be done to many shops from the list.

use registry_people::Scope;

use crate::frame::Frame;

/// What begins with a file, not with shops that are there.
const OF_FILES: &str = "import";

/// What can be done to many shops by whoever looks: what they may do to one, if they may have jobs done.
pub fn actions(frame: &Frame) -> Vec<(&'static str, &'static str)> {
    let actions = frame.words().jobs.actions.iter().copied();
    let needs = |action: &str| match action {
        "issue_links" => Scope::LinksWrite,
        "ask_now" => Scope::UpstreamAsk,
        "redrive" => Scope::QuarantineWrite,
        _ => Scope::MerchantsWrite,
    };
    let usable =
        actions.filter(|(action, _)| *action != OF_FILES && frame.may(Scope::JobsWrite) && frame.may(needs(action)));
    usable.collect()
}
