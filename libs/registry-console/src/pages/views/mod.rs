//! Views: what people keep of their questions to the list of merchants. They are kept from the list, and looked after here.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use registry_people::Scope;
use serde_json::{Value, json};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Rows, View};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::pages::merchants::views::{address, kept};
use crate::pages::merchants::{columns, conditions};
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::stage::Stage;
use crate::words::Words;

const LIST: &str = "/v1/views";

/// Where it lies below the tenant's path.
const PATH: &str = "/views";

/// Where merchants are listed.
const MERCHANTS: &str = "/merchants";

/// A form came from the list, and leads back there.
const TO_LIST: &str = "list";

/// A view in the list of views.
struct Row {
    name: String,
    href: String,
    /// What it asks for, in words.
    asks: String,
    /// What it shows, in words; empty for what usually is shown.
    shows: String,
    act: String,
    id: String,
    version: u64,
    is_shared: bool,
    is_own: bool,
    is_default: bool,
    remove_sure: String,
}

/// What was typed to keep a view and could not be kept.
struct Draft {
    name: String,
    state: String,
    is_shared: bool,
    asks: String,
    name_wrong: Option<String>,
}

/// What the page shows.
struct List {
    rows: Vec<Row>,
    draft: Option<Draft>,
    key: String,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "views/page.html")]
struct ViewsPage {
    frame: Frame,
    list: List,
}

/// What a page says beside what there is.
#[derive(Default)]
struct Said<'a> {
    done: Option<&'a str>,
    trouble: Option<&'a Trouble>,
    draft: Option<&'a Form>,
}

/// The tenant's name, and the view's id.
type Place = Path<(String, String)>;

/// `GET /console/{tenant}/views`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let said = Said {
        done: query.get("done"),
        ..Said::default()
    };
    draw(&console, &who, look, said).await
}

/// `POST …/views`: keeps what a list shows.
pub async fn create(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    let mut body = asked(&typed);
    body["name"] = json!(typed.get("name"));
    body["shared"] = json!(typed.ticked("shared"));
    let ask = Ask::post(LIST).body(body).once(typed.get("key"));
    match console.api().send::<View>(&who, ask).await {
        Ok(made) => to_list(&who, &made),
        Err(trouble) => {
            let said = Said {
                trouble: Some(&trouble),
                draft: Some(&typed),
                ..Said::default()
            };
            draw(&console, &who, look, said).await
        }
    }
}

/// `POST …/views/{id}`: another name, other contents, shared or not.
pub async fn change(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    typed: Form,
) -> Response {
    let mut body = if typed.get("next") == TO_LIST {
        asked(&typed)
    } else {
        json!({})
    };
    if let Some(name) = typed.typed("name") {
        body["name"] = json!(name);
    }
    if let Some(shared) = typed.typed("shared") {
        body["shared"] = json!(shared == "true");
    }
    let ask = Ask::new(Method::PATCH, of_api(&id)).body(body);
    let ask = ask.at_version(typed.get("version").parse().unwrap_or(0));
    match console.api().send::<View>(&who, ask).await {
        Ok(changed) if typed.get("next") == TO_LIST => to_list(&who, &changed),
        changed => after(&console, &who, look, changed.map(drop), "view").await,
    }
}

/// `POST …/views/{id}/removal`
pub async fn remove(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let removed = console.api().tell(&who, Ask::new(Method::DELETE, of_api(&id))).await;
    after(&console, &who, look, removed, "view_removed").await
}

/// `POST …/views/{id}/default`: begins with it, or no longer.
pub async fn begin(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    typed: Form,
) -> Response {
    // Only what is there can be begun with, and only that is not begun with any more.
    let there = console.api().get::<View>(&who, &of_api(&id)).await;
    let wanted = if typed.get("default") == "false" {
        None
    } else {
        Some(&id)
    };
    let ask = Ask::new(Method::PUT, "/v1/default-view".to_owned()).body(json!({ "view_id": wanted }));
    let set = match there {
        Ok(_) => console.api().tell(&who, ask).await,
        Err(trouble) => Err(trouble),
    };
    after(&console, &who, look, set, "view").await
}

/// What a list shows, as the API keeps it.
fn asked(typed: &Form) -> Value {
    let state = kept(&Query::read(Some(typed.whole("state"))));
    let query = conditions::for_api(&state).on("");
    let columns = columns::text(&columns::of(&state));
    let columns: Vec<_> = columns.split(',').filter(|word| !word.is_empty()).collect();
    json!({ "query": query.trim_start_matches('?'), "columns": columns })
}

fn of_api(id: &str) -> String {
    format!("{LIST}/{}", segment(id))
}

/// Back to the list, which shows the view now.
fn to_list(who: &SignedIn, view: &View) -> Response {
    let path = format!("/console/{}{MERCHANTS}", segment(&who.tenant.slug));
    answer::see(&format!("{}&done=view", address(&path, view)))
}

async fn after(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    changed: Result<(), Trouble>,
    done: &str,
) -> Response {
    match changed {
        Ok(()) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!("/console/{tenant}{PATH}?done={done}"))
        }
        Err(trouble) if trouble.is_the_askers() => {
            let said = Said {
                trouble: Some(&trouble),
                ..Said::default()
            };
            draw(console, who, look, said).await
        }
        Err(trouble) => answer::trouble(frame(console, who, look), &trouble),
    }
}

async fn draw(console: &Console, who: &SignedIn, look: Preferences, said: Said<'_>) -> Response {
    let mut frame = frame(console, who, look).calls("GET", LIST).noticed(said.done);
    if let Some(trouble) = said.trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<Rows<View>>(who, LIST).await {
        Ok(views) => {
            let list = List::new(&frame, &views.data, console.new_key(), said.draft);
            answer::page(frame.status(), &ViewsPage { frame, list })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn frame(console: &Console, who: &SignedIn, look: Preferences) -> Frame {
    let title = look.words().views.title;
    let frame = Frame::new(who, look, Section::Merchants, title, console.now());
    let here = frame.path(PATH);
    frame.at(here)
}

impl List {
    fn new(frame: &Frame, views: &[View], key: String, typed: Option<&Form>) -> Self {
        Self {
            rows: views.iter().map(|view| Row::new(frame, view)).collect(),
            draft: typed
                .filter(|_| frame.status() != StatusCode::FORBIDDEN)
                .map(|typed| Draft {
                    name: typed.whole("name").to_owned(),
                    state: typed.whole("state").to_owned(),
                    is_shared: typed.ticked("shared"),
                    asks: asks(frame.words(), &Query::read(Some(typed.whole("state")))),
                    name_wrong: frame
                        .problem
                        .as_ref()
                        .and_then(|problem| problem.of_field("name"))
                        .map(str::to_owned),
                }),
            key,
            may_write: frame.may(Scope::ViewsWrite),
        }
    }
}

impl Row {
    fn new(frame: &Frame, view: &View) -> Self {
        let words = frame.words();
        let chosen = columns::of(&Query::default().with("columns", &view.columns.join(",")));
        let shows: Vec<_> = chosen.iter().map(|column| column.name(words)).collect();
        Self {
            name: view.name.clone(),
            href: address(&frame.path(MERCHANTS), view),
            asks: asks(words, &conditions::from_api(&Query::read(Some(&view.query)))),
            shows: if columns::text(&chosen).is_empty() {
                String::new()
            } else {
                shows.join(", ")
            },
            act: frame.path(&format!("{PATH}/{}", segment(&view.id))),
            id: view.id.clone(),
            version: view.version,
            is_shared: view.shared,
            is_own: view.own,
            is_default: view.default,
            remove_sure: (words.views.remove_sure)(&view.name),
        }
    }
}

/// What a query asks for, in words.
fn asks(words: &'static Words, query: &Query) -> String {
    let m = &words.merchants;
    let stages: Vec<_> = query.words("stage").map(Stage::of).collect();
    let mut said = Vec::new();
    if stages == Stage::STUCK {
        said.push(m.stuck.to_owned());
    } else if let [stage] = stages.as_slice() {
        said.push(format!("{} {}", m.stage, stage.name(words)));
    }
    let chips = conditions::chips(words, query, "");
    said.extend(chips.into_iter().map(|chip| format!("{} {}", chip.name, chip.value)));
    if said.is_empty() {
        return m.all.to_owned();
    }
    said.join(" · ")
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Form, Frame, LIST, List, Preferences, Section, ViewsPage};
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let title = look.words().views.title;
        let page = |name: &'static str, frame: Frame, count: usize, typed: Option<&Form>| {
            let views = shops::views();
            let list = List::new(&frame, &views[..count], "key".to_owned(), typed);
            Sample::new(name, &ViewsPage { frame, list })
        };
        let frame = |who| Frame::new(&who, look, Section::Merchants, title, shops::now()).calls("GET", LIST);
        let mut refused = frame(shops::person(look));
        let mut problem = shops::problem();
        problem.errors.truncate(1);
        problem.errors[0].pointer = Some("/name".to_owned());
        refused.problem = Some(problem);
        let typed = Form::of("name=%20&state=stage%3Dopened%26created_from%3D-7bd&shared=on");
        vec![
            page("views", frame(shops::person(look)), 3, None),
            page("views-none", frame(shops::person(look)), 0, None),
            page("views-refused", refused, 1, Some(&typed)),
            page("views-viewer", frame(shops::viewer(look)), 3, None),
        ]
    }
}
