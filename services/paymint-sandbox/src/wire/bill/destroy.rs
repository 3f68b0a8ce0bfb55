//! `POST /bill/destroy`: takes an unpaid bill back.

use std::sync::Arc;

use serde_json::Value;

use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("bill")?;
    let (bill_id, price) = (fields.bill_id()?, fields.price()?);
    fields.check_hash(&["billId", "price"])?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let number = world.bill_of(id, bill_id).map(|bill| bill.number);
        let destroyed = number.and_then(|number| world.destroy_bill(number, price));
        destroyed.map_err(|denied| parameters.refusal(denied))?;
        let mut data = parameters.echo(&["apiKey"]);
        data.extend(fields.echo(&["billId"]));
        Ok(data.into())
    })
}
