//! The calls about cash receipts.

pub(super) mod cancel;
pub(super) mod issue;
pub(super) mod read;

use super::envelope::Refusal;
use super::parameters::Parameters;
use crate::world::Trader;

/// What the answers about receipts repeat of the call.
const ECHOED: [&str; 3] = ["apiKey", "member", "merchant"];

fn trader(fields: &Parameters) -> Result<Trader, Refusal> {
    Trader::from_digit(fields.required("trader")?).ok_or(Refusal::Parameter("trader"))
}
