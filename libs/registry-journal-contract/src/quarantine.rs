//! Promises about callbacks that could not be used.

use registry_domain::merchant::{Command, QuarantineReason, Refusal};
use registry_domain::tenant;
use registry_domain::{EventId, MerchantId, Seq, TenantId};
use registry_journal::port::{PageSize, QuarantineQuery, QuarantineState, Worklist};
use registry_journal::submission::{Order, Outcome};

use crate::Harness;
use crate::callbacks::{all, by_codes, discarded, of_nobody, received, redrive, redriven, unusable};
use crate::fixtures::{World, claim, command, label, observation, queued, reference, submission, written};

/// One callback of each kind: two in a merchant's stream, two in the tenant's.
async fn some<H: Harness>(world: &World<H>, tenant: TenantId) -> (MerchantId, Vec<EventId>) {
    let merchant = world.merchant(tenant, "m", "s").await;
    let mut events = Vec::new();
    for submission in [
        received(tenant, merchant, unusable(QuarantineReason::Unparseable)),
        of_nobody(tenant, QuarantineReason::UnknownShape),
        by_codes(tenant, reference("m", "nobody")),
        received(tenant, merchant, unusable(QuarantineReason::Unparseable)),
    ] {
        world.clock.advance(1_000);
        events.extend(world.report(submission).await.event_ids);
    }
    (merchant, events)
}

async fn ids<H: Harness>(world: &World<H>, tenant: TenantId, query: &QuarantineQuery) -> Vec<EventId> {
    let rows = world.quarantine(tenant, query).await;
    rows.into_iter().map(|row| row.event_id).collect()
}

/// What could not be used is listed in the order of the log, by page and by filter, and counted by reason.
pub async fn what_cannot_be_used_is_listed<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let (merchant, events) = some(&world, tenant).await;
    some(&world, other).await;
    let rows = world.quarantine(tenant, &all()).await;
    let log = world.log(tenant).await;
    for (row, event_id) in rows.iter().zip(&events) {
        let event = log.iter().find(|event| event.event_id == *event_id).expect("an event");
        assert_eq!(
            (row.event_id, row.seq, row.stream, row.version),
            (*event_id, event.seq, event.stream, event.version)
        );
        assert_eq!(
            (row.tenant_id, row.state, row.settled_by),
            (tenant, QuarantineState::Open, None)
        );
    }
    let reasons: Vec<_> = rows.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["unparseable", "unknown_shape", "unknown_merchant", "unparseable"]
    );
    assert_eq!(rows[2].reference, Some(reference("m", "nobody")));
    let with = |change: fn(&mut QuarantineQuery)| {
        let mut query = all();
        change(&mut query);
        query
    };
    let of_merchant = QuarantineQuery {
        merchant: Some(merchant),
        ..all()
    };
    let second_page = QuarantineQuery {
        after: rows[1].seq,
        limit: PageSize::clamped(1),
        ..all()
    };
    for (query, expected) in [
        (of_merchant, vec![events[0], events[3]]),
        (second_page, vec![events[2]]),
        (
            with(|query| query.reasons = vec![QuarantineReason::UnknownShape, QuarantineReason::LinkRevoked]),
            vec![events[1]],
        ),
        (
            with(|query| query.reference = Some(reference("m", "nobody"))),
            vec![events[2]],
        ),
        (with(|query| query.reference = Some(reference("m", "s"))), vec![]),
        (with(|query| query.state = Some(QuarantineState::Open)), events.clone()),
        (with(|query| query.state = Some(QuarantineState::Redriven)), vec![]),
        (with(|query| query.after = Seq(10_000)), vec![]),
    ] {
        assert_eq!(ids(&world, tenant, &query).await, expected, "{query:?}");
    }
    let counted = world.storage.quarantine_counts(tenant).await.expect("counts");
    let mut counted: Vec<_> = counted.iter().map(|it| (it.reason.as_str(), it.count)).collect();
    counted.sort_unstable();
    assert_eq!(
        counted,
        [("unknown_merchant", 1), ("unknown_shape", 1), ("unparseable", 2)]
    );
    let of_other = world.storage.quarantined(other, events[0]).await;
    assert_eq!(of_other.expect("an answer"), None, "another tenant's is nobody's");
}

/// A callback is settled once: driven again or given up, whoever comes second finds it settled; also within one batch,
/// and whatever whoever asks believes of it.
pub async fn a_callback_is_settled_once<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let (merchant, events) = some(&world, tenant).await;
    let elsewhere = world.merchant(tenant, "m", "elsewhere").await;
    let refused = Outcome::Refused(Refusal::NotQuarantined);
    for nothing in [
        discarded(tenant, elsewhere, events[0]),
        discarded(tenant, merchant, EventId::from_uuid(world.link_id().as_uuid())),
    ] {
        assert_eq!(world.submit(nothing).await, refused);
    }
    let wave = [
        queued(&world.writer, redriven(tenant, merchant, events[0], "P")),
        queued(&world.writer, redriven(tenant, elsewhere, events[0], "P")),
        queued(&world.writer, discarded(tenant, merchant, events[0])),
    ];
    let mut answers = Vec::new();
    for answer in wave {
        answers.push(written(answer.await.expect("storage takes it")).event_ids);
    }
    assert!(
        !answers[0].is_empty() && answers[1].is_empty() && answers[2].is_empty(),
        "{answers:?}"
    );
    let settled = (QuarantineState::Redriven, Some(answers[0][0]));
    assert_eq!(world.standing(tenant, events[0]).await, settled);

    let given_up = world.write(discarded(tenant, merchant, events[3])).await.event_ids;
    let again = world.write(redriven(tenant, merchant, events[3], "S")).await.event_ids;
    assert_eq!((given_up.len(), again), (1, vec![]));
    let settled = (QuarantineState::Discarded, Some(given_up[0]));
    assert_eq!(world.standing(tenant, events[3]).await, settled);
    let open = QuarantineQuery {
        state: Some(QuarantineState::Open),
        ..all()
    };
    assert_eq!(ids(&world, tenant, &open).await, events[1..3]);
}

/// A callback of the tenant's stream is driven again for whoever has its codes now, and given up in the tenant's stream.
/// One that still cannot be used for the same reason stays; for another reason it is told anew.
pub async fn callbacks_of_the_tenant_are_settled_too<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let (merchant, events) = some(&world, tenant).await;
    let again = |pair: &str| {
        let order = Order::RedriveByCodes {
            reference: reference("m", pair),
            claim: Box::new(claim(observation("P", ""))),
            redrive: redrive(events[1], false),
        };
        submission(tenant, order)
    };
    assert_eq!(world.write(again("unheard-of")).await.event_ids, []);
    assert_eq!(world.standing(tenant, events[1]).await, (QuarantineState::Open, None));
    let done = world.write(again("s")).await.event_ids;
    let settled = (QuarantineState::Redriven, Some(done[0]));
    assert_eq!(world.standing(tenant, events[1]).await, settled);
    assert_eq!(world.row(tenant, merchant).await.review.status().as_str(), "in_review");

    let discard = tenant::Command::DiscardCallback {
        event_id: events[2],
        reason: label("시험"),
    };
    let done = world.write(submission(tenant, Order::Tenant(discard))).await.event_ids;
    let settled = (QuarantineState::Discarded, Some(done[0]));
    assert_eq!(world.standing(tenant, events[2]).await, settled);

    let still = |reason| {
        let command_ = Command::RedriveCallback(Box::new(unusable(reason)), redrive(events[0], false));
        command(tenant, merchant, command_)
    };
    let same = world.write(still(QuarantineReason::Unparseable)).await.event_ids;
    assert_eq!(
        (same, world.standing(tenant, events[0]).await.0),
        (vec![], QuarantineState::Open)
    );
    let other = world.write(still(QuarantineReason::WrongType)).await.event_ids;
    let settled = (QuarantineState::Redriven, Some(other[0]));
    assert_eq!(world.standing(tenant, events[0]).await, settled);
    assert_eq!(world.standing(tenant, other[0]).await, (QuarantineState::Open, None));
}
