//! `POST /rp/delete`: forgets a payer's card. The key that `/rp/manage` gave can come along and must fit then.

use std::sync::Arc;

use serde_json::Value;

use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;
use crate::world::BillDenied;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("rp")?;
    let phone = fields.phone()?;
    let key = fields.text("rpKey")?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let refusal = |denied| parameters.refusal(denied);
        let method = world
            .pay_method(id, phone)
            .filter(|method| key.is_none_or(|key| key == method.key));
        if method.is_none() {
            return Err(refusal(BillDenied::NoPayMethod));
        }
        world.delete_pay_method(id, phone).map_err(refusal)?;
        let mut data = parameters.echo(&["apiKey"]);
        data.extend(fields.echo(&["phone", "rpKey"]));
        Ok(data.into())
    })
}
