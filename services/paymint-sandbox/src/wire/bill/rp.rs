//! `POST /bill/rp`: has the payer's card on file pay. Only its name is documented, so both readings are taken: with the fields
//! of a bill it makes one and has it paid, and with an id alone it has a bill paid that exists.

use std::sync::Arc;

use serde_json::Value;

use super::create;
use crate::clock;
use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;
use crate::world::{BillDenied, BillNumber, MappingId, Order, SendType, World};

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("bill")?;
    // Only a new bill says who pays it.
    let order = if fields.has("phone") {
        Some(create::order(&fields, SendType::OnFile)?)
    } else {
        fields.check_hash(&["billId", "price"])?;
        None
    };
    let (bill_id, price) = (fields.bill_id()?, fields.price()?);
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let number = match order {
            Some(order) => new_bill(world, id, order),
            None => old_bill(world, id, bill_id, price),
        };
        let paid = number.and_then(|number| {
            world.pay_by_card_on_file(number, None, clock::now())?;
            Ok(number)
        });
        let number = paid.map_err(|denied| parameters.refusal(denied))?;
        let refusal = |denied| parameters.refusal(denied);
        let mut data = world.bill_answer(number).map_err(refusal)?;
        let bill = world.bill(number).map_err(refusal)?;
        if let Value::Object(made) = create::answer_of(upstream, parameters, &fields, bill) {
            data.extend(made);
        }
        Ok(data.into())
    })
}

/// Nothing is made for a payer without a card: no id is used up then.
fn new_bill(world: &mut World, id: MappingId, order: Order) -> Result<BillNumber, BillDenied> {
    match world.card_of(id, &order.phone) {
        Ok(_) | Err(BillDenied::CardDeclined) => world.create_bill(id, order, clock::now()).map(|bill| bill.number),
        Err(denied) => Err(denied),
    }
}

fn old_bill(world: &World, id: MappingId, bill_id: &str, price: u64) -> Result<BillNumber, BillDenied> {
    let bill = world.bill_of(id, bill_id)?;
    if bill.order.price == price {
        Ok(bill.number)
    } else {
        Err(BillDenied::WrongPrice)
    }
}
