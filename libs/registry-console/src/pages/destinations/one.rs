//! One destination, and what was carried there.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::json;

use super::log::Row;
use super::{LIST, PATH, Sheet, frame, rules, wanted};
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Delivery, Destination, NewDestination, Page};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::Frame;
use crate::kst;
use crate::parts::{At, filters};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// How many deliveries a page shows.
const SHOWN: &str = "50";

/// The tenant and the destination of a path.
type Place = Path<(String, String)>;

/// What the page shows.
struct One {
    path: String,
    id: String,
    kind: String,
    address: String,
    rules: String,
    least: String,
    state: String,
    class: &'static str,
    reason: String,
    is_enabled: bool,
    is_signed: bool,
    two_secrets: Option<String>,
    created: At,
    version: u64,
    secret: Option<String>,
    remove_sure: String,
    sheet: Sheet,
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "destinations/one.html")]
struct OnePage {
    frame: Frame,
    one: One,
}

/// `GET /console/{tenant}/settings/destinations/{id}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let said = Said {
        done: query.get("done"),
        cursor: query.get("cursor"),
        ..Said::default()
    };
    draw(&console, &who, look, &id, said).await
}

/// Shows one that was made, with its secret.
pub async fn show_made(console: &Console, who: &SignedIn, look: Preferences, made: NewDestination) -> Response {
    let said = Said {
        done: Some("destination"),
        secret: made.secret,
        ..Said::default()
    };
    draw(console, who, look, &made.destination.id, said).await
}

/// `POST …/settings/destinations/{id}`
pub async fn change(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    typed: Form,
) -> Response {
    let mut body = wanted(&typed);
    if let Some(word) = typed.typed("enabled") {
        body = json!({ "enabled": word == "true" });
    } else if let Some(address) = typed.typed("address") {
        body["address"] = json!(address);
    }
    let version = typed.get("version").parse().unwrap_or_default();
    let ask = Ask::new(Method::PATCH, of_api(&id, "")).body(body).at_version(version);
    let changed = console.api().tell(&who, ask).await;
    let said = Said {
        typed: Some(&typed),
        ..Said::default()
    };
    after(&console, &who, look, &id, changed, "destination", said).await
}

/// `POST …/settings/destinations/{id}/test`
pub async fn test(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let sent = console.api().tell(&who, Ask::post(of_api(&id, "/test"))).await;
    after(&console, &who, look, &id, sent, "test_sent", Said::default()).await
}

/// `POST …/settings/destinations/{id}/rotation`. The new secret stands in this answer and in no other.
pub async fn rotate(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    typed: Form,
) -> Response {
    let overlap = typed.get("overlap");
    let overlap = overlap
        .parse::<i64>()
        .map_or_else(|_| json!(overlap), |seconds| json!(seconds));
    let ask = Ask::post(of_api(&id, "/secret-rotations")).body(json!({ "overlap_seconds": overlap }));
    match console.api().send::<NewDestination>(&who, ask).await {
        Ok(made) => show_made(&console, &who, look, made).await,
        Err(trouble) => {
            let said = Said {
                trouble: Some(&trouble),
                ..Said::default()
            };
            draw(&console, &who, look, &id, said).await
        }
    }
}

/// `POST …/settings/destinations/{id}/removal`
pub async fn remove(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let ask = Ask::new(Method::DELETE, of_api(&id, ""));
    match console.api().tell(&who, ask).await {
        Ok(()) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!("/console/{tenant}{PATH}?done=destination_removed"))
        }
        Err(trouble) => {
            let said = Said {
                trouble: Some(&trouble),
                ..Said::default()
            };
            draw(&console, &who, look, &id, said).await
        }
    }
}

/// `POST …/settings/destinations/{id}/deliveries/{delivery}`: sends it again.
pub async fn redeliver(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id, delivery)): Path<(String, String, String)>,
) -> Response {
    // The delivery of another is not sent again from here.
    let there = console.api().get::<Destination>(&who, &of_api(&id, "")).await;
    let ask = Ask::post(format!("/v1/deliveries/{}/redeliver", segment(&delivery)));
    let sent = match there {
        Ok(_) => console.api().tell(&who, ask).await,
        Err(trouble) => Err(trouble),
    };
    after(&console, &who, look, &id, sent, "redelivered", Said::default()).await
}

/// What a page says beside what there is.
#[derive(Default)]
struct Said<'a> {
    done: Option<&'a str>,
    cursor: Option<&'a str>,
    secret: Option<String>,
    trouble: Option<&'a Trouble>,
    typed: Option<&'a Form>,
}

async fn after(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    outcome: Result<(), Trouble>,
    done: &str,
    said: Said<'_>,
) -> Response {
    match outcome {
        Ok(()) => {
            let (tenant, id) = (segment(&who.tenant.slug), segment(id));
            answer::see(&format!("/console/{tenant}{PATH}/{id}?done={done}"))
        }
        Err(trouble) => {
            let said = Said {
                trouble: Some(&trouble),
                ..said
            };
            draw(console, who, look, id, said).await
        }
    }
}

fn of_api(id: &str, below: &str) -> String {
    format!("{LIST}/{}{below}", segment(id))
}

async fn draw(console: &Console, who: &SignedIn, look: Preferences, id: &str, said: Said<'_>) -> Response {
    let frame = frame(console, who, look);
    let here = frame.path(&format!("{PATH}/{}", segment(id)));
    let mut frame = frame.at(here).calls("GET", &of_api(id, "")).noticed(said.done);
    if let Some(trouble) = said.trouble {
        frame = frame.troubled(trouble);
    }
    let made = match console.api().get::<Destination>(who, &of_api(id, "")).await {
        Ok(made) => made,
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let mut call = Query::default().with("destination_id", id).with("limit", SHOWN);
    if let Some(cursor) = said.cursor {
        call = call.with("cursor", cursor);
    }
    match console
        .api()
        .get::<Page<Delivery>>(who, &call.on("/v1/deliveries"))
        .await
    {
        Ok(page) => {
            let mut one = One::new(&frame, &made, &page, said.typed);
            one.secret = said.secret;
            answer::page(frame.status(), &OnePage { frame, one })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl One {
    fn new(frame: &Frame, made: &Destination, page: &Page<Delivery>, typed: Option<&Form>) -> Self {
        let words = frame.words();
        let path = frame.path(&format!("{PATH}/{}", segment(&made.id)));
        let reason = made.disabled_reason.as_deref();
        let sheet = match typed.filter(|_| frame.problem.is_some()) {
            Some(typed) => Sheet::typed(frame, typed),
            None => Sheet::of(frame, &made.name, &made.rules, &made.least_severity),
        };
        let until = made.old_secret_works_until.map(|until| kst::minute(until, frame.now));
        let next = page.page.next.as_ref();
        Self {
            id: made.id.clone(),
            kind: words.destination_kind(&made.kind).to_owned(),
            address: made.address.clone().unwrap_or_default(),
            rules: rules(frame, &made.rules),
            least: words.severity(&made.least_severity).to_owned(),
            state: words.destination_state(&made.state).to_owned(),
            class: if reason.is_some() { "bad" } else { "ok" },
            reason: reason
                .map(|reason| words.destination_reason(reason).to_owned())
                .unwrap_or_default(),
            is_enabled: made.state == "enabled",
            is_signed: made.kind == "webhook",
            two_secrets: until.map(|until| (words.destinations.two_secrets)(&until)),
            created: At {
                moment: made.created_at,
                now: frame.now,
            },
            version: made.version,
            secret: None,
            remove_sure: (words.destinations.remove_sure)(&made.name),
            sheet,
            rows: page.data.iter().map(|it| Row::new(frame, &path, it)).collect(),
            next: next.map(|next| Query::default().with("cursor", next).on(&path)),
            path,
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::json;

    use super::{Delivery, Frame, One, OnePage, Page, Preferences};
    use crate::frame::Section;
    use crate::pages::destinations::samples::destinations;
    use crate::pages::shops::{self, Sample};

    /// Deliveries in every state.
    fn deliveries() -> Page<Delivery> {
        let one = |number: u32, matter: &str, state: &str| {
            let is_over = matches!(state, "delivered" | "failed" | "dropped");
            json!({ "id": format!("dlv_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "matter": matter, "state": state,
                "event_seq": (matter == "event").then_some(40 + number),
                "digest": (matter == "digest").then(|| json!({ "rule": "in_review", "warn": 12, "late": 3, "critical": 0,
                    "recovered": 0 })),
                "created_at": "2026-11-27T00:15:00Z", "attempts": number,
                "next_attempt_at": (!is_over).then_some("2026-11-28T03:00:00Z"),
                "answer_status": match state { "delivered" => json!(204), "failed" => json!(503), _ => json!(null) },
                "failure": match state { "failed" => json!("refused"), "waiting" => json!("timeout"), _ => json!(null) },
                "answer_body": (state == "failed").then_some("upstream connect error") })
        };
        let rows = json!([
            one(0, "digest", "open"),
            one(4, "event", "waiting"),
            one(1, "test", "delivered"),
            one(24, "event", "failed"),
            one(2, "event", "dropped"),
        ]);
        serde_json::from_value(json!({ "data": rows, "page": { "next": "next", "prev": null } }))
            .expect("a sample reads")
    }

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let title = look.words().destinations.title;
        let sample = |name: &'static str, number: usize, page: &Page<Delivery>, secret: Option<&str>| {
            let frame = Frame::new(&shops::person(look), look, Section::Settings, title, shops::now());
            let mut one = One::new(&frame, &destinations()[number], page, None);
            one.secret = secret.map(str::to_owned);
            Sample::new(name, &OnePage { frame, one })
        };
        let none = Page {
            data: Vec::new(),
            page: crate::documents::Next::default(),
        };
        let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        vec![
            sample("destination", 3, &deliveries(), None),
            sample("destination-made", 3, &none, Some(secret)),
            sample("destination-mail", 0, &deliveries(), None),
            sample("destination-disabled", 2, &none, None),
        ]
    }
}
