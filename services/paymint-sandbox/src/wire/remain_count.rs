//! `POST /read/remain_count` and `/read/merchant/remain_count`: the prepaid points.

use std::sync::Arc;

use serde_json::{Value, json};

use super::envelope::Refusal;
use super::parameters::Parameters;
use crate::upstream::Upstream;

pub(super) fn of_partner(upstream: &Arc<Upstream>, partner: usize, _: &Parameters) -> Result<Value, Refusal> {
    let points = upstream.with_world(|world| world.partner(partner).map(|partner| partner.points));
    points
        .map(|points| balance(upstream, points))
        .ok_or(Refusal::KeyUnknown)
}

pub(super) fn of_merchant(upstream: &Arc<Upstream>, partner: usize, parameters: &Parameters) -> Result<Value, Refusal> {
    // The real call refuses the empty `bill` object that its neighbours require.
    if parameters.has("bill") {
        return Err(Refusal::Parameter("bill"));
    }
    let (member, merchant) = parameters.pair()?;
    let points = upstream.with_world(|world| {
        let mapping = world.by_codes(partner, &member, &merchant);
        mapping.map(|mapping| mapping.points)
    });
    points
        .map(|points| balance(upstream, points))
        .ok_or(Refusal::LinkNotFound)
}

fn balance(upstream: &Arc<Upstream>, points: i32) -> Value {
    json!({ "balance": points, "chargeUrl": upstream.page("/desk") })
}
