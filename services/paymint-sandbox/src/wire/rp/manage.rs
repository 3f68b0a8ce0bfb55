//! `POST /rp/manage`: gives the page where a payer puts in a card.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::upstream::Upstream;
use crate::wire::envelope::Refusal;
use crate::wire::parameters::Parameters;
use crate::world::PayMethodWish;

/// The longest name of a payer, in characters. Upstream documents none.
const MEMBER_NAME_MAX: usize = 30;

pub(in crate::wire) fn answer(
    upstream: &Arc<Upstream>,
    partner: usize,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let fields = parameters.object("rp")?;
    let wish = PayMethodWish {
        phone: fields.phone()?.to_owned(),
        member_name: fields.free_text("memberName", MEMBER_NAME_MAX)?,
        page_redirect_url: fields.address("pageRedirectUrl")?,
    };
    // It is checked, and nothing is sent there: no source says that anything is.
    fields.address("callbackUrl")?;
    upstream.with_world(|world| {
        let id = parameters.mapping(world, partner)?;
        let method = world.manage_pay_method(id, wish);
        let method = method.map_err(|denied| parameters.refusal(denied))?;
        let mut data = parameters.echo(&["apiKey"]);
        data.insert("url".to_owned(), json!(upstream.page(&format!("/rp/{}", method.token))));
        data.insert("rpKey".to_owned(), json!(method.key));
        Ok(data.into())
    })
}
