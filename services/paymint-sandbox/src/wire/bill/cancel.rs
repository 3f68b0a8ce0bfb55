//! `POST /bill/cancel`: gives the whole price of a paid bill back.

use std::sync::Arc;

use serde_json::{Value, json};

use super::ECHOED;
use crate::clock;
use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;
use crate::world::{BillState, timestamp};

/// The longest reason, in characters: it is the only one that integrators agree on.
const REASON_MAX: usize = 20;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("bill")?;
    let (bill_id, price) = (fields.bill_id()?, fields.price()?);
    let reason = fields.free_text("cancelReason", REASON_MAX)?;
    fields.check_hash(&["billId", "price"])?;
    let is_told = parameters.rules().cancels_told;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let number = world.bill_of(id, bill_id).map(|bill| bill.number);
        let cancelled = number.and_then(|number| world.cancel_bill(number, price, reason, is_told, clock::now()));
        let bill = cancelled.map_err(|denied| parameters.refusal(denied))?;
        let mut data = parameters.echo(&ECHOED);
        data.extend(fields.echo(&["billId", "hash"]));
        if let BillState::Cancelled(payment, refund) = &bill.state {
            data.insert("apprNum".to_owned(), json!(refund.number));
            data.insert("apprOriginNum".to_owned(), json!(payment.number));
            data.insert("apprCancelDt".to_owned(), json!(timestamp(refund.refunded_at)));
        }
        Ok(data.into())
    })
}
