//! `POST /read/partner` and `/update/partner`: the partner's own callback URL. That there are such calls is documented; their
//! names and fields are ours.

use std::sync::Arc;

use serde_json::{Value, json};

use super::envelope::Refusal;
use super::parameters::Parameters;
use crate::upstream::Upstream;
use crate::world::Partner;

pub(super) fn read(upstream: &Arc<Upstream>, partner: usize, _: &Parameters) -> Result<Value, Refusal> {
    upstream.with_world(|world| world.partner(partner).map(info).ok_or(Refusal::KeyUnknown))
}

pub(super) fn update(upstream: &Arc<Upstream>, partner: usize, parameters: &Parameters) -> Result<Value, Refusal> {
    let url = parameters.address("callbackUrl")?;
    let url = url.ok_or_else(|| parameters.missing("callbackUrl"))?;
    upstream.with_world(|world| {
        let partner = world.partner_mut(partner).ok_or(Refusal::KeyUnknown)?;
        partner.callback_url = Some(url);
        Ok(info(partner))
    })
}

fn info(partner: &Partner) -> Value {
    json!({ "callbackUrl": partner.callback_url })
}
