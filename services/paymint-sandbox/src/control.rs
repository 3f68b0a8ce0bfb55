//! The control API under `/_sandbox`, for scripts and tests: look at the world, move it, break it.

mod approvals;
mod bills;
mod calls;
mod faults;
mod lives;
mod mappings;
mod partners;
mod pay_methods;
mod receipts;
mod repeats;
mod rules;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::upstream::Upstream;
use crate::world::{BillDenied, Denied};

pub(crate) use mappings::check_message;

pub(crate) fn router() -> Router<Arc<Upstream>> {
    Router::new()
        .route("/mappings", get(mappings::list))
        .route("/mappings/{id}", get(mappings::show))
        .route("/mappings/{id}/review", post(mappings::review))
        .route("/mappings/{id}/deletion", post(mappings::set_deleted))
        .route("/mappings/{id}/resend", post(mappings::resend))
        .route("/mappings/{id}/stray", post(mappings::stray))
        .route("/mappings/{id}/silence", put(mappings::set_silent))
        .route("/mappings/{id}/approvals", post(approvals::send))
        .route("/mappings/{id}/balance", put(approvals::set_points))
        .route("/mappings/{id}/pay-methods", get(pay_methods::list))
        .route(
            "/mappings/{id}/pay-methods/{phone}",
            put(pay_methods::register).delete(pay_methods::delete),
        )
        .route("/bills", get(bills::list))
        .route("/bills/{id}", get(bills::show))
        .route("/bills/{id}/pay", post(bills::pay))
        .route("/bills/{id}/decline", post(bills::decline))
        .route("/bills/{id}/cancel", post(bills::cancel))
        .route("/bills/{id}/approval", post(bills::tell_again))
        .route("/bills/{id}/last-day", put(bills::set_last_day))
        .route("/receipts", get(receipts::list))
        .route("/repeats", post(repeats::pass))
        .route("/rules", get(rules::show).put(rules::replace))
        .route("/partners/{number}", get(partners::show).put(partners::replace))
        .route("/lives", post(lives::begin))
        .route("/lives/{id}", get(lives::show))
        .route("/faults", get(faults::show).put(faults::replace))
        .route("/calls", get(calls::show))
        .route("/tally", get(tally::show))
}

/// The longest time that a request may wait.
const WAIT_MAX_MILLISECONDS: u64 = 60_000;

/// How long a request waits for callbacks that are under way.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Patience {
    wait_ms: u64,
}

impl Patience {
    fn longest(&self) -> Duration {
        Duration::from_millis(self.wait_ms.min(WAIT_MAX_MILLISECONDS))
    }
}

/// Why a control request was not followed.
#[derive(Debug)]
struct ControlError {
    status: StatusCode,
    text: String,
}

impl ControlError {
    fn not_found(what: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            text: format!("there is no such {what}"),
        }
    }

    fn invalid(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            text: text.into(),
        }
    }
}

impl From<Denied> for ControlError {
    fn from(denied: Denied) -> Self {
        let status = match denied {
            Denied::NoSuchMapping | Denied::NoSuchCallback => StatusCode::NOT_FOUND,
            Denied::NothingToSubmit => StatusCode::CONFLICT,
            Denied::Full => StatusCode::INSUFFICIENT_STORAGE,
        };
        Self {
            status,
            text: denied.to_string(),
        }
    }
}

impl From<BillDenied> for ControlError {
    fn from(denied: BillDenied) -> Self {
        let status = match denied {
            BillDenied::NotFound | BillDenied::NoPayMethod => StatusCode::NOT_FOUND,
            BillDenied::IdUsed
            | BillDenied::WrongState
            | BillDenied::WrongPrice
            | BillDenied::NotOpen
            | BillDenied::PointsShort
            | BillDenied::NoWallet
            | BillDenied::CardDeclined
            | BillDenied::AboveCeiling => StatusCode::CONFLICT,
            BillDenied::Full => StatusCode::INSUFFICIENT_STORAGE,
        };
        Self {
            status,
            text: denied.to_string(),
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.text }))).into_response()
    }
}
