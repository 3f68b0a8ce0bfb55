//! The list of merchants: tabs with counts, search, order, pages.

mod bulk;
pub mod columns;
pub mod conditions;
mod row;
mod tabs;
pub mod views;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use registry_documents::{WaitingMerchant, is_searchable};

use crate::answer::{self, is_fragment};
use crate::console::Console;
use crate::documents::{Counts, Next, Page, Rows, View};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::live;
use crate::parts::filters;
use crate::parts::thousands;
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::stage::{self, Stage};
use crate::words::Words;

use columns::{Column, ColumnChoice, Head};
use conditions::Conditions;
pub use row::{Row, longer_than, since};
pub use tabs::Tabs;
use views::ViewMenu;

/// How many rows a page may have, as far as the API gives them.
const SIZES: [&str; 4] = ["50", "100", "200", "500"];

/// What of a page's state is no condition, and stays when they change.
const ORDER: [&str; 4] = ["sort", "limit", "columns", "view"];

const VIEWS: &str = "/v1/views";

/// Stands for the view that somebody begins with, whichever it is.
const DEFAULT_VIEW: &str = "default";

/// The order of a list that asks for none.
const USUAL_SORT: &str = "-created_at";

/// A link with a name, one of several of which one is on.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What it says.
    pub name: String,
    /// Where it goes.
    pub href: String,
    /// Whether it is where one is.
    pub is_on: bool,
}

/// A filter that is on.
#[derive(Debug, Clone)]
pub struct Chip {
    /// What is filtered by.
    pub name: &'static str,
    /// For what.
    pub value: String,
    /// The list without it.
    pub without: String,
    /// How a screen reader calls the way there.
    pub remove: String,
}

/// What the page shows.
pub struct List {
    summary: String,
    q: String,
    is_too_short: bool,
    kept: Vec<(String, String)>,
    chips: Vec<Chip>,
    order: Vec<(String, String)>,
    conditions: Conditions,
    sorts: Vec<Choice>,
    rows: Vec<Row>,
    empty: (&'static str, &'static str),
    is_filtered: bool,
    heads: Vec<Head>,
    is_chosen: bool,
    choices: Vec<ColumnChoice>,
    state: Vec<(String, String)>,
    usual_columns: String,
    views: ViewMenu,
    first: Option<String>,
    prev: Option<String>,
    next: Option<String>,
    sizes: Vec<Choice>,
    export: String,
    /// What can be done to many, by whoever looks.
    bulk: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "merchants/page.html")]
struct ListPage {
    frame: Frame,
    tabs: Tabs,
    list: List,
}

#[derive(Template)]
#[template(path = "merchants/content.html")]
struct ListFragment {
    frame: Frame,
    tabs: Tabs,
    list: List,
}

#[derive(Template)]
#[template(path = "merchants/tabs.html")]
struct TabsFragment {
    frame: Frame,
    tabs: Tabs,
}

/// `GET /console/{tenant}/merchants`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let now = console.now();
    let query = Query::read(raw.as_deref());
    if let Some(elsewhere) = leads_elsewhere(&console, &who, &query).await {
        return answer::see(&elsewhere);
    }
    let call = conditions::for_api(&query).on("/v1/merchants");
    let here = query.on(&format!("/console/{}/merchants", who.tenant.slug));
    let position = live::position(&console, &who).await.ok();
    let frame = frame(&who, look, now).at(here).calls("GET", &call);
    let frame = frame.listening(None, position);
    let api = console.api();
    let (answer, views) = futures::join!(
        api.get::<Page<WaitingMerchant>>(&who, &call),
        api.get::<Rows<View>>(&who, VIEWS),
    );
    let (page, frame) = match answer {
        Ok(page) => (page, frame.noticed(query.get("done"))),
        Err(trouble) if trouble.is_the_askers() => {
            let nothing = Page {
                data: Vec::new(),
                page: Next::default(),
            };
            (nothing, frame.troubled(&trouble))
        }
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let status = frame.status();
    // A list without its views is better than none.
    let views = views.map(|views| views.data).unwrap_or_default();
    let menu = ViewMenu::new(&frame, &page_query(&query), &views, console.new_key());
    let list = List::new(&frame, &query, &page, menu);
    let tabs = Tabs::new(&frame, &query, None);
    if is_fragment(&headers) {
        answer::fragment(status, &ListFragment { frame, tabs, list })
    } else {
        answer::page(status, &ListPage { frame, tabs, list })
    }
}

/// Where a query goes that is none of the list's own: a form that chooses columns, and the view that somebody begins with.
async fn leads_elsewhere(console: &Console, who: &SignedIn, query: &Query) -> Option<String> {
    let path = format!("/console/{}/merchants", segment(&who.tenant.slug));
    if let Some(columns) = columns::chosen(query) {
        return Some(page_query(query).with("columns", &columns).on(&path));
    }
    if query.get("view") != Some(DEFAULT_VIEW) {
        return None;
    }
    let views = console.api().get::<Rows<View>>(who, VIEWS).await;
    let views = views.map(|views| views.data).unwrap_or_default();
    let begun = views.iter().find(|view| view.default);
    Some(begun.map_or(path.clone(), |view| views::address(&path, view)))
}

/// `GET /console/{tenant}/merchants/tabs`: the tabs with their counts, which may take a while to count.
pub async fn tabs(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let frame = frame(&who, look, console.now());
    let call = conditions::for_api(&query)
        .without("sort")
        .without("limit")
        .without("cursor")
        .with("stage", &stage::list(&Stage::ALL))
        .on("/v1/stats/review-status");
    let counts = console.api().get::<Counts>(&who, &call).await;
    let tabs = Tabs::new(&frame, &query, counts.ok().as_ref());
    answer::fragment(frame.status(), &TabsFragment { frame, tabs })
}

fn frame(who: &SignedIn, look: Preferences, now: DateTime<Utc>) -> Frame {
    let title = look.words().frame.merchants;
    let mut frame = Frame::new(who, look, Section::Merchants, title, now);
    frame.has_own_search = true;
    frame
}

/// What of the query is the page's state: a list of words in one parameter, whatever boxes they came from.
fn page_query(query: &Query) -> Query {
    let kept: Vec<_> = conditions::NAMES
        .iter()
        .copied()
        .chain(["sort", "limit", "cursor", "columns", "view"])
        .collect();
    let mut state = query.only(&kept);
    for name in conditions::LISTS {
        state = state.with(name, &query.words(name).collect::<Vec<_>>().join(","));
    }
    for name in conditions::DAYS {
        state = state.with(name, query.get(name).unwrap_or_default());
    }
    state.with("columns", &columns::text(&columns::of(query)))
}

impl List {
    fn new(frame: &Frame, query: &Query, page: &Page<WaitingMerchant>, views: ViewMenu) -> Self {
        let words = frame.words();
        let merchants = &words.merchants;
        let path = frame.path("/merchants");
        let query = &page_query(query);
        let sort = query.get("sort").unwrap_or(USUAL_SORT).to_owned();
        let begun = query.without("cursor");
        let rows: Vec<_> = page
            .data
            .iter()
            .map(|document| Row::new(frame, document, frame.now).found_by(query.get("q")))
            .collect();
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let columns = columns::of(query);
        let pairs = |names: &[&str]| {
            let pairs = names
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), query.get(name)?.to_owned())));
            pairs.collect::<Vec<_>>()
        };
        let others: Vec<_> = conditions::NAMES.iter().copied().filter(|name| *name != "q").collect();
        let page_at = |cursor: &Option<String>| {
            let cursor = cursor.as_deref()?;
            Some(query.with("cursor", cursor).on(&path))
        };
        let is_filtered = conditions::NAMES.iter().any(|name| query.get(name).is_some());
        Self {
            summary: (merchants.summary)(&thousands(count), page.page.next.is_some(), sort_name(words, &sort)),
            is_too_short: query.get("q").is_some_and(|typed| !is_searchable(typed)),
            q: query.get("q").unwrap_or_default().to_owned(),
            kept: [pairs(&others), pairs(&ORDER)].concat(),
            order: pairs(&ORDER),
            heads: Head::all(words, &columns, &begun, &sort, &path),
            is_chosen: query.get("columns").is_some(),
            choices: columns::options(words, &columns),
            state: [pairs(conditions::NAMES), pairs(&["sort", "limit", "view"])].concat(),
            usual_columns: begun.without("columns").on(&path),
            views,
            chips: conditions::chips(words, &begun, &path),
            conditions: Conditions::new(words, query),
            sorts: sorts(words, &begun, &sort, &path),
            empty: if is_filtered {
                merchants.none_found
            } else {
                merchants.none_yet
            },
            rows,
            is_filtered,
            first: query.get("cursor").map(|_| begun.on(&path)),
            next: page_at(&page.page.next),
            prev: page_at(&page.page.prev),
            sizes: sizes(query, &path),
            export: begun.without("limit").on(&frame.path("/exports/new")),
            bulk: bulk::actions(frame),
        }
    }
}

fn sorts(words: &Words, begun: &Query, sort: &str, path: &str) -> Vec<Choice> {
    let choices = sort_choices(words).map(|(field, name)| Choice {
        name: name.to_owned(),
        href: begun.with("sort", field).on(path),
        is_on: sort == field,
    });
    choices.into()
}

fn sizes(query: &Query, path: &str) -> Vec<Choice> {
    let sizes = SIZES.map(|size| Choice {
        name: size.to_owned(),
        href: query.without("cursor").with("limit", size).on(path),
        is_on: query.get("limit").unwrap_or("50") == size,
    });
    sizes.into()
}

fn sort_choices(words: &Words) -> [(&'static str, &'static str); 3] {
    let merchants = &words.merchants;
    [
        ("-created_at", merchants.newest),
        ("-updated_at", merchants.changed_last),
        ("stage_since", merchants.longest),
    ]
}

fn sort_name(words: &Words, sort: &str) -> &'static str {
    let merchants = &words.merchants;
    match sort {
        "created_at" => merchants.oldest,
        "updated_at" => merchants.changed_first,
        "-stage_since" => merchants.shortest,
        "wait" | "-wait" => merchants.by_wait,
        "name" | "-name" => merchants.by_name,
        "merchant_code" | "-merchant_code" => merchants.by_code,
        other => {
            let known = sort_choices(words).into_iter().find(|(field, _)| *field == other);
            known.map_or(merchants.newest, |(_, name)| name)
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{
        List, ListPage, Next, Page, Preferences, Query, Tabs, ViewMenu, WaitingMerchant, conditions, frame, page_query,
    };
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let list = |name: &'static str, raw: &str, page: Page<WaitingMerchant>| {
            let query = Query::read(Some(raw));
            let frame = frame(&shops::person(look), look, shops::now()).at(query.on("/console/acme/merchants"));
            let frame = frame
                .calls("GET", &conditions::for_api(&query).on("/v1/merchants"))
                .listening(None, None);
            let tabs = Tabs::new(&frame, &query, Some(&shops::counts()));
            let menu = ViewMenu::new(&frame, &page_query(&query), &shops::views(), "key".to_owned());
            let list = List::new(&frame, &query, &page, menu);
            Sample::new(name, &ListPage { frame, tabs, list })
        };
        let none = || Page {
            data: Vec::new(),
            page: Next::default(),
        };
        vec![
            list(
                "merchants",
                "stage=in_review,documents_required&sort=stage_since",
                shops::merchants(50),
            ),
            list(
                "merchants-view",
                "stage=documents_required&age_min=4&updated_from=-7bd&columns=name,stage,business_days,message,tags,created_at&\
                 view=viw_0197f0a1b2c37d4e8f90a1b2c3d40001",
                shops::merchants(20),
            ),
            list("merchants-none-yet", "", none()),
            list("merchants-none-found", "q=%3Cb%3E&limit=100", none()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_boxes_are_one_parameter() {
        let query = Query::read(Some("stage=opened&x=1&stage=drafting&limit=50"));
        assert_eq!(conditions::for_api(&query).on(""), "?limit=50&stage=opened,drafting");
    }

    #[test]
    fn choosing_columns_keeps_the_rest_of_the_state() {
        let query = Query::read(Some(
            "stage=opened&q=ab&sort=name&limit=100&view=viw_1&columns=code&x=1",
        ));
        assert_eq!(
            page_query(&query).on(""),
            "?q=ab&sort=name&limit=100&view=viw_1&stage=opened&columns=name,code"
        );
    }
}
