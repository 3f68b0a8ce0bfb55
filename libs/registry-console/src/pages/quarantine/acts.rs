//! What a person does about callbacks that could not be used.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use super::{draw, one};
use crate::answer;
use crate::api::Ask;
use crate::console::Console;
use crate::documents::{Redrive, RedriveReport, Resolved};
use crate::door::SignedIn;
use crate::form::Form;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// Most callbacks that are driven again at once.
const AT_ONCE: u32 = 200;

/// `POST …/quarantine/redrives`: drives those of a reason again, or rehearses it.
pub async fn redrive_many(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    form: Form,
) -> Response {
    let (reason, is_dry) = (form.get("reason").to_owned(), form.ticked("dry"));
    let body = json!({ "dry_run": is_dry, "reasons": [reason], "limit": AT_ONCE });
    let ask = Ask::post("/v1/quarantine/redrives").body(body);
    match console.api().send::<RedriveReport>(&who, ask).await {
        Ok(report) if is_dry => draw(&console, &who, look, &Query::default(), Some((reason, report)), None).await,
        Ok(_) => answer::see(&format!(
            "/console/{}/quarantine?done=redriven",
            segment(&who.tenant.slug)
        )),
        Err(trouble) => draw(&console, &who, look, &Query::default(), None, Some(&trouble)).await,
    }
}

/// `POST …/quarantine/{event}/redrive`: drives one again, or rehearses it.
pub async fn redrive(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, event)): Path<(String, String)>,
    form: Form,
) -> Response {
    let is_dry = form.ticked("dry");
    let path = format!("/v1/quarantine/{}/redrives", segment(&event));
    let mut ask = Ask::post(path).body(json!({ "dry_run": is_dry }));
    if let Some(key) = form.typed("key") {
        ask = ask.once(key);
    }
    match console.api().send::<Redrive>(&who, ask).await {
        Ok(outcome) if is_dry => one(&console, &who, look, &event, Some(outcome), None).await,
        Ok(outcome) => answer::see(&after(&who, &outcome, "redriven")),
        Err(trouble) => one(&console, &who, look, &event, None, Some(&trouble)).await,
    }
}

/// `POST …/quarantine/{event}/resolution`: binds one to a merchant, or gives it up.
pub async fn resolve(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, event)): Path<(String, String)>,
    form: Form,
) -> Response {
    let binds = form.get("action") == "bind";
    let body: Value = if binds {
        json!({ "action": "bind", "merchant_id": form.get("merchant") })
    } else {
        json!({ "action": "discard", "reason": form.get("reason") })
    };
    let path = format!("/v1/quarantine/{}/resolution", segment(&event));
    let ask = Ask::new(Method::PUT, path).body(body);
    match console.api().send::<Resolved>(&who, ask).await {
        Ok(resolved) => match resolved.redrive {
            Some(redrive) => answer::see(&after(&who, &redrive, "bound")),
            None => answer::see(&format!(
                "/console/{}/quarantine?done=discarded",
                segment(&who.tenant.slug)
            )),
        },
        Err(trouble) => one(&console, &who, look, &event, None, Some(&trouble)).await,
    }
}

/// The merchant that it came to, or else the list.
fn after(who: &SignedIn, redrive: &Redrive, done: &str) -> String {
    let tenant = segment(&who.tenant.slug);
    match &redrive.merchant_id {
        Some(id) => format!("/console/{tenant}/merchants/{}?done={done}", segment(id)),
        None => format!("/console/{tenant}/quarantine?done={done}"),
    }
}
