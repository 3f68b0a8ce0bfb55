//! `/desk`: all businesses and where their reviews stand.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::{LetterView, page};
use crate::upstream::Upstream;
use crate::world::{CallbackRecord, Delivery, FailureReason, Mapping, ReviewLetter, World};

/// The rows of one page.
const ROWS_MAX: usize = 50;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    letter: Option<ReviewLetter>,
    page: usize,
}

struct Row {
    id: String,
    member_code: String,
    merchant_code: String,
    company_name: Option<String>,
    branch_name: Option<String>,
    is_deleted: bool,
    letter: LetterView,
    last: Option<DeliveryView>,
}

/// What became of a callback, for people.
pub(super) struct DeliveryView {
    pub(super) text: String,
    pub(super) good: bool,
}

impl From<&CallbackRecord> for DeliveryView {
    fn from(record: &CallbackRecord) -> Self {
        match record.delivery {
            Delivery::NotSent => Self {
                text: "보내지 않음".to_owned(),
                good: false,
            },
            Delivery::Answered {
                http_status,
                accepted,
                milliseconds,
            } => {
                let word = if accepted { "0000" } else { "거부" };
                Self {
                    text: format!("{word} · HTTP {http_status} · {milliseconds} ms"),
                    good: accepted,
                }
            }
            Delivery::Failed { reason, milliseconds } => {
                let word = match reason {
                    FailureReason::Timeout => "응답 없음",
                    FailureReason::NoConnection => "연결 실패",
                    FailureReason::ConnectionBroken => "연결 끊김",
                };
                Self {
                    text: format!("{word} · {milliseconds} ms"),
                    good: false,
                }
            }
        }
    }
}

impl Row {
    fn new(mapping: &Mapping) -> Self {
        Self {
            id: mapping.id.to_string(),
            member_code: mapping.member_code.clone(),
            merchant_code: mapping.merchant_code.clone(),
            company_name: mapping.business.company_name.clone(),
            branch_name: mapping.business.branch_name.clone(),
            is_deleted: mapping.is_deleted,
            letter: mapping.letter.into(),
            last: mapping.callbacks.records().next_back().map(DeliveryView::from),
        }
    }
}

/// A letter to filter by, and how many businesses have it.
struct Tab {
    letter: LetterView,
    count: usize,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "desk.html")]
struct Desk {
    tabs: Vec<Tab>,
    total: usize,
    all_chosen: bool,
    rows: Vec<Row>,
    previous: Option<String>,
    next: Option<String>,
}

pub(super) async fn show(State(upstream): State<Arc<Upstream>>, Query(wanted): Query<Wanted>) -> Response {
    let desk = upstream.with_world(|world| desk(world, &wanted));
    page(StatusCode::OK, &desk)
}

fn desk(world: &World, wanted: &Wanted) -> Desk {
    let count = |letter| {
        world
            .mappings()
            .iter()
            .filter(|mapping| mapping.letter == letter)
            .count()
    };
    let tab = |letter| Tab {
        letter: LetterView::from(letter),
        count: count(letter),
        chosen: wanted.letter == Some(letter),
    };
    let found = world
        .mappings()
        .iter()
        .rev()
        .filter(|mapping| wanted.letter.is_none_or(|letter| letter == mapping.letter));
    let mut rows: Vec<_> = found
        .skip(wanted.page.saturating_mul(ROWS_MAX))
        .take(ROWS_MAX + 1)
        .map(Row::new)
        .collect();
    let more = rows.len() > ROWS_MAX;
    rows.truncate(ROWS_MAX);
    let address = |page: usize| {
        let letter = wanted
            .letter
            .map(|letter| format!("&letter={}", letter.code()))
            .unwrap_or_default();
        format!("/desk?page={page}{letter}")
    };
    Desk {
        tabs: ReviewLetter::OFFICIAL.into_iter().map(tab).collect(),
        total: world.mappings().len(),
        all_chosen: wanted.letter.is_none(),
        rows,
        previous: wanted.page.checked_sub(1).map(address),
        next: more.then(|| address(wanted.page + 1)),
    }
}
