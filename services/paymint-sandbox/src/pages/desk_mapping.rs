//! `/desk/{id}`: one business, the buttons that move its review, its bills, and the callbacks that were sent about it.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::bill::{won, words};
use super::desk::DeliveryView;
use super::{LetterView, not_found, page, seoul};
use crate::business_number;
use crate::clock;
use crate::control::check_message;
use crate::upstream::Upstream;
use crate::world::{Bill, CallbackRecord, Denied, Mapping, MappingId, ReviewLetter, World};

/// How long a button waits for its callback, so that the page that follows shows what became of it.
const DELIVERY_PATIENCE: Duration = Duration::from_millis(1500);

/// The bills that are shown.
const BILLS_MAX: usize = 20;

struct CallbackRow {
    number: u64,
    sent_at: String,
    fault: Option<String>,
    delivery: DeliveryView,
    body: String,
}

impl CallbackRow {
    fn new(upstream: &Upstream, record: &CallbackRecord) -> Self {
        Self {
            number: record.number,
            sent_at: seoul(record.sent_at),
            fault: record.fault(),
            delivery: record.into(),
            body: upstream.without_keys(&String::from_utf8_lossy(&record.body)),
        }
    }
}

struct BillRow {
    created_at: String,
    label: &'static str,
    style: &'static str,
    page_url: String,
    bill_id: String,
    product_name: String,
    price: String,
}

impl BillRow {
    fn new(upstream: &Upstream, bill: &Bill) -> Self {
        let (.., label, style) = words(bill, clock::now());
        Self {
            created_at: seoul(bill.created_at),
            label,
            style,
            page_url: upstream.page(&format!("/b/{}", bill.token)),
            bill_id: bill.order.bill_id.clone(),
            product_name: bill.order.product_name.clone(),
            price: won(bill.order.price),
        }
    }
}

#[derive(Template)]
#[template(path = "desk_mapping.html")]
struct MappingPage {
    id: String,
    member_code: String,
    merchant_code: String,
    paymint_member_id: Option<String>,
    company_name: Option<String>,
    branch_name: Option<String>,
    business_number: Option<String>,
    mapping_status: &'static str,
    letter: LetterView,
    review_message: Option<String>,
    is_deleted: bool,
    registration_url: String,
    callback_url: String,
    quiet_letters: Vec<LetterView>,
    bills: Vec<BillRow>,
    callbacks: Vec<CallbackRow>,
    complaint: Option<&'static str>,
    typed_message: String,
}

impl MappingPage {
    fn new(upstream: &Upstream, world: &World, mapping: &Mapping) -> Self {
        let bills = world.bills().iter().rev().filter(|bill| bill.mapping == mapping.id);
        let quiet = ReviewLetter::OFFICIAL
            .into_iter()
            .filter(|letter| !letter.has_message());
        let records = mapping.callbacks.records().rev();
        let business = &mapping.business;
        Self {
            id: mapping.id.to_string(),
            member_code: mapping.member_code.clone(),
            merchant_code: mapping.merchant_code.clone(),
            paymint_member_id: mapping.paymint_member_id.clone(),
            company_name: business.company_name.clone(),
            branch_name: business.branch_name.clone(),
            business_number: business.number.as_deref().map(business_number::hyphenated),
            mapping_status: mapping.mapping_status(),
            letter: mapping.letter.into(),
            review_message: mapping.review_message.clone(),
            is_deleted: mapping.is_deleted,
            registration_url: upstream.page(&format!("/register/{}", mapping.token)),
            callback_url: mapping.callback_url.to_string(),
            quiet_letters: quiet.map(LetterView::from).collect(),
            bills: bills.take(BILLS_MAX).map(|bill| BillRow::new(upstream, bill)).collect(),
            callbacks: records.map(|record| CallbackRow::new(upstream, record)).collect(),
            complaint: None,
            typed_message: String::new(),
        }
    }
}

pub(super) async fn show(State(upstream): State<Arc<Upstream>>, Path(id): Path<String>) -> Response {
    match view(&upstream, &id) {
        Ok(view) => page(StatusCode::OK, &view),
        Err(_) => not_found(),
    }
}

fn view(upstream: &Arc<Upstream>, id: &str) -> Result<MappingPage, Denied> {
    let id: MappingId = id.parse().map_err(|()| Denied::NoSuchMapping)?;
    upstream.with_world(|world| {
        let mapping = world.get(id)?;
        Ok(MappingPage::new(upstream, world, mapping))
    })
}

/// What the review form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Review {
    code: ReviewLetter,
    #[serde(default)]
    message: String,
}

pub(super) async fn review(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Form(Review { code, message }): Form<Review>,
) -> Response {
    // The six buttons share one field, so that a message may stand there when a letter without one is pressed.
    let wanted = code.has_message().then(|| message.clone());
    let Ok(checked) = check_message(code, wanted) else {
        return complain(
            &upstream,
            &id,
            "서류보완과 반려에는 1000자 이내의 메시지가 필요합니다.",
            message,
        );
    };
    change(&upstream, &id, |world, id| {
        world.review(id, code, checked, None, clock::now())
    })
    .await
}

/// What the deletion form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Deletion {
    deleted: bool,
}

pub(super) async fn set_deleted(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Form(Deletion { deleted }): Form<Deletion>,
) -> Response {
    change(&upstream, &id, |world, id| {
        world.set_deleted(id, deleted, None, clock::now())
    })
    .await
}

pub(super) async fn resend(State(upstream): State<Arc<Upstream>>, Path(id): Path<String>) -> Response {
    change(&upstream, &id, |world, id| world.resend(id, None, clock::now())).await
}

async fn change(
    upstream: &Arc<Upstream>,
    id: &str,
    act: impl FnOnce(&mut World, MappingId) -> Result<(), Denied>,
) -> Response {
    let Ok(mapping) = id.parse::<MappingId>() else {
        return not_found();
    };
    match upstream.with_world(|world| act(world, mapping)) {
        Ok(()) => {
            upstream.wait_until_sent(mapping, DELIVERY_PATIENCE).await;
            Redirect::to(&format!("/desk/{mapping}")).into_response()
        }
        Err(Denied::NoSuchCallback) => complain(upstream, id, "아직 보낸 콜백이 없습니다.", String::new()),
        Err(Denied::NoSuchMapping | Denied::NothingToSubmit | Denied::Full) => not_found(),
    }
}

fn complain(upstream: &Arc<Upstream>, id: &str, complaint: &'static str, typed_message: String) -> Response {
    match view(upstream, id) {
        Ok(view) => {
            let view = MappingPage {
                complaint: Some(complaint),
                typed_message,
                ..view
            };
            page(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
        Err(_) => not_found(),
    }
}
