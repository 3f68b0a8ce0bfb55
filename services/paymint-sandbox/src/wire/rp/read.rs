//! `POST /customer/pay-method`: the card that a payer has on file, if there is one.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;
use crate::world::timestamp;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("customer")?;
    let phone = fields.phone()?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let method = world.pay_method(id, phone);
        let registered = method.and_then(|method| Some((method, method.registered.as_ref()?)));
        let rows = registered.into_iter().map(|(method, registered)| {
            json!({
                "payType": "CARD_RP",
                "rpKey": method.key,
                "issuer": registered.card.issuer,
                "issuerCd": registered.card.issuer_code,
                "issuerNum": registered.card.number,
                "regDt": timestamp(registered.at),
            })
        });
        let mut data = parameters.echo(&["apiKey"]);
        data.insert("payMethods".to_owned(), rows.collect());
        Ok(data.into())
    })
}
