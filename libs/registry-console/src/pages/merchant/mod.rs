//! One merchant: what has to happen next, the way it came, the facts, the record, as of now or of any moment before.

mod acts;
mod detail;
mod facts;
mod life;
mod line;
mod stable;
mod timeline;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use registry_documents::{MerchantDocument, WaitDocument, WaitingMerchant};

use crate::answer::{self, is_fragment};
use crate::api::Trouble;
use crate::colleagues::Colleagues;
use crate::console::Console;
use crate::documents::{Alert, Eligibility, Page, RegistrationLink, RegistrationLinks, Timeline};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::kst;
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

pub use acts::{archive, ask, issue, note, number, restore, revoke, url};
pub use detail::Detail;

/// How many events are read for the way and the record: as many as the API gives at once.
const EVENTS: &str = "500";

/// The URL of a link that was issued a moment ago.
pub struct Issued {
    /// Where it is asked for.
    pub path: String,
    /// The key under which it was issued, with which it can be asked for again.
    pub key: String,
    /// The URL.
    pub url: Option<String>,
}

#[derive(Template)]
#[template(path = "merchant/page.html")]
pub struct MerchantPage {
    frame: Frame,
    detail: Detail,
}

#[derive(Template)]
#[template(path = "merchant/content.html")]
struct MerchantFragment {
    frame: Frame,
    detail: Detail,
}

/// What the API says about a merchant.
#[derive(Clone)]
pub struct Known {
    /// The merchant.
    pub merchant: MerchantDocument,
    /// How its wait compares; none where nobody waits, and as of a version.
    pub wait: Option<WaitDocument>,
    /// Its newest events.
    pub timeline: Timeline,
    /// Those before a version, where somebody looks further back.
    pub earlier: Option<Timeline>,
    /// Its links; none if they could not be read.
    pub links: Vec<RegistrationLink>,
    /// The link to send to the shop; none of the past, and for whoever may not issue links.
    pub stable_link: Option<String>,
    /// Whether it may bill; none of the past.
    pub eligibility: Option<Eligibility>,
    /// The names of the tenant's people, by their ids.
    pub names: Colleagues,
    /// What somebody was told of it and has not ended; none of the past.
    pub alert: Option<Alert>,
}

/// `GET /console/{tenant}/merchants/{id}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = Query::read(raw.as_deref());
    show(&console, &who, look, &id, &query, None, is_fragment(&headers)).await
}

/// Shows a merchant, with what did not work if somebody tried something.
pub async fn show(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    query: &Query,
    trouble: Option<&Trouble>,
    fragment: bool,
) -> Response {
    let shown = Shown {
        trouble,
        ..Shown::default()
    };
    draw(console, who, look, id, query, shown, fragment).await
}

/// Shows a merchant with the URL of a link that was issued.
pub async fn show_issued(console: &Console, who: &SignedIn, look: Preferences, id: &str, issued: Issued) -> Response {
    let shown = Shown {
        issued: Some(issued),
        ..Shown::default()
    };
    draw(console, who, look, id, &Query::default(), shown, false).await
}

/// Shows a merchant with its whole business number.
pub async fn show_number(console: &Console, who: &SignedIn, look: Preferences, id: &str, number: String) -> Response {
    let shown = Shown {
        number: Some(number),
        ..Shown::default()
    };
    draw(console, who, look, id, &Query::default(), shown, false).await
}

/// Shows a merchant with a note that was typed and could not be written down.
pub async fn show_unwritten(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    note: &str,
    trouble: &Trouble,
) -> Response {
    let shown = Shown {
        trouble: Some(trouble),
        note: Some(note.to_owned()),
        ..Shown::default()
    };
    draw(console, who, look, id, &Query::default(), shown, false).await
}

/// What a page shows beside what is known.
#[derive(Default)]
struct Shown<'a> {
    trouble: Option<&'a Trouble>,
    issued: Option<Issued>,
    number: Option<String>,
    note: Option<String>,
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    query: &Query,
    shown: Shown<'_>,
    fragment: bool,
) -> Response {
    let now = console.now();
    let path = format!("/v1/merchants/{}", segment(id));
    let past = past(query);
    let call = with_wait(&past).on(&path);
    let title = look.words().frame.merchants;
    let here = query
        .without("done")
        .on(&format!("/console/{}/merchants/{id}", who.tenant.slug));
    let mut frame = Frame::new(who, look, Section::Merchants, title, now)
        .at(here)
        .calls("GET", &call);
    let before = query.get("before").and_then(|version| version.parse().ok());
    let known = match known(console, who, (&path, &call), past == Query::default(), before).await {
        Ok(known) => known,
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    if past == Query::default() {
        frame = frame.listening(Some(id), Some(known.merchant.seq));
    }
    frame = frame.noticed(query.get("done"));
    if let Some(trouble) = shown.trouble {
        frame = frame.troubled(trouble);
    }
    let mut detail = Detail::new(&frame, &known, query, &console.new_key());
    detail.issued = shown.issued.or(detail.issued);
    detail.note = shown.note.unwrap_or_default();
    if let Some(number) = shown.number {
        (detail.facts.number, detail.facts.can_reveal) = (number, false);
    }
    frame.title = format!("{} · {}", detail.title(), frame.tenant);
    let status = frame.status();
    if fragment {
        answer::fragment(status, &MerchantFragment { frame, detail })
    } else {
        answer::page(status, &MerchantPage { frame, detail })
    }
}

/// The part of a query that asks for the past, as the API takes it.
fn past(query: &Query) -> Query {
    match (query.get("as_of").map(kst::parse), query.get("version")) {
        (Some(Some(moment)), _) => Query::default().with("as_of", &moment.to_rfc3339()),
        (Some(None), _) => query.only(&["as_of"]),
        (None, Some(version)) => Query::default().with("as_of_version", version),
        (None, None) => Query::default(),
    }
}

/// How the wait compares is asked for with the merchant: of a version it is not known, since none says on which day.
fn with_wait(past: &Query) -> Query {
    if past.get("as_of_version").is_some() {
        past.clone()
    } else {
        past.with("include", "wait")
    }
}

async fn known(
    console: &Console,
    who: &SignedIn,
    (path, call): (&str, &str),
    is_now: bool,
    before: Option<u64>,
) -> Result<Known, Trouble> {
    let api = console.api();
    let WaitingMerchant { merchant, wait } = api.get(who, call).await?;
    let end = merchant.version.saturating_add(1);
    let events = |before: u64| {
        let query = Query::default().with("sort", "-version").with("limit", EVENTS);
        query
            .with("before_version", &before.to_string())
            .on(&format!("{path}/events"))
    };
    let (newest, links, billing) = (
        events(end),
        format!("{path}/registration-links"),
        format!("{path}/billing-eligibility"),
    );
    let alerts = Query::default().with("merchant_id", &merchant.id).on("/v1/alerts");
    let (timeline, earlier, links, names, eligibility, alerts) = futures::join!(
        api.get::<Timeline>(who, &newest),
        async {
            match before.filter(|before| *before < end) {
                Some(before) => api.get::<Timeline>(who, &events(before)).await.map(Some),
                None => Ok(None),
            }
        },
        api.get::<RegistrationLinks>(who, &links),
        Colleagues::read(console, who),
        async {
            if is_now {
                api.get::<Eligibility>(who, &billing).await.ok()
            } else {
                None
            }
        },
        async {
            if is_now {
                api.get::<Page<Alert>>(who, &alerts).await.ok()
            } else {
                None
            }
        },
    );
    let links = links?;
    Ok(Known {
        timeline: timeline?,
        earlier: earlier?,
        links: links.data,
        stable_link: links.stable_link.filter(|_| is_now),
        names,
        alert: alerts.and_then(|alerts| alerts.data.into_iter().next()),
        merchant,
        wait,
        eligibility,
    })
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Colleagues, Detail, Frame, Issued, Known, MerchantPage, Preferences, Query, Section, SignedIn, past};
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample_for = |who: &SignedIn, name: &'static str, number: usize, raw: &str, issued: Option<Issued>| {
            let query = Query::read(Some(raw));
            let title = look.words().frame.merchants;
            let frame = Frame::new(who, look, Section::Merchants, title, shops::now());
            let mut frame = frame
                .calls("GET", "/v1/merchants/mer_1")
                .listening(Some("mer_1"), Some(7));
            let is_now = past(&query) == Query::default();
            let known = Known {
                merchant: shops::merchant(number),
                wait: Some(shops::wait(number)),
                timeline: shops::timeline(is_now),
                earlier: None,
                links: shops::links(),
                stable_link: Some(format!("https://registry.example/l/{}", "BAEBlyen8NB7wQ".repeat(5)))
                    .filter(|_| is_now && who.may(registry_people::Scope::LinksWrite)),
                eligibility: is_now.then(shops::eligibility),
                names: Colleagues::of(&crate::pages::staff::people()),
                alert: None,
            };
            let mut detail = Detail::new(&frame, &known, &query, "key");
            detail.issued = issued.or(detail.issued);
            frame.title = detail.title();
            Sample::new(name, &MerchantPage { frame, detail })
        };
        let who = shops::person(look);
        let sample = |name, number, raw, issued| sample_for(&who, name, number, raw, issued);
        let issued = Issued {
            path: "/console/acme/merchants/mer_1/links/lnk_1/url".to_owned(),
            key: "key".to_owned(),
            url: Some("https://payssam.example/register/3f9c".to_owned()),
        };
        vec![
            sample("merchant", 1, "", None),
            sample("merchant-issued", 1, "", Some(issued)),
            sample("merchant-as-of", 0, "as_of=2026-11-13T15:00", None),
            sample("merchant-held", 4, "kind=trouble", None),
            sample("merchant-notes", 2, "kind=notes", None),
            sample_for(&shops::viewer(look), "merchant-viewer", 3, "", None),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_asked_for_in_one_way() {
        let of = |raw: &str| past(&Query::read(Some(raw))).on("");
        assert_eq!(
            of("as_of=2026-11-17T00:00&version=3"),
            "?as_of=2026-11-16T15:00:00%2B00:00"
        );
        assert_eq!(of("version=3&kind=links"), "?as_of_version=3");
        assert_eq!(of("kind=links"), "");
        assert_eq!(of("as_of=gestern"), "?as_of=gestern");
    }
}
