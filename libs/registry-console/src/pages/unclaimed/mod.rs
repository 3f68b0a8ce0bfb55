//! Shops of which Paymint speaks although nobody registered them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use registry_documents::MerchantDocument;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Page, Unclaimed};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::{At, filters, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// What comes of an adoption, as far as it is shown.
#[derive(Deserialize)]
struct Adopted {
    merchant: MerchantDocument,
}

/// A pair of codes.
struct Row {
    id: String,
    key: String,
    code: String,
    first: At,
    last: At,
    callbacks: String,
    listed: String,
}

/// What the page shows.
struct List {
    summary: String,
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "unclaimed/page.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

/// `GET /console/{tenant}/unclaimed`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    draw(&console, &who, look, &Query::read(raw.as_deref()), None).await
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    query: &Query,
    trouble: Option<&Trouble>,
) -> Response {
    let call = query
        .only(&["cursor"])
        .with("state", "open")
        .on("/v1/unclaimed-merchants");
    let title = look.words().frame.unclaimed;
    let mut frame = Frame::new(who, look, Section::Unclaimed, title, console.now()).calls("GET", &call);
    frame = frame.noticed(query.get("done"));
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<Page<Unclaimed>>(who, &call).await {
        Ok(page) => {
            let list = List::new(&frame, &page, || console.new_key());
            answer::page(frame.status(), &ListPage { frame, list })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

/// `POST …/unclaimed/{id}/adoption`
pub async fn adopt(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
    form: Form,
) -> Response {
    let path = format!("/v1/unclaimed-merchants/{}/adoption", segment(&id));
    let ask = Ask::post(path).body(json!({})).once(form.get("key"));
    match console.api().send::<Adopted>(&who, ask).await {
        Ok(adopted) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!(
                "/console/{tenant}/merchants/{}?done=adopted",
                adopted.merchant.id
            ))
        }
        Err(trouble) => draw(&console, &who, look, &Query::default(), Some(&trouble)).await,
    }
}

/// `POST …/unclaimed/{id}/dismissal`
pub async fn dismiss(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
    form: Form,
) -> Response {
    let path = format!("/v1/unclaimed-merchants/{}/dismissal", segment(&id));
    let ask = Ask::post(path).body(json!({ "reason": form.get("reason") }));
    match console.api().send::<Value>(&who, ask).await {
        Ok(_) => answer::see(&format!(
            "/console/{}/unclaimed?done=dismissed",
            segment(&who.tenant.slug)
        )),
        Err(trouble) => draw(&console, &who, look, &Query::default(), Some(&trouble)).await,
    }
}

impl List {
    fn new(frame: &Frame, page: &Page<Unclaimed>, new_key: impl Fn() -> String) -> Self {
        let words = frame.words();
        let at = |moment| At { moment, now: frame.now };
        let row = |unclaimed: &Unclaimed| Row {
            id: unclaimed.id.clone(),
            key: new_key(),
            code: format!("{}/{}", unclaimed.member_code, unclaimed.merchant_code),
            first: at(unclaimed.first_seen_at),
            last: at(unclaimed.last_seen_at),
            callbacks: thousands(unclaimed.callbacks),
            listed: unclaimed.mapping_status.clone().unwrap_or_else(|| "–".to_owned()),
        };
        let count = thousands(u64::try_from(page.data.len()).unwrap_or(u64::MAX));
        let more = if page.page.next.is_some() { "+" } else { "" };
        Self {
            summary: (words.callbacks.unclaimed_summary)(&format!("{count}{more}")),
            rows: page.data.iter().map(row).collect(),
            next: page
                .page
                .next
                .as_deref()
                .map(|cursor| Query::default().with("cursor", cursor).on(&frame.path("/unclaimed"))),
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use super::{Frame, List, ListPage, Page, Preferences, Section, Unclaimed};
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, data: Vec<Unclaimed>| {
            let title = look.words().frame.unclaimed;
            let frame = Frame::new(&shops::person(look), look, Section::Unclaimed, title, shops::now());
            let page = Page {
                data,
                page: crate::documents::Next::default(),
            };
            let list = List::new(&frame, &page, || "key".to_owned());
            Sample::new(name, &ListPage { frame, list })
        };
        vec![
            sample("unclaimed", shops::unclaimed()),
            sample("unclaimed-none", Vec::new()),
        ]
    }
}
