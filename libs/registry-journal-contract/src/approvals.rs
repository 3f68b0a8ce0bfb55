//! Promises about payment approvals.

use registry_domain::merchant::{Approval, Claim, ClaimBody};
use registry_domain::{FreeText, Version};
use registry_journal::port::{PageSize, Reader};

use crate::Harness;
use crate::callbacks::{approval, received};
use crate::fixtures::{World, queued, written};

/// An approval that comes again is known, also within one batch. Another state or price, another merchant or another tenant
/// makes it another one; what names nothing, or could not be read whole, is never known.
pub async fn a_repeated_approval_is_known<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let merchant = world.merchant(tenant, "m", "s").await;
    let second = world.merchant(tenant, "m", "t").await;
    let elsewhere = world.merchant(other, "m", "s").await;
    let paid = || approval(Some("b-1"), Some("n-1"), "F");
    let wave = [
        queued(&world.writer, received(tenant, merchant, paid())),
        queued(&world.writer, received(tenant, merchant, paid())),
    ];
    for answer in wave {
        let _written = written(answer.await.expect("storage takes it"));
    }
    for (tenant, merchant, claim) in [
        (tenant, merchant, paid()),
        (tenant, merchant, approval(Some("b-1"), Some("n-1"), "C")),
        (tenant, merchant, approval(Some("b-1n"), Some("-1"), "F")),
        (tenant, merchant, approval(None, None, "F")),
        (tenant, merchant, approval(None, None, "F")),
        (tenant, merchant, priced(paid(), "16000")),
        (tenant, merchant, approval(Some("b\u{fffd}"), None, "F")),
        (tenant, merchant, approval(Some("b\u{fffd}"), None, "F")),
        (tenant, second, paid()),
        (other, elsewhere, paid()),
    ] {
        world.report(received(tenant, merchant, claim)).await;
    }
    let types = |rows: Vec<registry_journal::EventRow>| rows.into_iter().map(|row| row.event_type).collect::<Vec<_>>();
    let log = world.log(tenant).await.into_iter();
    let of_merchant = log.filter(|row| row.stream.merchant_id() == Some(merchant));
    let expected = [
        "merchant.registered",
        "payment.approved",
        "callback.received",
        "callback.received",
        "payment.approved",
        "payment.approved",
        "payment.approved",
        "payment.approved",
        "payment.approved",
        "payment.approved",
        "payment.approved",
    ];
    assert_eq!(types(of_merchant.collect()), expected);
    let listed = world.archive().approvals(tenant, merchant, None, PageSize::MAX).await;
    let versions: Vec<_> = listed.expect("a list").iter().map(|it| it.stamp.version.0).collect();
    assert_eq!(versions, [11, 10, 9, 8, 7, 6, 5, 2], "the newest first");
    let page = world
        .archive()
        .approvals(tenant, merchant, Some(Version(6)), PageSize::clamped(1))
        .await;
    let page: Vec<_> = page.expect("a page").iter().map(|it| it.stamp.version).collect();
    assert_eq!(page, [Version(5)]);
    for (tenant, merchant, count) in [(tenant, second, 1), (other, elsewhere, 1), (other, merchant, 0)] {
        let listed = world.archive().approvals(tenant, merchant, None, PageSize::MAX).await;
        assert_eq!(listed.expect("a list").len(), count);
    }
    let projected = world.storage.projected(tenant, &[merchant]).await.expect("rows");
    let identities = projected[&merchant].approvals.iter().map(|it| it.identity);
    assert_eq!(identities.flatten().count(), 4);
}

/// The same, with another price.
fn priced(claim: Claim, price: &str) -> Claim {
    let ClaimBody::Approval(approval) = claim.body else {
        panic!("an approval");
    };
    let approval = Approval {
        price: Some(FreeText::from_untrusted(price)),
        ..approval
    };
    Claim {
        body: ClaimBody::Approval(approval),
        ..claim
    }
}
