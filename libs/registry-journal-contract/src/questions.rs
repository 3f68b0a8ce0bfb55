//! Promises about when upstream is asked.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::{Command, QuestionPlan};
use registry_domain::{MerchantId, TenantId, Version};
use registry_journal::port::{DueQuestion, PageSize, Postponement, Reader, Worklist};

use crate::Harness;
use crate::callbacks::{approval, received};
use crate::fixtures::{World, callback, command, receipt};

async fn due<H: Harness>(world: &World<H>, tenant: TenantId, until: DateTime<Utc>) -> Vec<DueQuestion> {
    let due = world.storage.due_questions(tenant, until, PageSize::MAX).await;
    due.expect("questions can be read")
}

async fn version<H: Harness>(world: &World<H>, tenant: TenantId, merchant: MerchantId) -> Version {
    let merchant = world.storage.merchant(tenant, merchant).await.expect("it can be read");
    merchant.expect("it is there").version
}

async fn planned<H: Harness>(world: &World<H>, tenant: TenantId, merchant: MerchantId) -> Option<DateTime<Utc>> {
    let all = due(world, tenant, world.now() + TimeDelta::days(365)).await;
    let question = all.into_iter().find(|question| question.merchant_id == merchant);
    question.map(|question| question.ask_at)
}

async fn put_off<H: Harness>(world: &World<H>, tenant: TenantId, merchant: MerchantId, was: DateTime<Utc>) {
    let next = was + TimeDelta::hours(6);
    let question = Postponement {
        merchant_id: merchant,
        version: version(world, tenant, merchant).await,
        was,
        next,
    };
    let done = world.storage.postpone_questions(tenant, &[question]).await;
    done.expect("questions can be put off");
}

/// Upstream is asked about whoever it may know, some time after the last change; and about nobody else.
pub async fn questions_follow_changes<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let first = QuestionPlan::default().first;
    let merchant = world.merchant(tenant, "m", "s").await;
    assert_eq!(planned(&world, tenant, merchant).await, None, "upstream cannot know it");
    let linked = world.linked(tenant, "m", "linked").await;
    assert_eq!(planned(&world, tenant, linked).await, Some(world.now() + first));
    world.clock.advance(1_000);
    // By a tenant's URL a callback can come without a link of ours.
    world.report(callback(tenant, merchant, "P", "")).await;
    let at = world.now() + first;
    assert_eq!(planned(&world, tenant, merchant).await, Some(at));
    let ids = |due: Vec<DueQuestion>| due.into_iter().map(|it| it.merchant_id).collect::<Vec<_>>();
    assert_eq!(
        ids(due(&world, tenant, at).await),
        [linked, merchant],
        "by when they are due"
    );
    assert_eq!(
        ids(due(&world, tenant, at - TimeDelta::microseconds(1)).await),
        [linked]
    );
    let one = world.storage.due_questions(tenant, at, PageSize::clamped(1)).await;
    assert_eq!(ids(one.expect("questions")), [linked]);
    assert_eq!(due(&world, other, at).await, []);
    world.write(command(tenant, linked, Command::Archive)).await;
    assert_eq!(planned(&world, tenant, linked).await, None);
    world.write(command(tenant, linked, Command::Restore)).await;
    assert_eq!(planned(&world, tenant, linked).await, Some(world.now() + first));
    let counts = world.storage.question_counts(tenant, at).await.expect("counts");
    assert_eq!(
        (counts.due, counts.oldest_due_at, counts.open_confirmations),
        (2, Some(at), 0)
    );
}

/// A question that was put off stays where it was put, whatever comes that changes nothing. A change wants it sooner, never
/// later, however many there are; and whoever has not seen the last of them cannot put it off.
pub async fn a_question_is_put_off_once<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.linked(tenant, "m", "s").await;
    world.report(callback(tenant, merchant, "P", "")).await;
    let at = planned(&world, tenant, merchant).await.expect("it is planned");
    put_off(&world, tenant, merchant, at).await;
    let later = Some(at + TimeDelta::hours(6));
    assert_eq!(planned(&world, tenant, merchant).await, later);
    put_off(&world, tenant, merchant, at).await;
    assert_eq!(
        planned(&world, tenant, merchant).await,
        later,
        "it is not due when it was"
    );
    world.clock.advance(60_000);
    world.report(callback(tenant, merchant, "P", "")).await;
    world
        .report(received(tenant, merchant, approval(Some("b"), None, "F")))
        .await;
    assert_eq!(planned(&world, tenant, merchant).await, later, "nothing has changed");
    world.report(callback(tenant, merchant, "S", "")).await;
    let anew = world.now() + QuestionPlan::default().first;
    assert_eq!(planned(&world, tenant, merchant).await, Some(anew));
    put_off(&world, tenant, merchant, at + TimeDelta::hours(6)).await;
    assert_eq!(planned(&world, tenant, merchant).await, Some(anew));
    let seen = version(&world, tenant, merchant).await;
    for number in 0..5 {
        world.clock.advance(60_000);
        world.report(callback(tenant, merchant, "S", &number.to_string())).await;
        assert_eq!(
            planned(&world, tenant, merchant).await,
            Some(anew),
            "a change does not put it off"
        );
    }
    let blind = Postponement {
        merchant_id: merchant,
        version: seen,
        was: anew,
        next: anew + TimeDelta::hours(6),
    };
    let done = world.storage.postpone_questions(tenant, &[blind]).await;
    done.expect("questions can be put off");
    assert_eq!(
        planned(&world, tenant, merchant).await,
        Some(anew),
        "there is news to ask about"
    );
    world.clock.advance(-3_600_000);
    world.report(callback(tenant, merchant, "O", "")).await;
    assert_eq!(
        planned(&world, tenant, merchant).await,
        Some(world.now()),
        "an opening is asked about at once, by the clock and not by the log's time"
    );
}

/// About a doubtful claim upstream is asked at once, and first; it is counted until it is settled.
pub async fn doubtful_claims_come_first<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let (old, doubtful) = (
        world.linked(tenant, "m", "old").await,
        world.linked(tenant, "m", "doubtful").await,
    );
    world.report(callback(tenant, doubtful, "O", "")).await;
    world.clock.advance(3_600_000);
    world.report(callback(tenant, doubtful, "P", "")).await;
    let since = world.now();
    let asked = due(&world, tenant, since).await;
    let places: Vec<_> = asked.iter().map(|it| (it.merchant_id, it.confirming_since)).collect();
    // The hold counts from when the claim came, by the clock: the log's time may lie ahead.
    let came = receipt(b"").received_at;
    assert_eq!(places, [(doubtful, Some(came)), (old, None)]);
    assert_eq!(asked[0].ask_at, came, "since it was opened");
    let waiting = async |until| {
        let found = world.storage.open_confirmations(tenant, until, PageSize::MAX).await;
        found.expect("confirmations can be read")
    };
    assert_eq!(waiting(came).await, [doubtful]);
    assert_eq!(waiting(came - TimeDelta::seconds(1)).await, []);
    let held = async || {
        let counts = world.storage.question_counts(tenant, since).await;
        counts.expect("counts").open_confirmations
    };
    assert_eq!(held().await, 1);
    world
        .write(command(
            tenant,
            doubtful,
            Command::ReleaseHold { requested_until: since },
        ))
        .await;
    assert_eq!((waiting(since).await, held().await), (vec![], 0));
    assert_eq!(
        planned(&world, tenant, doubtful).await,
        Some(came),
        "nobody has asked yet"
    );
}
