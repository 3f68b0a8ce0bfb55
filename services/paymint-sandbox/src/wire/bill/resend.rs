//! `POST /bill/resend`: sends the message of an unpaid bill once more, for points.

use std::sync::Arc;

use serde_json::Value;

use crate::clock;
use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("bill")?;
    let bill_id = fields.bill_id()?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let number = world.bill_of(id, bill_id).map(|bill| bill.number);
        let resent = number.and_then(|number| world.resend_bill(number, clock::now()));
        resent.map_err(|denied| parameters.refusal(denied))?;
        let mut data = parameters.echo(&["apiKey"]);
        data.extend(fields.echo(&["billId"]));
        Ok(data.into())
    })
}
