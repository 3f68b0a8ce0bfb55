//! What happens to the bill of a call at the same time, as far as faults want it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::clock;
use crate::faults::Beforehand;
use crate::upstream::Upstream;
use crate::world::{Bill, BillDenied, World};

/// How long an answer waits for the approval that is to come first.
const APPROVAL_PATIENCE: Duration = Duration::from_secs(15);

/// Has somebody else be faster than the call. If there is no bill or nothing can be done to it, the call comes first after all.
pub(super) fn before(upstream: &Arc<Upstream>, body: &[u8], beforehand: Beforehand) {
    let now = clock::now();
    let done = upstream.with_world(|world| {
        let bill = named_bill(upstream, world, body).ok_or(BillDenied::NotFound)?;
        let (number, price) = (bill.number, bill.order.price);
        match beforehand {
            Beforehand::Paid => world.pay_bill(number, None, None, now),
            Beforehand::Destroyed => world.destroy_bill(number, price),
            Beforehand::Cancelled => {
                let is_told = world.rules().cancels_told;
                world.cancel_bill(number, price, None, is_told, now).map(|_bill| ())
            }
        }
    });
    if let Err(error) = done {
        tracing::debug!(%error, ?beforehand, "nothing happened before the call");
    }
}

/// Waits until the approval of the call's bill was sent and answered; a bill that waits is paid for it.
pub(super) async fn approval_first(upstream: &Arc<Upstream>, body: &[u8]) {
    let mapping = upstream.with_world(|world| {
        let bill = named_bill(upstream, world, body)?;
        let (number, mapping) = (bill.number, bill.mapping);
        // What was paid by the call itself, or cannot be paid, needs no payer.
        let _ = world.pay_bill(number, None, None, clock::now());
        Some(mapping)
    });
    let Some(mapping) = mapping else { return };
    upstream.wait_until_sent(mapping, APPROVAL_PATIENCE).await;
}

fn named_bill<'world>(upstream: &Upstream, world: &'world World, body: &[u8]) -> Option<&'world Bill> {
    let call: Value = serde_json::from_slice(body).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let partner = upstream.partner(call["apiKey"].as_str()?)?;
    let mapping = world.by_codes(partner, &text(&call["member"])?, &text(&call["merchant"])?)?;
    world.bill_of(mapping.id, call["bill"]["billId"].as_str()?).ok()
}
