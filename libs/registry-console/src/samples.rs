//! Every page in every state, with made-up shops: what tests look at, in a browser and out of it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::answer;
use crate::assets;
use crate::pages::shops::Sample;
use crate::pages::{
    ageing, alerts, audit, calendar, callbacks, destinations, exports, funnel, health, home, imports, jobs, keys,
    licences, merchant, merchants, people, quarantine, register, settings, sign_in, unclaimed, views,
};
use crate::preferences::Preferences;

/// The languages and the colours in which pages are shown.
pub const LOOKS: [(&str, &str); 4] = [("ko", "light"), ("ko", "dark"), ("en", "light"), ("en", "dark")];

/// Pages that are looked at together: all at once is more than one test does in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Shops: where they stand, and one by one.
    Desk,
    /// What comes in, what is told, what was done.
    Work,
    /// Who may do what, and how everything is set.
    Office,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Desk, Self::Work, Self::Office];
}

type Group = (Part, fn(Preferences) -> Vec<Sample>);

const GROUPS: [Group; 23] = [
    (Part::Office, sign_in::samples::samples),
    (Part::Desk, home::samples::samples),
    (Part::Desk, merchants::samples::samples),
    (Part::Desk, merchant::samples::samples),
    (Part::Desk, register::samples::samples),
    (Part::Work, callbacks::samples::samples),
    (Part::Work, quarantine::samples::samples),
    (Part::Work, unclaimed::samples::samples),
    (Part::Office, people::samples::samples),
    (Part::Office, keys::samples::samples),
    (Part::Work, audit::samples::samples),
    (Part::Work, alerts::samples::samples),
    (Part::Desk, ageing::samples::samples),
    (Part::Desk, funnel::samples::samples),
    (Part::Work, health::samples::samples),
    (Part::Office, settings::samples::samples),
    (Part::Office, calendar::samples::samples),
    (Part::Office, destinations::samples::samples),
    (Part::Work, licences::samples::samples),
    (Part::Desk, views::samples::samples),
    (Part::Work, imports::samples::samples),
    (Part::Work, exports::samples::samples),
    (Part::Work, jobs::samples::samples),
];

/// The names of a part's samples.
pub fn names(part: Part) -> Vec<&'static str> {
    let groups = GROUPS.iter().filter(|(other, _)| *other == part);
    groups
        .flat_map(|(_, samples)| samples(Preferences::default()))
        .map(|sample| sample.name)
        .collect()
}

/// Every sample under `/console/samples/{language}/{theme}/{name}`, with the headers that pages have.
pub fn router() -> Router {
    let of_group = |(_, samples): &Group| {
        let samples = *samples;
        samples(Preferences::default())
            .into_iter()
            .map(move |sample| (sample.name, samples))
    };
    let by_name: HashMap<_, _> = GROUPS.iter().flat_map(of_group).collect();
    Router::new()
        .route("/console/samples/{language}/{theme}/{name}", get(one))
        .with_state(Arc::new(by_name))
        .route("/console/assets/{file}", get(assets::get))
        .route("/console/acme/live", get(silence))
        .route("/console/acme/jobs/{id}/live", get(silence))
        .route("/console/acme/figures", get(async || StatusCode::NO_CONTENT))
}

/// Which samples one is among: only these are written for it.
type ByName = HashMap<&'static str, fn(Preferences) -> Vec<Sample>>;

async fn one(
    State(by_name): State<Arc<ByName>>,
    Path((language, theme, name)): Path<(String, String, String)>,
) -> Response {
    let look = Preferences::default().with("language", &language).with("theme", &theme);
    let among = by_name
        .get(name.as_str())
        .map(|samples| samples(look))
        .unwrap_or_default();
    match among.into_iter().find(|sample| sample.name == name) {
        Some(sample) => answer::html(StatusCode::OK, sample.html),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A stream in which nothing happens.
async fn silence() -> Response {
    let nothing = Body::from_stream(futures::stream::pending::<Result<String, Infallible>>());
    ([(CONTENT_TYPE, "text/event-stream")], nothing).into_response()
}

#[cfg(test)]
fn all(look: Preferences) -> Vec<Sample> {
    GROUPS.iter().flat_map(|(_, samples)| samples(look)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn looks() -> impl Iterator<Item = Preferences> {
        LOOKS
            .into_iter()
            .map(|(language, theme)| Preferences::default().with("language", language).with("theme", theme))
    }

    /// The values of an attribute in a page.
    fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
        let begin = format!(" {attribute}=\"");
        let found = html
            .split(begin.as_str())
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        found.collect()
    }

    fn expect_all(found: impl Fn(&Sample) -> Vec<String>) {
        let mut wrong = Vec::new();
        for look in looks() {
            for sample in all(look) {
                let faults = found(&sample);
                wrong.extend(
                    faults
                        .into_iter()
                        .map(|fault| format!("{} ({}): {fault}", sample.name, look.language.tag())),
                );
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn each_sample_is_in_one_part() {
        let parts: Vec<_> = Part::ALL.into_iter().flat_map(names).collect();
        let once: BTreeSet<_> = parts.iter().copied().collect();
        assert_eq!(
            (parts.len(), once.len()),
            (all(Preferences::default()).len(), parts.len())
        );
    }

    #[test]
    fn an_id_stands_once_and_what_refers_to_it_finds_it() {
        expect_all(|sample| {
            let ids = values(&sample.html, "id");
            let once: BTreeSet<_> = ids.iter().copied().collect();
            let mut faults = Vec::new();
            if once.len() < ids.len() {
                faults.push(format!("ids stand twice: {ids:?}"));
            }
            for attribute in ["for", "aria-describedby", "popovertarget"] {
                let lost = values(&sample.html, attribute)
                    .into_iter()
                    .filter(|id| !once.contains(id));
                faults.extend(lost.map(|id| format!("{attribute} names {id}, which is not there")));
            }
            faults
        });
    }

    #[test]
    fn nothing_is_said_by_an_empty_text() {
        expect_all(|sample| {
            let attributes = ["aria-label", "title", "placeholder"];
            let empty = attributes.iter().filter(|name| {
                let may_be = *name == &"title" && sample.html.contains("k-msg");
                !may_be && values(&sample.html, name).iter().any(|value| value.trim().is_empty())
            });
            let mut faults: Vec<_> = empty.map(|name| format!("{name} is empty")).collect();
            let tags = [
                "<h1></h1>",
                "<h2></h2>",
                "<button></button>",
                "<title></title>",
                "<b></b>",
            ];
            faults.extend(
                tags.iter()
                    .filter(|tag| sample.html.contains(**tag))
                    .map(|tag| format!("{tag} is there")),
            );
            faults
        });
    }

    #[test]
    fn every_icon_is_in_the_sprite() {
        let sprite = assets::text(assets::paths::ICONS);
        expect_all(|sample| {
            let used = values(&sample.html, "href")
                .into_iter()
                .filter_map(|href| href.strip_prefix(assets::paths::ICONS)?.strip_prefix('#'));
            let lost = used.filter(|name| !sprite.contains(&format!("<symbol id=\"{name}\"")));
            lost.map(|name| format!("there is no icon {name}")).collect()
        });
    }

    #[test]
    fn pages_hold_no_style_and_no_script_of_their_own() {
        expect_all(|sample| {
            let html = sample.html.replace("<script defer src=", "");
            let words = ["<script", "<style", " style=\"", " onclick=\"", "javascript:", "hx-on"];
            words
                .iter()
                .filter(|word| html.contains(**word))
                .map(|word| format!("{word} is there"))
                .collect()
        });
    }

    #[test]
    fn what_a_tenant_wrote_is_text() {
        let list = all(Preferences::default())
            .into_iter()
            .find(|sample| sample.name == "merchants")
            .unwrap();
        assert!(!list.html.contains("<b>is not bold</b>"));
        assert!(list.html.contains("is not bold"));
    }

    #[test]
    fn every_field_has_a_name_that_can_be_read_out() {
        expect_all(|sample| {
            let fields = sample
                .html
                .split("<input ")
                .skip(1)
                .filter_map(|rest| rest.split('>').next());
            let unnamed = fields.filter(|field| {
                let within = field.contains("type=\"hidden\"") || field.contains("aria-label=\"");
                let labelled = values(&format!(" {field}"), "id")
                    .iter()
                    .any(|id| sample.html.contains(&format!("for=\"{id}\"")));
                let wrapped = sample.html.split(*field).next().is_some_and(|before| {
                    before
                        .rfind("<label")
                        .is_some_and(|begin| before.rfind("</label>").is_none_or(|end| begin > end))
                });
                !within && !labelled && !wrapped
            });
            unnamed.map(|field| format!("<input {field}> has no label")).collect()
        });
    }
}
