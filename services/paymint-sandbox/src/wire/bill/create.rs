//! `POST /bill`: makes a bill, and sends it or gives its link.

use std::sync::Arc;

use serde_json::{Value, json};

use super::ECHOED;
use crate::clock;
use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;
use crate::world::{Bill, Order, SendType};

/// The longest texts, in characters. The issuer's is that of API V1; the others are documented nowhere.
const PRODUCT_NAME_MAX: usize = 100;
const MEMBER_NAME_MAX: usize = 30;
const MESSAGE_MAX: usize = 1000;
const ISSUER_MAX: usize = 50;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("bill")?;
    let send_type = match fields.required("sendType")? {
        "TALK" => SendType::Talk,
        "URL" => SendType::Url,
        _ => return Err(Refusal::Parameter("sendType")),
    };
    let order = order(&fields, send_type)?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let bill = world.create_bill(id, order, clock::now());
        let bill = bill.map_err(|denied| parameters.refusal(denied))?;
        Ok(answer_of(upstream, parameters, &fields, bill))
    })
}

/// What is asked for, checked.
pub(super) fn order(fields: &Parameters, send_type: SendType) -> Result<Order, Refusal> {
    let order = Order {
        bill_id: fields.bill_id()?.to_owned(),
        send_type,
        product_name: fields.required_text("productName", PRODUCT_NAME_MAX)?,
        price: fields.price()?,
        supply_price: fields.part_of_price("supplyPrice")?,
        tax: fields.part_of_price("tax")?,
        member_name: fields.required_text("memberName", MEMBER_NAME_MAX)?,
        phone: fields.phone()?.to_owned(),
        callback_url: fields
            .address("callbackUrl")?
            .ok_or_else(|| fields.missing("callbackUrl"))?,
        issuer: fields.free_text("billIssuer", ISSUER_MAX)?,
        message: fields.free_text("message", MESSAGE_MAX)?,
        expires_on: fields.day("expireDt")?,
        page_redirect_url: fields.address("pageRedirectUrl")?,
    };
    let today = clock::in_seoul(clock::now()).date();
    if order.expires_on.is_some_and(|last_day| last_day < today) {
        return Err(Refusal::Parameter("expireDt"));
    }
    fields.check_hash(&["billId", "phone", "price"])?;
    Ok(order)
}

/// The link comes for bills that were sent, too.
pub(super) fn answer_of(upstream: &Upstream, parameters: &Parameters, fields: &Parameters, bill: &Bill) -> Value {
    let mut data = parameters.echo(&ECHOED);
    data.extend(fields.echo(&["billId", "hash"]));
    let page = upstream.page(&format!("/b/{}", bill.token));
    data.insert("shortUrl".to_owned(), json!(page));
    data.into()
}
