//! Who did what.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use chrono::SecondsFormat;
use registry_documents::AuditDocument;
use registry_people::Scope;

use crate::answer;
use crate::colleagues::{Colleagues, PEOPLE};
use crate::console::Console;
use crate::documents::{Next, Page, Person, Rows};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::kst;
use crate::parts::{At, filters, short_id};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

const AUDIT: &str = "/v1/audit";

/// The filters, which have the API's names.
const FILTERS: [&str; 7] = ["actor", "action", "merchant_id", "channel", "outcome", "from", "to"];

/// How whoever acts at the command line is named.
const COMMAND_LINE: &str = "command_line";

/// A word to choose, with its name and whether it is chosen.
type Choice = (String, String, bool);

/// An entry.
struct Row {
    id: String,
    at: At,
    who: String,
    who_href: Option<String>,
    only: Option<(String, String)>,
    behalf: String,
    action: String,
    is_refused: bool,
    more: String,
    merchant: Option<(String, String)>,
    channel: String,
    address: String,
    request: String,
    request_short: String,
}

/// A field for one end of a time: a day, or a moment where the address says one.
struct Bound {
    kind: &'static str,
    value: String,
}

impl Bound {
    fn of(value: &str) -> Self {
        Self {
            kind: if value.contains(':') { "datetime-local" } else { "date" },
            value: value.to_owned(),
        }
    }
}

/// What the page shows.
struct List {
    actors: Vec<Choice>,
    actions: Vec<Choice>,
    channels: Vec<Choice>,
    outcomes: Vec<Choice>,
    merchant: String,
    from: Bound,
    to: Bound,
    is_filtered: bool,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "audit/page.html")]
struct AuditPage {
    frame: Frame,
    list: List,
}

/// `GET /console/{tenant}/audit`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let call = asked(&query).on(AUDIT);
    let title = look.words().frame.audit;
    let mut frame = Frame::new(&who, look, Section::Audit, title, console.now()).calls("GET", &call);
    frame.here = query.only(&FILTERS).on(&frame.path("/audit"));
    let api = console.api();
    let (entries, people) = futures::join!(
        api.get::<Page<AuditDocument>>(&who, &call),
        api.get::<Rows<Person>>(&who, PEOPLE),
    );
    let people = people.map(|people| people.data).unwrap_or_default();
    let entries = match entries {
        Ok(entries) => entries,
        // A filter that does not read is shown again, to be mended.
        Err(trouble) if trouble.is_the_askers() => {
            frame = frame.troubled(&trouble);
            Page {
                data: Vec::new(),
                page: Next::default(),
            }
        }
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let list = List::new(&frame, &query, &people, &entries);
    answer::page(frame.status(), &AuditPage { frame, list })
}

/// The filters as the API takes them: days are those of Korea, whole. What does not read is left to the API to refuse.
fn asked(query: &Query) -> Query {
    let mut asked = query.only(&FILTERS);
    let bounds = [
        ("from", query.get("from").and_then(kst::parse)),
        ("to", query.get("to").and_then(kst::end)),
    ];
    for (name, moment) in bounds {
        if let Some(moment) = moment {
            asked = asked.with(name, &moment.to_rfc3339_opts(SecondsFormat::Micros, true));
        }
    }
    asked.with("cursor", query.get("cursor").unwrap_or_default())
}

impl List {
    fn new(frame: &Frame, query: &Query, people: &[Person], page: &Page<AuditDocument>) -> Self {
        let words = frame.words();
        let names = Colleagues::of(people);
        let path = frame.path("/audit");
        let filters = query.only(&FILTERS);
        let chosen = |name: &str| query.get(name).unwrap_or_default();
        let choices = |name: &str, known: Vec<(String, String)>| {
            let word = chosen(name);
            let is_known = word.is_empty() || known.iter().any(|(it, _)| it == word);
            let other = (!is_known).then(|| (word.to_owned(), word.to_owned()));
            let all = known.into_iter().chain(other);
            all.map(|(it, name)| (it.clone(), name, it == word)).collect::<Vec<_>>()
        };
        let pairs_of = |names: crate::words::Names| {
            let pairs = names
                .iter()
                .map(|(word, name)| ((*word).to_owned(), (*name).to_owned()));
            pairs.collect::<Vec<_>>()
        };
        let mut actors: Vec<_> = people.iter().map(|it| (it.id.clone(), it.name.clone())).collect();
        actors.push((COMMAND_LINE.to_owned(), words.channel(COMMAND_LINE).to_owned()));
        Self {
            actors: choices("actor", actors),
            actions: choices("action", pairs_of(words.audit.actions)),
            channels: choices("channel", pairs_of(words.channels)),
            outcomes: choices("outcome", pairs_of(words.audit.outcomes)),
            merchant: chosen("merchant_id").to_owned(),
            from: Bound::of(chosen("from")),
            to: Bound::of(chosen("to")),
            is_filtered: filters != Query::default(),
            rows: page
                .data
                .iter()
                .map(|entry| row(frame, &filters, &names, entry))
                .collect(),
            first: query.get("cursor").map(|_| filters.on(&path)),
            next: page
                .page
                .next
                .as_ref()
                .map(|cursor| filters.with("cursor", cursor).on(&path)),
        }
    }
}

fn row(frame: &Frame, filters: &Query, names: &Colleagues, entry: &AuditDocument) -> Row {
    let words = frame.words();
    let id = entry.actor.id.as_deref();
    let known = names.name(id);
    let who = match id {
        Some(COMMAND_LINE) => words.channel(COMMAND_LINE).to_owned(),
        Some(_) | None => names.who(&entry.actor, words),
    };
    let who_href = id.and_then(|id| match known {
        Some(_) => Some(frame.path(&format!("/people/{}", segment(id)))),
        None if id.starts_with("key_") && frame.may(Scope::KeysWrite) => {
            Some(frame.path(&format!("/keys/{}", segment(id))))
        }
        None => None,
    });
    let only = id.filter(|id| filters.get("actor") != Some(*id)).map(|id| {
        let href = filters.with("actor", id).on(&frame.path("/audit"));
        (href, (words.audit.only)(&who))
    });
    Row {
        id: entry.id.clone(),
        at: At {
            moment: entry.recorded_at,
            now: frame.now,
        },
        who,
        who_href,
        only,
        behalf: entry
            .on_behalf_of
            .as_deref()
            .map(words.audit.behalf)
            .unwrap_or_default(),
        action: words.action(&entry.action).to_owned(),
        is_refused: entry.outcome == "refused",
        more: more(frame, entry),
        merchant: entry.merchant_id.as_ref().map(|id| {
            let path = frame.path(&format!("/merchants/{}", segment(id)));
            (path, short_id(id))
        }),
        channel: words.channel(&entry.channel).to_owned(),
        address: entry.address.clone().unwrap_or_default(),
        request_short: short_id(&entry.request_id),
        request: entry.request_id.clone(),
    }
}

/// What was refused, why, and how often.
fn more(frame: &Frame, entry: &AuditDocument) -> String {
    let words = frame.words();
    let lacked = entry
        .required_scope
        .as_deref()
        .map(|scope| (words.audit.lacked)(words.scope(scope)));
    let times = entry.count.filter(|count| *count > 1).map(words.audit.times);
    let parts = [entry.operation.clone(), lacked, times];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{AuditPage, Frame, List, Next, Page, Preferences, Query, Section, asked};
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff;

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, raw: &str, is_full: bool| {
            let query = Query::read(Some(raw));
            let title = look.words().frame.audit;
            let call = asked(&query).on(super::AUDIT);
            let frame = Frame::new(&shops::person(look), look, Section::Audit, title, shops::now()).calls("GET", &call);
            let page = Page {
                data: if is_full { staff::audit() } else { Vec::new() },
                page: Next {
                    next: is_full.then(|| "next".to_owned()),
                    prev: None,
                },
            };
            let list = List::new(&frame, &query, &staff::people(), &page);
            Sample::new(name, &AuditPage { frame, list })
        };
        vec![
            sample("audit", "", true),
            sample("audit-none", "actor=key_1&from=2026-11-01&outcome=refused", false),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_a_filter_are_korean() {
        let of = |raw: &str| asked(&Query::read(Some(raw))).on("");
        assert_eq!(
            of("from=2026-11-17T00:00&actor=psn_1&done=x&cursor=c"),
            "?actor=psn_1&from=2026-11-16T15:00:00.000000Z&cursor=c"
        );
        assert_eq!(
            of("from=2026-11-28&to=2026-11-28"),
            "?from=2026-11-27T15:00:00.000000Z&to=2026-11-28T14:59:59.999999Z"
        );
        assert_eq!(of("to=gestern"), "?to=gestern");
    }
}
