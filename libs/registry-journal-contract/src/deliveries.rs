//! What is carried to destinations: planned once, taken on by one, remembered for a while.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::alerts::Subject;
use registry_domain::merchant::Stage;
use registry_domain::{DeliveryId, DestinationId, Seq, TenantId};
use registry_journal::port::{
    Answer, Attempt, Claim, Deliveries, Delivery, DeliveryPlan, DeliveryPosition, DeliveryQuery, DeliveryState, Matter,
    PageSize, PlannedDigest, PlannedEvent, Tally,
};
use uuid::Uuid;

use crate::Harness;
use crate::copies::copy_whole;
use crate::fixtures::World;

const THERE: DestinationId = DestinationId::from_uuid(Uuid::from_u128(1));
const ELSEWHERE: DestinationId = DestinationId::from_uuid(Uuid::from_u128(2));
const SUBJECT: Subject = Subject::Stage(Stage::InReview);

fn id(number: u128) -> DeliveryId {
    DeliveryId::from_uuid(Uuid::from_u128(number))
}

fn event(number: u128, destination: DestinationId) -> PlannedEvent {
    PlannedEvent {
        id: id(number),
        destination,
        seq: Seq(u64::try_from(number).expect("a small number")),
    }
}

fn digest(number: u128, late: u64, due_at: DateTime<Utc>) -> PlannedDigest {
    let tally = Tally {
        late,
        ..Tally::default()
    };
    PlannedDigest {
        id: id(number),
        destination: ELSEWHERE,
        subject: SUBJECT,
        tally,
        due_at,
        give_up_at: due_at + TimeDelta::days(3),
    }
}

fn plan(after: u64, until: u64, now: DateTime<Utc>) -> DeliveryPlan {
    DeliveryPlan {
        after: Seq(after),
        until: Seq(until),
        now,
        give_up_at: now + TimeDelta::days(3),
        events: Vec::new(),
        digests: Vec::new(),
    }
}

async fn all<H: Harness>(world: &World<H>, tenant: TenantId) -> Vec<Delivery> {
    let query = DeliveryQuery {
        destination: None,
        state: None,
        before: None,
        limit: PageSize::MAX,
    };
    world.storage.deliveries(tenant, &query).await.expect("an answer")
}

/// A plan is written with the cursor or not at all; a digest that is open takes what comes.
pub async fn what_is_planned_is_planned_once<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let (storage, now) = (&world.storage, world.now());
    assert_eq!(storage.delivery_cursor(tenant).await.expect("an answer"), None);
    let first = DeliveryPlan {
        events: vec![event(3, THERE), event(4, THERE)],
        digests: vec![digest(10, 2, now)],
        ..plan(0, 5, now)
    };
    assert!(storage.plan_deliveries(tenant, &first).await.expect("it is written"));
    assert!(!storage.plan_deliveries(tenant, &first).await.expect("an answer"));
    let second = DeliveryPlan {
        // Were it ever planned again, it is known.
        events: vec![event(4, THERE)],
        digests: vec![digest(11, 5, now + TimeDelta::hours(1))],
        ..plan(5, 8, now)
    };
    assert!(storage.plan_deliveries(tenant, &second).await.expect("it is written"));
    assert_eq!(storage.delivery_cursor(tenant).await.expect("an answer"), Some(Seq(8)));
    let found = all(&world, tenant).await;
    let matters: Vec<_> = found.iter().map(|it| (it.id, it.matter, it.state)).collect();
    let tally = Tally {
        late: 7,
        ..Tally::default()
    };
    assert_eq!(
        matters,
        [
            (id(10), Matter::Digest(SUBJECT, tally), DeliveryState::Open),
            (id(4), Matter::Event(Seq(4)), DeliveryState::Waiting),
            (id(3), Matter::Event(Seq(3)), DeliveryState::Waiting),
        ]
    );
    assert_eq!(found[0].next_attempt_at, Some(now), "the first says when it is due");
    assert_eq!(all(&world, other).await, []);
    assert_eq!(storage.delivery(other, id(3)).await.expect("an answer"), None);
}

/// Of two that take on the same, one gets it; a digest that is taken on takes no more.
pub async fn what_is_due_is_taken_on_by_one<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let (storage, now) = (&world.storage, world.now());
    let first = DeliveryPlan {
        events: (1..=3).map(|number| event(number, THERE)).collect(),
        digests: vec![digest(10, 2, now)],
        ..plan(0, 5, now)
    };
    assert!(storage.plan_deliveries(tenant, &first).await.expect("it is written"));
    let mut due = storage.due_deliveries(now, PageSize::MAX).await.expect("an answer");
    due.sort_unstable_by_key(|there| there.destination);
    let due: Vec<_> = due
        .iter()
        .map(|it| (it.tenant_id, it.destination, it.count, it.since))
        .collect();
    assert_eq!(due, [(tenant, THERE, 3, now), (tenant, ELSEWHERE, 1, now)]);
    let claim = |destination, now, limit| Claim {
        destination,
        now,
        until: now + TimeDelta::minutes(2),
        limit: PageSize::clamped(limit),
    };
    let open = world.harness.open().await;
    let (one, two) = (claim(THERE, now, 2), claim(THERE, now, 9));
    let (one, two) = tokio::join!(
        storage.claim_deliveries(tenant, &one),
        open.claim_deliveries(tenant, &two)
    );
    let mut taken: Vec<_> = one
        .expect("an answer")
        .into_iter()
        .chain(two.expect("an answer"))
        .collect();
    taken.sort_unstable_by_key(|it| it.id);
    assert!(taken.iter().map(|it| it.id).eq([id(1), id(2), id(3)]), "{taken:?}");
    assert!(taken.iter().all(|it| it.attempts == 1));
    let digests = storage
        .claim_deliveries(tenant, &claim(ELSEWHERE, now, 9))
        .await
        .expect("an answer");
    assert_eq!(digests[0].state, DeliveryState::Waiting);
    let second = DeliveryPlan {
        digests: vec![digest(11, 1, now)],
        ..plan(5, 6, now)
    };
    assert!(storage.plan_deliveries(tenant, &second).await.expect("it is written"));
    assert_eq!(all(&world, tenant).await.len(), 5, "what comes later is another digest");
}

/// Who died with something in hand is followed by another, and what was tried before that says nothing any more.
pub async fn the_last_attempt_says_what_became_of_it<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let (storage, now) = (&world.storage, world.now());
    let events = DeliveryPlan {
        events: vec![event(1, THERE)],
        ..plan(0, 5, now)
    };
    assert!(storage.plan_deliveries(tenant, &events).await.expect("it is written"));
    let claim = |now| Claim {
        destination: THERE,
        now,
        until: now + TimeDelta::minutes(2),
        limit: PageSize::clamped(1),
    };
    let first = storage.claim_deliveries(tenant, &claim(now)).await.expect("an answer");
    assert_eq!(first.len(), 1);
    let second = storage.claim_deliveries(tenant, &claim(now)).await.expect("an answer");
    assert_eq!(second, [], "it is in hand");
    let later = now + TimeDelta::minutes(2);
    let again = storage
        .claim_deliveries(tenant, &claim(later))
        .await
        .expect("an answer");
    assert_eq!(again[0].attempts, 2);
    let attempt = |number, state| Attempt {
        id: again[0].id,
        number,
        at: later,
        state,
        next_attempt_at: None,
        answer: Answer {
            status: Some(204),
            failure: None,
            body: Some("ok".to_owned()),
        },
    };
    let late = attempt(1, DeliveryState::Failed);
    storage.record_attempt(tenant, &late).await.expect("it is passed over");
    let known = storage
        .delivery(tenant, again[0].id)
        .await
        .expect("an answer")
        .expect("it is there");
    assert_eq!((known.state, known.attempted_at), (DeliveryState::Waiting, None));
    let done = attempt(2, DeliveryState::Delivered);
    storage.record_attempt(tenant, &done).await.expect("it is written");
    let known = storage
        .delivery(tenant, again[0].id)
        .await
        .expect("an answer")
        .expect("it is there");
    assert_eq!((known.state, known.answer), (DeliveryState::Delivered, done.answer));
    assert!(
        storage
            .has_arrived_since(tenant, THERE, later)
            .await
            .expect("an answer")
    );
    let too_late = later + TimeDelta::microseconds(1);
    assert!(
        !storage
            .has_arrived_since(tenant, THERE, too_late)
            .await
            .expect("an answer")
    );
}

/// What was tried for too long is given up, what is over can be tried again, and old things go.
pub async fn what_is_over_is_listed_and_forgotten<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let (storage, now) = (&world.storage, world.now());
    let events = DeliveryPlan {
        events: (1..=3).map(|number| event(number, THERE)).collect(),
        digests: vec![digest(10, 2, now)],
        ..plan(0, 5, now)
    };
    assert!(storage.plan_deliveries(tenant, &events).await.expect("it is written"));
    let trial = storage.add_test_delivery(tenant, event(7, ELSEWHERE), now + TimeDelta::seconds(1), now);
    trial.await.expect("it is written");
    let end = now + TimeDelta::days(3);
    let given_up = storage
        .end_deliveries(tenant, THERE, DeliveryState::Failed, Some(end))
        .await
        .expect("an answer");
    assert_eq!(given_up, Some(now));
    assert_eq!(
        storage
            .end_deliveries(tenant, THERE, DeliveryState::Failed, Some(end))
            .await
            .expect("an answer"),
        None
    );
    let mut query = DeliveryQuery {
        destination: Some(THERE),
        state: Some(DeliveryState::Failed),
        before: None,
        limit: PageSize::clamped(2),
    };
    let page = storage.deliveries(tenant, &query).await.expect("an answer");
    assert!(page.iter().map(|it| it.id).eq([id(3), id(2)]));
    query.before = page.last().map(|last| DeliveryPosition {
        created_at: last.created_at,
        id: last.id,
    });
    let page = storage.deliveries(tenant, &query).await.expect("an answer");
    assert!(page.iter().map(|it| it.id).eq([id(1)]));
    let dropped = storage
        .end_deliveries(tenant, THERE, DeliveryState::Dropped, None)
        .await;
    assert_eq!(dropped.expect("an answer"), None, "what is over stays as it is");
    let again = storage.redeliver(tenant, id(1), end, end + TimeDelta::days(3)).await;
    assert!(again.expect("an answer"));
    let open = storage.redeliver(tenant, id(10), end, end).await;
    assert!(!open.expect("an answer"), "it is open");
    storage.forget_deliveries(tenant, end).await.expect("they go");
    let left: Vec<_> = all(&world, tenant)
        .await
        .into_iter()
        .map(|it| (it.id, it.matter.as_str()))
        .collect();
    assert_eq!(left, [(id(7), "test"), (id(10), "digest"), (id(1), "event")]);
}

/// A copy goes on where the original stood: what has arrived does not come again, and what waits is not lost.
pub async fn what_is_on_its_way_moves_with_the_log<H: Harness>() {
    let (world, target) = (World::<H>::new().await, World::<H>::new().await);
    let tenant = world.tenant("acme").await;
    let (storage, now) = (&world.storage, world.now());
    let first = DeliveryPlan {
        events: vec![event(1, THERE), event(2, THERE)],
        digests: vec![digest(10, 2, now)],
        ..plan(0, 2, now)
    };
    assert!(storage.plan_deliveries(tenant, &first).await.expect("it is written"));
    let claim = |destination, limit| Claim {
        destination,
        now,
        until: now + TimeDelta::minutes(2),
        limit: PageSize::clamped(limit),
    };
    // One event arrives; the digest was sent, and nobody knows whether it arrived.
    let taken = storage
        .claim_deliveries(tenant, &claim(THERE, 1))
        .await
        .expect("an answer");
    let arrived = Attempt {
        id: taken[0].id,
        number: 1,
        at: now,
        state: DeliveryState::Delivered,
        next_attempt_at: None,
        answer: Answer::default(),
    };
    storage.record_attempt(tenant, &arrived).await.expect("it is written");
    storage
        .claim_deliveries(tenant, &claim(ELSEWHERE, 9))
        .await
        .expect("an answer");
    // Another one is open already.
    let second = DeliveryPlan {
        digests: vec![digest(11, 3, now + TimeDelta::minutes(15))],
        ..plan(2, 2, now)
    };
    assert!(storage.plan_deliveries(tenant, &second).await.expect("it is written"));

    for _ in 0..2 {
        assert!(copy_whole(&world, &target, tenant).await.expect("copied"));
        let cursor = target.storage.delivery_cursor(tenant).await.expect("an answer");
        assert_eq!(cursor, Some(Seq(2)), "nothing before it is looked through again");
        let mut found = all(&target, tenant).await;
        found.sort_unstable_by_key(|it| it.id);
        let left = if taken[0].id == id(1) { 2 } else { 1 };
        let five = Tally {
            late: 5,
            ..Tally::default()
        };
        let matters: Vec<_> = found.iter().map(|it| (it.id, it.matter, it.attempts)).collect();
        let expected = [
            (
                id(left),
                Matter::Event(Seq(u64::try_from(left).expect("a small number"))),
                0,
            ),
            (id(11), Matter::Digest(SUBJECT, five), 0),
        ];
        assert_eq!(matters, expected);
        assert_eq!(
            found[1].next_attempt_at,
            Some(now + TimeDelta::minutes(2)),
            "when it would have been tried again"
        );
    }
}
