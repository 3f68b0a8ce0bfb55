//! Promises about what cannot be given to a merchant.

use registry_domain::merchant::QuarantineReason;
use registry_domain::tenant::{self, UnclaimedClaim};
use registry_domain::{Seq, TenantId};

use super::Harness;
use super::fixtures::{World, callback, claim, observation, receipt, reference, register, registration, submission};
use crate::port::PageSize;
use crate::record::StreamEvent;
use crate::submission::{Order, Outcome};

/// A callback for a merchant that does not exist, for a pair that was never registered, or for nobody at all is kept
/// in the tenant's own stream.
pub async fn unclaimed_callbacks_land_in_the_tenants_stream<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    world.report(callback(tenant, world.merchant_id(), "P", "")).await;
    let by_codes = Order::CallbackByCodes {
        reference: reference("m", "s"),
        claim: Box::new(claim(observation("P", ""))),
    };
    world.report(submission(tenant, by_codes)).await;
    let why = UnclaimedClaim::Unusable(QuarantineReason::Unparseable);
    let unusable = tenant::Command::ReceiveUnclaimed(Box::new(receipt(b"{")), why);
    world.report(submission(tenant, Order::Tenant(unusable))).await;
    let log = world.archive().events_after(tenant, Seq(1), PageSize::MAX).await;
    let told: Vec<_> = log
        .expect("the log opens")
        .into_iter()
        .map(|recorded| match recorded.event {
            StreamEvent::Tenant(tenant::Event::CallbackQuarantined { reason, .. }) => reason.as_str(),
            StreamEvent::Tenant(tenant::Event::UnclaimedMerchantSeen { .. }) => "unclaimed",
            StreamEvent::Tenant(_) | StreamEvent::Merchant(_) => "something else",
        })
        .collect();
    assert_eq!(told, ["no_such_merchant", "unclaimed", "unparseable"]);
    world.expect_sound(tenant, 4).await;
}

/// Nothing is written for a tenant that does not exist.
pub async fn an_unknown_tenant_is_refused<H: Harness>() {
    let world = World::<H>::new().await;
    let nobody = TenantId::from_uuid(world.link_id().as_uuid());
    let refused = Outcome::TenantRefused(tenant::Refusal::NoSuchTenant);
    let id = world.merchant_id();
    for one in [
        register(nobody, id, registration("m", "s")),
        callback(nobody, id, "P", ""),
        submission(nobody, Order::Tenant(tenant::Command::Suspend)),
    ] {
        assert_eq!(world.submit(one).await, refused);
    }
    assert_eq!(world.log(nobody).await, vec![]);
}
