//! `GET` and `PUT /_sandbox/faults`. PUT replaces everything: what it leaves out is off.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::ControlError;
use crate::faults::Faults;
use crate::upstream::Upstream;

pub(super) async fn show(State(upstream): State<Arc<Upstream>>) -> Json<Faults> {
    Json(upstream.with_world(|world| world.faults().clone()))
}

pub(super) async fn replace(
    State(upstream): State<Arc<Upstream>>,
    Json(faults): Json<Faults>,
) -> Result<Json<Faults>, ControlError> {
    faults.check().map_err(ControlError::invalid)?;
    upstream.with_world(|world| world.faults_mut().clone_from(&faults));
    Ok(Json(faults))
}
