//! Promises about pairs of which upstream speaks although nobody has registered them, and about how callbacks arrive.

use registry_domain::review::MappingStatus;
use registry_domain::tenant::{self, SilentLinks, UnclaimedResolution};
use registry_domain::{Actor, CorrelationId, EventId, UnclaimedId};
use registry_journal::port::{PageSize, QuarantineState, UnclaimedQuery, UnclaimedState, Worklist};
use registry_journal::submission::{Order, Origin, Outcome, Submission};

use crate::Harness;
use crate::callbacks::{REDRIVEN_SEQ, all, by_codes, listed, redriven, resolved};
use crate::fixtures::{
    World, callback, label, queued, reference, register, registration, submission, with_key, written,
};

/// A pair is told of once however often upstream speaks of it; every callback that names it is counted.
pub async fn a_pair_is_told_of_once<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    world.merchant(tenant, "m", "ours").await;
    let pair = || reference("m", "s");
    let wave = [
        queued(&world.writer, by_codes(tenant, pair())),
        queued(&world.writer, by_codes(tenant, pair())),
        queued(&world.writer, listed(tenant, pair())),
        queued(&world.writer, listed(tenant, reference("m", "ours"))),
        queued(&world.writer, listed(tenant, reference("a", "listed"))),
        queued(&world.writer, listed(tenant, reference("a", "listed"))),
    ];
    let mut told = Vec::new();
    for answer in wave {
        told.push(written(answer.await.expect("storage takes it")).event_ids);
    }
    let counts: Vec<_> = told.iter().map(Vec::len).collect();
    assert_eq!(counts, [1, 1, 0, 0, 1, 0]);
    let first_seen = world.now();
    world.clock.advance(60_000);
    world.report(by_codes(tenant, pair())).await;
    assert_eq!(world.write(listed(tenant, pair())).await.event_ids, []);

    let rows = world.pairs(tenant).await;
    let id = |event: EventId| UnclaimedId::from_uuid(event.as_uuid());
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.id, row.reference.clone(), row.callbacks, row.listed, row.state))
        .collect();
    let expected = [
        (id(told[0][0]), pair(), 3, false, UnclaimedState::Open),
        (id(told[4][0]), reference("a", "listed"), 0, true, UnclaimedState::Open),
    ];
    assert_eq!(shown, expected);
    assert_eq!((rows[0].first_seen_at, rows[0].last_seen_at), (first_seen, world.now()));
    assert_eq!(
        rows[1].mapping_status.as_ref().map(MappingStatus::as_str),
        Some("COMPLETED")
    );
    let page = UnclaimedQuery {
        state: Some(UnclaimedState::Open),
        after: Some(rows[0].id),
        limit: PageSize::MAX,
    };
    let page = world.storage.unclaimed_merchants(tenant, &page).await.expect("a page");
    assert_eq!(page, rows[1..]);
    let one = world.storage.unclaimed_merchant(tenant, rows[1].id).await;
    assert_eq!(one.expect("an answer").as_ref(), Some(&rows[1]));
    let of_other = world.storage.unclaimed_merchant(other, rows[1].id).await;
    assert_eq!(of_other.expect("an answer"), None);
}

/// Whoever registers a pair has adopted it. One that is registered already is adopted as what it is, and once.
pub async fn a_pair_is_adopted_once<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    world.report(by_codes(tenant, reference("m", "s"))).await;
    world.report(by_codes(tenant, reference("m", "late"))).await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let adopted = &world.pairs(tenant).await[0];
    assert_eq!(
        (adopted.state, adopted.merchant_id),
        (UnclaimedState::Adopted, Some(merchant))
    );
    let log = world.log(tenant).await;
    assert_eq!(adopted.settled_by, log.last().map(|row| row.event_id));
    // What came for it still waits: only whoever can read it drives it again.
    let waiting = world.quarantine(tenant, &all()).await;
    let waiting = waiting
        .iter()
        .find(|row| row.reference == Some(reference("m", "s")))
        .expect("a row");
    assert_eq!(waiting.state, QuarantineState::Open);
    world.write(redriven(tenant, merchant, waiting.event_id, "P")).await;
    assert_eq!(
        world.standing(tenant, waiting.event_id).await.0,
        QuarantineState::Redriven
    );

    let adopt = |shop: &str| -> Submission {
        let registration = Box::new(registration("m", shop));
        let merchant_id = world.merchant_id();
        submission(
            tenant,
            Order::Adopt {
                merchant_id,
                registration,
            },
        )
    };
    let refused = Outcome::TenantRefused(tenant::Refusal::NoSuchUnclaimed);
    assert_eq!(world.submit(adopt("unheard-of")).await, refused);
    let again = world.write(with_key(adopt("s"), "key", 1)).await;
    assert_eq!(
        (again.event_ids.len(), again.merchant.map(|it| it.id)),
        (0, Some(merchant))
    );
    let key = world.submit(with_key(adopt("s"), "key", 1)).await;
    assert!(matches!(key, Outcome::Replayed(replay) if replay.merchant_id == merchant));
    let late = world.write(adopt("late")).await;
    assert_eq!(late.event_ids.len(), 2, "registered and adopted");
    let rows = world.pairs(tenant).await;
    assert_eq!(rows[1].merchant_id, late.merchant.map(|it| it.id));
}

/// A pair that is dismissed takes its callbacks with it, those that come later too; it is told of no more.
pub async fn a_dismissed_pair_stays_dismissed<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let pair = || reference("m", "s");
    let dismiss = || resolved(tenant, pair(), UnclaimedResolution::Dismissed(label("모르는 매장")));
    let refused = Outcome::TenantRefused(tenant::Refusal::NoSuchUnclaimed);
    assert_eq!(world.submit(dismiss()).await, refused);
    let before = world.report(by_codes(tenant, pair())).await.event_ids[0];
    let bystander = world.report(by_codes(tenant, reference("m", "other"))).await.event_ids[0];
    let wave = [
        queued(&world.writer, dismiss()),
        queued(&world.writer, by_codes(tenant, pair())),
        queued(&world.writer, dismiss()),
    ];
    let mut events = Vec::new();
    for answer in wave {
        events.push(written(answer.await.expect("storage takes it")).event_ids);
    }
    assert_eq!(events[2], []);
    let after = world.report(by_codes(tenant, pair())).await.event_ids[0];
    let settled = (QuarantineState::Discarded, Some(events[0][0]));
    for callback in [before, events[1][0], after] {
        assert_eq!(world.standing(tenant, callback).await, settled);
    }
    assert_eq!(world.standing(tenant, bystander).await, (QuarantineState::Open, None));
    assert_eq!(world.write(listed(tenant, pair())).await.event_ids, []);
    let row = &world.pairs(tenant).await[0];
    assert_eq!(
        (row.state, row.callbacks, row.settled_by),
        (UnclaimedState::Dismissed, 3, settled.1)
    );
}

/// Links that upstream is silent about are told, and how many changes came by themselves.
pub async fn the_health_of_a_tenant_is_told<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let silent = async || world.storage.silent_links(tenant).await.expect("an answer");
    assert_eq!(silent().await, None);
    let merchant = world.linked(tenant, "m", "s").await;
    let since = world.now();
    world.clock.advance(1_000);
    world.linked(tenant, "m", "t").await;
    assert_eq!(silent().await, Some(SilentLinks { since, links: 2 }));
    world.clock.advance(1_000);
    world.report(callback(tenant, merchant, "W", "")).await;
    let called = world.now();
    assert_eq!(silent().await, None);
    let nobody = world.report(by_codes(tenant, reference("m", "nobody"))).await.event_ids[0];
    world.clock.advance(1_000);
    world.linked(tenant, "m", "u").await;
    // Driven again, it comes no second time.
    world.write(redriven(tenant, merchant, nobody, "P")).await;
    assert_eq!(silent().await.map(|it| it.links), Some(1));
    world.report(callback(tenant, merchant, "O", "")).await;
    world.report(callback(tenant, merchant, "S", "")).await;
    let health = world.storage.tenant_health(tenant).await.expect("an answer");
    assert_eq!(health.last_callback_at, Some(world.now()));
    assert_ne!(health.last_callback_at, Some(called));
    assert_eq!((health.changes_by_callback, health.changes_by_reading), (3, 0));
    assert_eq!((health.open_quarantine, health.unclaimed, health.held), (0, 1, 1));
    // A claim that is held was told, also if it takes an answer to believe it.
    world.answer(tenant, "s", "S").await;
    let health = world.storage.tenant_health(tenant).await.expect("an answer");
    assert_eq!((health.changes_by_callback, health.changes_by_reading), (4, 0));
    assert_eq!(health.held, 0);
    world
        .write(register(tenant, world.merchant_id(), registration("m", "healed")))
        .await;
    world.answer(tenant, "healed", "P").await;
    let health = world.storage.tenant_health(tenant).await.expect("an answer");
    assert_eq!((health.changes_by_callback, health.changes_by_reading), (4, 1));
    let of_other = world.storage.tenant_health(other).await.expect("an answer");
    assert_eq!(of_other, registry_journal::port::TenantHealth::default());
}

impl<H: Harness> World<H> {
    /// Upstream is asked about a merchant of the member `m`, and tells a letter.
    async fn answer(&self, tenant: registry_domain::TenantId, shop: &str, letter: &str) {
        use registry_domain::merchant::{Answer, Command, Reading};
        use registry_journal::port::Reader;
        let found = self.storage.merchant_by_reference(tenant, &reference("m", shop)).await;
        let found = found.expect("an answer").expect("it is registered");
        let reading = Reading {
            source: registry_domain::review::ReadingSource::Reconciliation,
            // Behind the callback too that was driven again.
            asked_seq: REDRIVEN_SEQ.max(found.seq),
            asked_at: self.now(),
            read_at: self.now(),
            answer: Answer::Found {
                observation: Box::new(crate::fixtures::observation(letter, "")),
                mapping_status: None,
            },
        };
        let told = crate::fixtures::command(tenant, found.id, Command::RecordReading(Box::new(reading)));
        let correlation_id = CorrelationId::from_uuid(found.id.as_uuid());
        let origin = Origin::of(Actor::System, correlation_id);
        self.write(Submission { origin, ..told }).await;
    }
}
