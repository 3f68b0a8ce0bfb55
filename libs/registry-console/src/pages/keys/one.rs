//! One API key.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::json;

use super::{LIST, end_of_day, frame};
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{ApiKey, NewApiKey};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::Frame;
use crate::kst;
use crate::parts::{At, filters};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// The tenant and the key of a path.
type Place = Path<(String, String)>;

/// A key that was made a moment ago: its secret, unless it had been made before.
struct Made {
    secret: Option<String>,
}

/// What the page shows.
struct Sheet {
    path: String,
    id: String,
    name: String,
    state: String,
    is_usable: bool,
    scopes: Vec<(String, String)>,
    networks: Vec<String>,
    issued: At,
    used: Option<At>,
    expires: Option<At>,
    revoked: Option<At>,
    successor: Option<(String, String)>,
    made: Option<Made>,
    fresh_key: String,
    today: String,
    expires_wrong: Option<String>,
    revoke_sure: String,
}

#[derive(Template)]
#[template(path = "keys/one.html")]
struct KeyPage {
    frame: Frame,
    sheet: Sheet,
}

/// `GET /console/{tenant}/keys/{id}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    draw(&console, &who, look, &id, query.get("done"), None).await
}

/// Shows a key that was made, with its secret.
pub fn show_made(console: &Console, who: &SignedIn, look: Preferences, made: NewApiKey) -> Response {
    let frame = at(frame(console, who, look), &made.key.id);
    let mut sheet = Sheet::new(&frame, &made.key, console.new_key());
    sheet.made = Some(Made { secret: made.secret });
    answer::page(frame.status(), &KeyPage { frame, sheet })
}

/// `POST …/keys/{id}/rotation`: makes the key that follows. Its secret stands in this answer and in no other.
pub async fn rotate(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    typed: Form,
) -> Response {
    let overlap = typed.get("overlap");
    let mut body =
        json!({ "overlap_seconds": overlap.parse::<i64>().map_or_else(|_| json!(overlap), |seconds| json!(seconds)) });
    if let Some(end) = end_of_day(&typed) {
        body["expires_at"] = json!(end);
    }
    let ask = Ask::post(of_api(&id, "/rotations")).body(body).once(typed.get("key"));
    match console.api().send::<NewApiKey>(&who, ask).await {
        Ok(made) => show_made(&console, &who, look, made),
        Err(trouble) => draw(&console, &who, look, &id, None, Some(&trouble)).await,
    }
}

/// `POST …/keys/{id}/revocation`
pub async fn revoke(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let ask = Ask::new(Method::DELETE, of_api(&id, ""));
    match console.api().tell(&who, ask).await {
        Ok(()) => {
            let (tenant, id) = (segment(&who.tenant.slug), segment(&id));
            answer::see(&format!("/console/{tenant}/keys/{id}?done=key_revoked"))
        }
        Err(trouble) => draw(&console, &who, look, &id, None, Some(&trouble)).await,
    }
}

fn of_api(id: &str, below: &str) -> String {
    format!("{LIST}/{}{below}", segment(id))
}

fn at(frame: Frame, id: &str) -> Frame {
    let here = frame.path(&format!("/keys/{}", segment(id)));
    frame.at(here).calls("GET", &of_api(id, ""))
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    done: Option<&str>,
    trouble: Option<&Trouble>,
) -> Response {
    let mut frame = at(frame(console, who, look), id).noticed(done);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<ApiKey>(who, &of_api(id, "")).await {
        Ok(key) => {
            let sheet = Sheet::new(&frame, &key, console.new_key());
            answer::page(frame.status(), &KeyPage { frame, sheet })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl Sheet {
    fn new(frame: &Frame, key: &ApiKey, fresh_key: String) -> Self {
        let (words, now) = (frame.words(), frame.now);
        let at = |moment| At { moment, now };
        let wrong = |name| frame.problem.as_ref()?.of_field(name).map(str::to_owned);
        let path = |id: &str| frame.path(&format!("/keys/{}", segment(id)));
        Self {
            path: path(&key.id),
            id: key.id.clone(),
            name: key.name.clone(),
            state: words.key_state(&key.state).to_owned(),
            is_usable: key.state == "usable",
            scopes: key
                .scopes
                .iter()
                .map(|word| (words.scope(word).to_owned(), word.clone()))
                .collect(),
            networks: key.networks.clone(),
            issued: at(key.issued_at),
            used: key.last_used_at.map(at),
            expires: key.expires_at.map(at),
            revoked: key.revoked_at.map(at),
            successor: key.successor_id.as_ref().map(|id| (path(id), id.clone())),
            made: None,
            fresh_key,
            today: kst::date(now),
            expires_wrong: wrong("expires_at"),
            revoke_sure: (words.keys.revoke_sure)(&key.name),
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Frame, KeyPage, Made, Preferences, Sheet};
    use crate::frame::Section;
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff;

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, number: usize, made: Option<Made>| {
            let title = look.words().frame.api_keys;
            let frame = Frame::new(&shops::person(look), look, Section::Keys, title, shops::now());
            let mut sheet = Sheet::new(&frame, &staff::keys()[number], "key".to_owned());
            sheet.made = made;
            Sample::new(name, &KeyPage { frame, sheet })
        };
        let secret = "rk_0197f0a1b2c37d4e8f90a1b2c3d40002_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        let made = Made {
            secret: Some(secret.to_owned()),
        };
        vec![
            sample("key", 0, None),
            sample("key-made", 1, Some(made)),
            sample("key-made-before", 1, Some(Made { secret: None })),
            sample("key-revoked", 3, None),
        ]
    }
}
