//! `POST /bill/read`: where one bill stands, with the fields of the approval.

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
    let bill_id = fields.bill_id()?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let number = world.bill_of(id, bill_id).map(|bill| bill.number);
        let data = number.and_then(|number| world.bill_answer(number));
        data.map(Value::Object).map_err(|denied| parameters.refusal(denied))
    })
}
