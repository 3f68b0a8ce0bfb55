//! `POST /auth/mapping`: issues the page where a sub-merchant registers itself.

use std::sync::Arc;

use serde_json::{Value, json};

use super::envelope::Refusal;
use super::parameters::Parameters;
use crate::upstream::Upstream;
use crate::world::Issue;

/// The longest code of this call (official page of the call; other calls have 60).
const CODE_MAX_CHARACTERS: usize = 30;

/// The longest URL that is taken, in bytes. Upstream documents none.
const URL_MAX_BYTES: usize = 255;

pub(super) fn answer(upstream: &Arc<Upstream>, partner: usize, parameters: &Parameters) -> Result<Value, Refusal> {
    let issue = Issue {
        partner,
        member_code: parameters.code("memberId", CODE_MAX_CHARACTERS)?,
        merchant_code: parameters.code("merchantId", CODE_MAX_CHARACTERS)?,
        business_number: business_number(parameters)?,
        callback_url: parameters
            .web_address("callbackUrl", URL_MAX_BYTES)?
            .ok_or(Refusal::Parameter("callbackUrl"))?,
        redirect_url: parameters.web_address("redirectUrl", URL_MAX_BYTES)?,
    };
    let token = upstream.with_world(|world| world.issue(issue).map(|mapping| mapping.token.clone()));
    let token = token.map_err(|_| Refusal::Full)?;
    Ok(json!({ "url": upstream.page(&format!("/register/{token}")) }))
}

/// Ten digits. Whether they check is left to the person who fills in the page.
fn business_number(parameters: &Parameters) -> Result<Option<String>, Refusal> {
    let Some(number) = parameters.text("businessNumber")? else {
        return Ok(None);
    };
    let is_number = number.len() == 10 && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        Ok(Some(number.to_owned()))
    } else {
        Err(Refusal::Parameter("businessNumber"))
    }
}
