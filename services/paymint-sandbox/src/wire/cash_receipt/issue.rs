//! `POST /cash-receipt/issue`: issues a receipt, for a bill or without one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ECHOED, trader};
use crate::clock;
use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;
use crate::world::ReceiptWish;

/// The longest number of a receiver, in characters. Upstream documents none.
const ISSUANCE_NUMBER_MAX: usize = 20;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("cashReceipt")?;
    let part = |name| fields.part_of_price(name)?.ok_or_else(|| fields.missing(name));
    let wish = ReceiptWish {
        bill_id: fields.bill_id()?.to_owned(),
        price: fields.price()?,
        // The page says that they may be left out, and the server says that they may not.
        supply_price: part("supplyPrice")?,
        tax: part("tax")?,
        trader: trader(&fields)?,
        issuance_number: fields.required_text("issuanceNumber", ISSUANCE_NUMBER_MAX)?,
    };
    if !wish.issuance_number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Parameter("issuanceNumber"));
    }
    fields.check_hash(&["billId", "price"])?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let receipt = world.issue_receipt(id, wish, clock::now());
        let receipt = receipt.map_err(|denied| parameters.refusal(denied))?;
        let mut data = parameters.echo(&ECHOED);
        data.extend(fields.echo(&["billId", "hash", "trader", "issuanceNumber"]));
        data.insert("apprCashNum".to_owned(), json!(receipt.issued.number));
        Ok(data.into())
    })
}
