//! `POST /read/remain_count` and `/read/merchant/remain_count`: the prepaid points.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Parameters;
use super::envelope::Refusal;
use crate::upstream::Upstream;

/// The points in every partner's wallet.
const PARTNER_POINTS: i32 = 1_000_000;

/// The points in every sub-merchant's wallet: enough for a thousand bills.
const MERCHANT_POINTS: i32 = 55_000;

pub(super) fn of_partner(upstream: &Arc<Upstream>) -> Value {
    balance(upstream, PARTNER_POINTS)
}

pub(super) fn of_merchant(upstream: &Arc<Upstream>, partner: usize, parameters: &Parameters) -> Result<Value, Refusal> {
    // The real call refuses the empty `bill` object that its neighbours require.
    if parameters.has("bill") {
        return Err(Refusal::Parameter("bill"));
    }
    let (member, merchant) = parameters.pair()?;
    let known = upstream.with_world(|world| world.by_codes(partner, &member, &merchant).is_some());
    if known {
        Ok(balance(upstream, MERCHANT_POINTS))
    } else {
        Err(Refusal::LinkNotFound)
    }
}

fn balance(upstream: &Arc<Upstream>, points: i32) -> Value {
    json!({ "balance": points, "chargeUrl": upstream.page("/desk") })
}
