//! `/_sandbox/mappings`: every business, what was sent about it, and the desk's buttons for scripts.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ControlError, Patience};
use crate::clock;
use crate::faults::CallbackMishap;
use crate::upstream::Upstream;
use crate::world::{
    CallbackKind, CallbackRecord, Delivery, Denied, FailureReason, Mapping, MappingId, ReviewLetter, Stray, World,
};

/// The longest message of the desk, in characters.
const MESSAGE_MAX_CHARACTERS: usize = 1000;

/// How long a stray callback is waited for.
const STRAY_PATIENCE: Duration = Duration::from_secs(5);

/// Which mappings are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    member_code: Option<String>,
    merchant_code: Option<String>,
    /// How many callbacks of each are shown, the latest ones.
    #[serde(default = "all")]
    callbacks: usize,
}

fn all() -> usize {
    usize::MAX
}

/// A mapping as scripts see it.
#[derive(Debug, Serialize)]
pub(super) struct MappingView {
    id: String,
    member_code: String,
    merchant_code: String,
    callback_url: String,
    registration_url: String,
    review_status: ReviewLetter,
    review_message: Option<String>,
    is_deleted: bool,
    /// Whether whoever asks about it is answered with an error.
    silent: bool,
    mapping_status: &'static str,
    paymint_member_id: Option<String>,
    company_name: Option<String>,
    branch_name: Option<String>,
    business_number: Option<String>,
    /// The points in its wallet.
    points: i32,
    /// How often `auth/mapping-status` told its state.
    answers: u64,
    /// Whether no callback is under way.
    idle: bool,
    /// The last 50 or fewer, oldest first.
    callbacks: Vec<CallbackView>,
}

/// A callback as scripts see it.
#[derive(Debug, Serialize)]
pub(super) struct CallbackView {
    number: u64,
    sent_at: DateTime<Utc>,
    kind: CallbackKind,
    fault: Option<String>,
    http_status: Option<u16>,
    accepted: bool,
    failure: Option<FailureReason>,
    milliseconds: Option<u64>,
    /// The JSON that was sent, or its text if it is none. Partner keys are replaced.
    body: Value,
}

impl MappingView {
    fn new(upstream: &Upstream, mapping: &Mapping, callbacks: usize) -> Self {
        let records = mapping.callbacks.records();
        let hidden = records.len().saturating_sub(callbacks);
        Self {
            id: mapping.id.to_string(),
            member_code: mapping.member_code.clone(),
            merchant_code: mapping.merchant_code.clone(),
            callback_url: mapping.callback_url.to_string(),
            registration_url: upstream.page(&format!("/register/{}", mapping.token)),
            review_status: mapping.letter,
            review_message: mapping.review_message.clone(),
            is_deleted: mapping.is_deleted,
            silent: mapping.silent,
            mapping_status: mapping.mapping_status(),
            paymint_member_id: mapping.paymint_member_id.clone(),
            company_name: mapping.business.company_name.clone(),
            branch_name: mapping.business.branch_name.clone(),
            business_number: mapping.business.number.clone(),
            points: mapping.points,
            answers: mapping.answers,
            idle: mapping.callbacks.is_idle(),
            callbacks: records
                .skip(hidden)
                .map(|record| CallbackView::new(upstream, record))
                .collect(),
        }
    }
}

impl CallbackView {
    pub(super) fn new(upstream: &Upstream, record: &CallbackRecord) -> Self {
        let (http_status, accepted, failure, milliseconds) = match record.delivery {
            Delivery::NotSent => (None, false, None, None),
            Delivery::Answered {
                http_status,
                accepted,
                milliseconds,
            } => (Some(http_status), accepted, None, Some(milliseconds)),
            Delivery::Failed { reason, milliseconds } => (None, false, Some(reason), Some(milliseconds)),
        };
        let text = upstream.without_keys(&String::from_utf8_lossy(&record.body));
        Self {
            number: record.number,
            sent_at: record.sent_at,
            kind: record.kind,
            fault: record.fault(),
            http_status,
            accepted,
            failure,
            milliseconds,
            body: serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.clone())),
        }
    }
}

pub(super) async fn list(
    State(upstream): State<Arc<Upstream>>,
    Query(filter): Query<Filter>,
) -> Json<Vec<MappingView>> {
    let wanted = |mapping: &&Mapping| {
        filter
            .member_code
            .as_ref()
            .is_none_or(|code| *code == mapping.member_code)
            && filter
                .merchant_code
                .as_ref()
                .is_none_or(|code| *code == mapping.merchant_code)
    };
    Json(upstream.with_world(|world| {
        world
            .mappings()
            .iter()
            .filter(wanted)
            .map(|mapping| MappingView::new(&upstream, mapping, filter.callbacks))
            .collect()
    }))
}

pub(super) async fn show(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Query(patience): Query<Patience>,
) -> Result<Json<MappingView>, ControlError> {
    upstream.wait_until_sent(parse_id(&id)?, patience.longest()).await;
    change(&upstream, &id, |_, _| Ok(()))
}

/// What `POST …/review` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Review {
    code: ReviewLetter,
    message: Option<String>,
    /// What befalls the callback; without it, what chance brings.
    mishap: Option<CallbackMishap>,
}

pub(super) async fn review(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Json(review): Json<Review>,
) -> Result<Json<MappingView>, ControlError> {
    let message = check_message(review.code, review.message).map_err(ControlError::invalid)?;
    change(&upstream, &id, |world, id| {
        world.review(id, review.code, message, review.mishap, clock::now())
    })
}

/// A message belongs to the letters that have one, and to no others.
pub(crate) fn check_message(letter: ReviewLetter, message: Option<String>) -> Result<Option<String>, &'static str> {
    let message = message.filter(|message| !message.trim().is_empty());
    match (letter.has_message(), &message) {
        (true, None) => Err("S and R need a message"),
        (false, Some(_)) => Err("only S and R have a message"),
        (_, Some(message)) if message.chars().count() > MESSAGE_MAX_CHARACTERS => {
            Err("a message has at most 1000 characters")
        }
        (true, Some(_)) | (false, None) => Ok(message),
    }
}

/// What `POST …/deletion` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deletion {
    deleted: bool,
    /// What befalls the callback; without it, what chance brings.
    mishap: Option<CallbackMishap>,
}

pub(super) async fn set_deleted(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Json(deletion): Json<Deletion>,
) -> Result<Json<MappingView>, ControlError> {
    change(&upstream, &id, |world, id| {
        world.set_deleted(id, deletion.deleted, deletion.mishap, clock::now())
    })
}

/// What `POST …/resend` takes; an empty body means the latest.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resend {
    number: Option<u64>,
}

pub(super) async fn resend(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<MappingView>, ControlError> {
    let resend: Resend = if body.is_empty() {
        Resend::default()
    } else {
        serde_json::from_slice(&body).map_err(|_| ControlError::invalid("number is the number of a kept callback"))?
    };
    change(&upstream, &id, |world, id| {
        world.resend(id, resend.number, clock::now())
    })
}

/// What `POST …/stray` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StrayWish {
    content: Stray,
}

pub(super) async fn stray(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Json(wish): Json<StrayWish>,
) -> Result<Json<MappingView>, ControlError> {
    let mapping = parse_id(&id)?;
    upstream.with_world(|world| world.stray(mapping, wish.content, clock::now()))?;
    // Whoever looks next shall find it.
    upstream.wait_until_sent(mapping, STRAY_PATIENCE).await;
    change(&upstream, &id, |_, _| Ok(()))
}

/// What `PUT …/silence` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Silence {
    silent: bool,
}

pub(super) async fn set_silent(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Json(silence): Json<Silence>,
) -> Result<Json<MappingView>, ControlError> {
    change(&upstream, &id, |world, id| world.set_silent(id, silence.silent))
}

pub(super) fn parse_id(id: &str) -> Result<MappingId, ControlError> {
    id.parse().map_err(|()| ControlError::not_found("mapping"))
}

pub(super) fn change(
    upstream: &Arc<Upstream>,
    id: &str,
    act: impl FnOnce(&mut World, MappingId) -> Result<(), Denied>,
) -> Result<Json<MappingView>, ControlError> {
    let id = parse_id(id)?;
    upstream.with_world(|world| {
        act(world, id)?;
        Ok(Json(MappingView::new(upstream, world.get(id)?, all())))
    })
}
