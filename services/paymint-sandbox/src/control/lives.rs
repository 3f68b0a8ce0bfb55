//! `POST /_sandbox/lives` and `GET /_sandbox/lives/{id}`, which can wait until the run has finished.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;

use super::{ControlError, Patience};
use crate::lives::{Lives, LivesReport, LivesRequest};
use crate::upstream::Upstream;

pub(super) async fn begin(
    State(upstream): State<Arc<Upstream>>,
    Json(request): Json<LivesRequest>,
) -> Result<(StatusCode, Json<LivesReport>), ControlError> {
    let report = Lives::begin(&upstream, &request, &|_| true).map_err(ControlError::invalid)?;
    Ok((StatusCode::ACCEPTED, Json(report)))
}

pub(super) async fn show(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    Query(patience): Query<Patience>,
) -> Result<Json<LivesReport>, ControlError> {
    let number: usize = id
        .strip_prefix("run_")
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| ControlError::not_found("run"))?;
    upstream
        .wait_until(patience.longest(), || Lives::is_over(&upstream, number))
        .await;
    Lives::report(&upstream, number)
        .map(Json)
        .ok_or_else(|| ControlError::not_found("run"))
}
