//! Which groups of the OpenID provider are which roles here.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::Method;
use axum::response::Response;
use registry_people::{GROUP_LENGTH_MAX, Role};
use serde_json::json;

use super::frame;
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::RoleMappings;
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::Frame;
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

const MAPPINGS: &str = "/v1/role-mappings";

/// A role to choose: its word, its name, whether it is chosen, whether it is more than one's own rights.
type Choice = (&'static str, String, bool, bool);

/// A group with its role.
struct Row {
    group: String,
    label: String,
    roles: Vec<Choice>,
}

/// What the page shows.
struct List {
    rows: Vec<Row>,
    typed: String,
    roles: Vec<Choice>,
    longest: usize,
}

#[derive(Template)]
#[template(path = "people/groups.html")]
struct GroupsPage {
    frame: Frame,
    list: List,
}

/// `GET /console/{tenant}/people/groups`
pub async fn groups(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    draw(&console, &who, look, query.get("done"), None, &Form::default()).await
}

/// `POST …/people/groups`: gives a group a role, in place of the one that it had.
pub async fn set_group(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, form: Form) -> Response {
    let (group, role) = (form.whole("group").to_owned(), form.get("role").to_owned());
    let change = move |mappings: &mut RoleMappings| {
        mappings.groups.insert(group, role);
    };
    changed(&console, &who, look, &form, change).await
}

/// `POST …/people/groups/removal`: takes the role of a group away.
pub async fn remove_group(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    form: Form,
) -> Response {
    let group = form.whole("group").to_owned();
    let change = move |mappings: &mut RoleMappings| {
        mappings.groups.remove(&group);
    };
    changed(&console, &who, look, &form, change).await
}

async fn changed(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    form: &Form,
    change: impl FnOnce(&mut RoleMappings),
) -> Response {
    let api = console.api();
    let outcome = async {
        let mut mappings: RoleMappings = api.get(who, MAPPINGS).await?;
        change(&mut mappings);
        let ask = Ask::new(Method::PUT, MAPPINGS.to_owned());
        api.tell(who, ask.body(json!({ "groups": mappings.groups }))).await
    };
    match outcome.await {
        Ok(()) => answer::see(&format!(
            "/console/{}/people/groups?done=groups",
            segment(&who.tenant.slug)
        )),
        Err(trouble) => draw(console, who, look, None, Some(&trouble), form).await,
    }
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    done: Option<&str>,
    trouble: Option<&Trouble>,
    typed: &Form,
) -> Response {
    let mut frame = frame(console, who, look).calls("GET", MAPPINGS).noticed(done);
    frame.here = frame.path("/people/groups");
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<RoleMappings>(who, MAPPINGS).await {
        Ok(mappings) => {
            let list = List::new(&frame, who, &mappings, typed);
            answer::page(frame.status(), &GroupsPage { frame, list })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl List {
    fn new(frame: &Frame, who: &SignedIn, mappings: &RoleMappings, typed: &Form) -> Self {
        let words = frame.words();
        let roles = |chosen: &str| {
            let choice = |role: &Role| {
                let word = role.as_str();
                let is_on = word == chosen;
                (word, words.role(word).to_owned(), is_on, !is_on && !who.may_give(*role))
            };
            Role::ALL.iter().map(choice).collect::<Vec<_>>()
        };
        let row = |(group, role): (&String, &String)| Row {
            group: group.clone(),
            label: (words.people.group_role)(group),
            roles: roles(role),
        };
        Self {
            rows: mappings.groups.iter().map(row).collect(),
            typed: typed.whole("group").to_owned(),
            roles: roles(typed.typed("role").unwrap_or(Role::Viewer.as_str())),
            longest: GROUP_LENGTH_MAX,
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Form, Frame, GroupsPage, List, Preferences};
    use crate::documents::RoleMappings;
    use crate::frame::Section;
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff;

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, mappings: &RoleMappings| {
            let who = shops::person(look);
            let title = look.words().frame.people;
            let frame = Frame::new(&who, look, Section::People, title, shops::now()).calls("GET", super::MAPPINGS);
            let list = List::new(&frame, &who, mappings, &Form::default());
            Sample::new(name, &GroupsPage { frame, list })
        };
        vec![
            sample("groups", &staff::mappings()),
            sample("groups-none", &RoleMappings::default()),
        ]
    }
}
