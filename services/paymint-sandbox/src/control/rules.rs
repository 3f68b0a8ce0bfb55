//! `GET` and `PUT /_sandbox/rules`. PUT replaces everything: what it leaves out is as at the beginning.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::ControlError;
use crate::upstream::Upstream;
use crate::world::Rules;

pub(super) async fn show(State(upstream): State<Arc<Upstream>>) -> Json<Rules> {
    Json(upstream.with_world(|world| world.rules().clone()))
}

pub(super) async fn replace(
    State(upstream): State<Arc<Upstream>>,
    Json(rules): Json<Rules>,
) -> Result<Json<Rules>, ControlError> {
    rules.check().map_err(ControlError::invalid)?;
    upstream.with_world(|world| world.rules_mut().clone_from(&rules));
    Ok(Json(rules))
}
