//! `POST /cash-receipt/read`: what was done with a receipt, one entry for each time.

use std::sync::Arc;

use serde_json::{Value, json};

use super::ECHOED;
use crate::clock;
use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;
use crate::world::{BillDenied, Entry, Receipt, timestamp};

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("cashReceipt")?;
    let (bill_id, price) = (fields.bill_id()?, fields.price()?);
    fields.check_hash(&["billId", "price"])?;
    let is_official = parameters.rules().receipt_history_official;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let refusal = |denied| parameters.refusal(denied);
        let receipt = world.receipt_of(id, bill_id).map_err(refusal)?;
        if receipt.wish.price != price {
            return Err(refusal(BillDenied::WrongPrice));
        }
        let issued = Some(entry(receipt, 'F', &receipt.issued, is_official));
        let cancelled = receipt.cancelled.as_ref();
        let cancelled = cancelled.map(|cancelled| entry(receipt, 'C', cancelled, is_official));
        let mut data = parameters.echo(&ECHOED);
        data.extend(fields.echo(&["billId"]));
        data.insert("info".to_owned(), issued.into_iter().chain(cancelled).collect());
        Ok(data.into())
    })
}

fn entry(receipt: &Receipt, state: char, entry: &Entry, is_official: bool) -> Value {
    let wish = &receipt.wish;
    let mut fields = json!({
        "apprPrice": wish.price.to_string(),
        "apprSupplyPrice": wish.supply_price.to_string(),
        "apprTax": wish.tax.to_string(),
        "trader": wish.trader.digit(),
        "apprNum": entry.number,
        "apprState": state.to_string(),
        "issuanceNumber": wish.issuance_number,
    });
    if is_official {
        fields["billId"] = json!(wish.bill_id);
        fields["apprDt"] = json!(timestamp(entry.at));
    } else {
        fields["apprDt"] = json!(clock::in_seoul(entry.at).format("%y%m%d%H%M%S").to_string());
    }
    fields
}
