//! The approvals of a merchant, and the URL through which they come.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use registry_documents::{EventData, PublicEvent};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Approvals, CallbackUrl};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::parts::{At, filters, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};

/// An approval.
struct Row {
    received: At,
    state: String,
    price: String,
    number: String,
    bill: String,
    pay_type: String,
    issuer: String,
}

#[derive(Template)]
#[template(path = "callbacks/approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    merchant: String,
    url: Option<String>,
    rows: Vec<Row>,
    older: Option<String>,
}

/// `GET …/merchants/{id}/approvals`
pub async fn approvals(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref()).only(&["before_version"]);
    show(&console, &who, look, &id, &query, Ok(None)).await
}

/// `POST …/merchants/{id}/approvals/url`
pub async fn approval_url(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let ask = Ask::post(format!("/v1/merchants/{}/approval-callback-urls", segment(&id)));
    let made = console.api().send::<CallbackUrl>(&who, ask).await;
    show(
        &console,
        &who,
        look,
        &id,
        &Query::default(),
        made.map(|made| Some(made.url)),
    )
    .await
}

async fn show(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    query: &Query,
    made: Result<Option<String>, Trouble>,
) -> Response {
    let call = query.on(&format!("/v1/merchants/{}/approvals", segment(id)));
    let frame = Frame::new(
        who,
        look,
        Section::Merchants,
        look.words().callbacks.approvals,
        console.now(),
    );
    let merchant = frame.path(&format!("/merchants/{}", segment(id)));
    let here = format!("{merchant}/approvals");
    let frame = frame.at(here.clone()).calls("GET", &call);
    let page = match console.api().get::<Approvals>(who, &call).await {
        Ok(page) => page,
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let (frame, url) = match made {
        Ok(url) => (frame, url),
        Err(trouble) => (frame.troubled(&trouble), None),
    };
    let older = page
        .page
        .next_before_version
        .map(|version| query.with("before_version", &version.to_string()));
    let rows = page.data.iter().filter_map(|event| row(&frame, event)).collect();
    let status = frame.status();
    let page = ApprovalsPage {
        frame,
        merchant,
        url,
        rows,
        older: older.map(|query| query.on(&here)),
    };
    answer::page(status, &page)
}

fn row(frame: &Frame, event: &PublicEvent) -> Option<Row> {
    let EventData::PaymentApproved(approval) = &event.data else {
        return None;
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let price = text(&approval.price);
    Some(Row {
        received: At {
            moment: approval.received_at,
            now: frame.now,
        },
        state: text(&approval.state),
        price: price.parse().map_or(price, thousands),
        number: text(&approval.approval_number),
        bill: text(&approval.bill_id),
        pay_type: text(&approval.pay_type),
        issuer: text(&approval.issuer),
    })
}
