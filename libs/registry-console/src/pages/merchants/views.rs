//! The views that one can open from the list, and where each of them goes.

use super::{columns, conditions};
use crate::documents::View;
use crate::frame::Frame;
use crate::query::Query;

/// A view to open.
pub struct ViewLink {
    /// What it is called.
    pub name: String,
    /// Where it goes.
    pub href: String,
    /// Whether it is the one that is shown.
    pub is_on: bool,
    /// Whether whoever looks begins with it.
    pub is_default: bool,
}

/// The one that is shown.
pub struct Shown {
    /// What it is called.
    pub name: String,
    /// Where its forms go.
    pub act: String,
    /// What is known of it.
    pub version: u64,
}

/// What the list says of views.
pub struct ViewMenu {
    /// The one that is shown.
    pub shown: Option<Shown>,
    /// One's own.
    pub own: Vec<ViewLink>,
    /// Those of the tenant.
    pub shared: Vec<ViewLink>,
    /// The list without any.
    pub plain: String,
    /// What would be kept: the page's state.
    pub state: String,
    /// Makes a form keep one only.
    pub key: String,
}

impl ViewMenu {
    /// The menu on a page with this state.
    pub fn new(frame: &Frame, state: &Query, views: &[View], key: String) -> Self {
        let path = frame.path("/merchants");
        let on = state.get("view");
        let shown = views.iter().find(|view| Some(view.id.as_str()) == on);
        let link = |view: &View| ViewLink {
            name: view.name.clone(),
            href: address(&path, view),
            is_on: shown.is_some_and(|shown| shown.id == view.id),
            is_default: view.default,
        };
        Self {
            shown: shown.map(|view| Shown {
                name: view.name.clone(),
                act: frame.path(&format!("/views/{}", view.id)),
                version: view.version,
            }),
            own: views.iter().filter(|view| !view.shared).map(link).collect(),
            shared: views.iter().filter(|view| view.shared).map(link).collect(),
            plain: path.clone(),
            state: kept(state).on("").trim_start_matches('?').to_owned(),
            key,
        }
    }
}

/// Where a view goes: all that it says stands in the address, so that whoever gets the address sees the same.
pub fn address(path: &str, view: &View) -> String {
    conditions::from_api(&Query::read(Some(&view.query)))
        .with("columns", &columns::text(&columns::of(&asked(view))))
        .with("view", &view.id)
        .on(path)
}

fn asked(view: &View) -> Query {
    Query::default().with("columns", &view.columns.join(","))
}

/// What of a page's state a view keeps: not where one is in it, and not as of when.
pub fn kept(state: &Query) -> Query {
    state.without("cursor").without("as_of").without("view")
}
