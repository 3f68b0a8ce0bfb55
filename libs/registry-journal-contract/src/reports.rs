//! Promises about what cannot be given to a merchant.

use registry_domain::merchant::{QuarantineReason, Registration};
use registry_domain::tenant::{self, UnclaimedClaim};
use registry_domain::{MemberCode, MerchantCode, Reference, Seq, TenantId};
use registry_journal::port::{PageSize, Reader};
use registry_journal::record::StreamEvent;
use registry_journal::submission::{Order, Outcome};

use crate::Harness;
use crate::fixtures::{World, callback, claim, observation, receipt, reference, register, registration, submission};

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

/// A merchant that was registered when codes were kept as they were typed (decomposed, from a Mac) is found by what upstream
/// says of it however that is spelt; and its pair is not registered a second time.
pub async fn a_merchant_is_found_by_its_codes_however_they_are_spelt<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let (apart, whole) = ("\u{1112}\u{1161}\u{11a8}\u{110b}\u{116f}\u{11ab}", "학원");
    let recorded = Registration {
        reference: Reference {
            member_code: MemberCode::recorded(apart).expect("a code"),
            merchant_code: MerchantCode::recorded("s").expect("a code"),
        },
        ..registration("m", "s")
    };
    let id = world.merchant_id();
    world.write(register(tenant, id, recorded)).await;
    for (letter, member, status) in [("W", whole, "drafting"), ("P", apart, "in_review")] {
        let reference = Reference {
            member_code: MemberCode::reported(member).expect("a code"),
            merchant_code: MerchantCode::reported("s").expect("a code"),
        };
        let found = world.storage.merchant_by_any_spelling(tenant, &reference).await;
        assert_eq!(found.expect("rows can be read").map(|merchant| merchant.id), Some(id));
        let by_codes = Order::CallbackByCodes {
            reference,
            claim: Box::new(claim(observation(letter, ""))),
        };
        world.report(submission(tenant, by_codes)).await;
        assert_eq!(world.row(tenant, id).await.review.status().as_str(), status);
    }
    let again = world
        .submit(register(tenant, world.merchant_id(), registration(whole, "s")))
        .await;
    assert!(matches!(again, Outcome::Refused(_)), "{again:?}");
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
