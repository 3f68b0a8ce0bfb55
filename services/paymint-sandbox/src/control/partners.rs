//! `GET` and `PUT /_sandbox/partners/{number}`: the partner's wallet, and whether it is refused as a whole. The numbers
//! are those of the keys, from 0. PUT replaces everything: what it leaves out is as at the beginning.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::ControlError;
use crate::faults::FaultAnswer;
use crate::upstream::Upstream;
use crate::world::Partner;

pub(super) async fn show(
    State(upstream): State<Arc<Upstream>>,
    Path(number): Path<usize>,
) -> Result<Json<Partner>, ControlError> {
    let partner = upstream.with_world(|world| world.partner(number).cloned());
    partner.map(Json).ok_or_else(|| ControlError::not_found("partner"))
}

pub(super) async fn replace(
    State(upstream): State<Arc<Upstream>>,
    Path(number): Path<usize>,
    Json(partner): Json<Partner>,
) -> Result<Json<Partner>, ControlError> {
    let answer = partner.refused_with.clone().map(FaultAnswer::try_from);
    if !matches!(answer, None | Some(Ok(FaultAnswer::Code(_)))) {
        return Err(ControlError::invalid(
            "refused_with is a result code such as PARTNER_006",
        ));
    }
    let changed = upstream.with_world(|world| {
        let place = world.partner_mut(number)?;
        place.clone_from(&partner);
        Some(partner)
    });
    changed.map(Json).ok_or_else(|| ControlError::not_found("partner"))
}
