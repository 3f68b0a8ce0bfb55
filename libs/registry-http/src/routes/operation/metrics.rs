//! `GET /metrics`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa_axum::routes;

use crate::metrics::OPENMETRICS_TEXT;
use crate::operation::{Access, Operation, Route};
use crate::problem::Problem;
use crate::state::AppState;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Anybody,
        problems: &[],
    };
    operation.document(routes!(get_metrics))
}

/// Numbers for Prometheus
///
/// Counts and times of this process, without anything that belongs to a tenant. Keep it away from the internet all the
/// same.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Operation",
    responses((
        status = 200,
        description = "OpenMetrics 1.0 text",
        content_type = "application/openmetrics-text",
        body = String,
    ))
)]
async fn get_metrics(State(state): State<Arc<AppState>>) -> Result<Response, Problem> {
    let text = state
        .metrics
        .encode()
        .map_err(|error| Problem::internal("encode metrics", &error))?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS_TEXT))], text).into_response())
}
