//! `POST /cash-receipt/cancel`: takes a receipt back.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ECHOED, trader};
use crate::clock;
use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("cashReceipt")?;
    let (bill_id, price, trader) = (fields.bill_id()?, fields.price()?, trader(&fields)?);
    fields.check_hash(&["billId", "price"])?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let receipt = world.cancel_receipt(id, bill_id, price, trader, clock::now());
        let receipt = receipt.map_err(|denied| parameters.refusal(denied))?;
        let mut data = parameters.echo(&ECHOED);
        data.extend(fields.echo(&["billId", "hash"]));
        let number = receipt.cancelled.as_ref().map(|cancelled| &cancelled.number);
        data.insert("apprCashNum".to_owned(), json!(number));
        Ok(data.into())
    })
}
