//! Promises about what is projected: it is the fold of the log, it can be folded anew, and it can be moved.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use registry_domain::merchant::{Command, QuarantineReason};
use registry_domain::tenant::UnclaimedResolution;
use registry_domain::{MerchantId, Seq, TenantId, Version};
use registry_journal::ambient::Ambient;
use registry_journal::port::{
    AuditEntry, AuditFilter, MerchantFilter, PageSize, ProjectedMerchant, PublishCursor, QuarantineRow, Reader,
    UnclaimedRow,
};
use registry_journal::submission::Outcome;
use registry_maintenance::copy::{Copy, CopyError};
use registry_maintenance::rebuild::{Difference, Mode, Rebuild, Report};

use tokio_util::sync::CancellationToken;

use crate::audit::done;
use crate::callbacks::{all, approval, by_codes, discarded, of_nobody, received, redriven, resolved, unusable};
use crate::fixtures::{World, by_operator, callback, command, label, reference, register, registration, with_key};
use crate::{Damage, Harness};

fn rebuild<H: Harness>(world: &World<H>) -> Rebuild {
    let parts = world.parts(world.storage.clone(), 2);
    Rebuild {
        archive: world.archive(),
        journal: parts.journal,
        ambient: parts.ambient,
    }
}

async fn run<H: Harness>(world: &World<H>, tenant: TenantId, mode: Mode) -> Report {
    let report = rebuild(world)
        .run(tenant, mode, &mut |_| ControlFlow::Continue(()))
        .await;
    report.expect("the log can be folded")
}

/// A merchant that has been through much: several links, several events in one command, stretches of history.
pub(super) async fn lively<H: Harness>(world: &World<H>, tenant: TenantId, shop: &str) -> MerchantId {
    let merchant = world.linked(tenant, "m", shop).await;
    world.link(tenant, merchant).await;
    for (letter, message) in [
        ("W", ""),
        ("P", ""),
        ("S", "more, please"),
        ("P", ""),
        ("P", ""),
        ("R", "no"),
    ] {
        world.clock.advance(1_000);
        world.report(callback(tenant, merchant, letter, message)).await;
    }
    for paid in [
        approval(Some(shop), None, "F"),
        approval(Some(shop), None, "F"),
        approval(None, None, "F"),
    ] {
        world.report(received(tenant, merchant, paid)).await;
    }
    let mut bad = Vec::new();
    for _ in 0..3 {
        let unusable = unusable(QuarantineReason::Unparseable);
        bad.extend(world.report(received(tenant, merchant, unusable)).await.event_ids);
    }
    world.write(redriven(tenant, merchant, bad[0], "S")).await;
    world.write(discarded(tenant, merchant, bad[1])).await;
    world
        .write(by_operator(command(tenant, merchant, Command::Archive)))
        .await;
    merchant
}

/// A tenant in whose own stream there is something too: a pair that waits, callbacks that were settled by other streams.
async fn busy<H: Harness>(world: &World<H>, slug: &str) -> TenantId {
    let tenant = world.tenant(slug).await;
    let merchant = world.merchant(tenant, "m", "bound").await;
    for shop in ["waits", "gone", "gone", "adopted"] {
        world.report(by_codes(tenant, reference("u", shop))).await;
    }
    let of_nobody = world
        .report(of_nobody(tenant, QuarantineReason::WrongType))
        .await
        .event_ids[0];
    world.write(redriven(tenant, merchant, of_nobody, "P")).await;
    let dismissed = UnclaimedResolution::Dismissed(label("시험"));
    world.write(resolved(tenant, reference("u", "gone"), dismissed)).await;
    world.report(by_codes(tenant, reference("u", "gone"))).await;
    world.merchant(tenant, "u", "adopted").await;
    tenant
}

/// Pages of the log in the order of streams hold every event once, each stream whole and in its order.
pub async fn streams_are_read_one_after_the_other<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    lively(&world, other, "s").await;
    for shop in ["a", "b", "c"] {
        lively(&world, tenant, shop).await;
    }
    let mut expected = world.log(tenant).await;
    expected.sort_by_key(|row| (row.stream.as_uuid(), row.version));
    for size in [1, 7, 1_000] {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = world
                .storage
                .events_by_stream(tenant, after, PageSize::clamped(size))
                .await;
            let page = page.expect("the log can be read");
            let Some(last) = page.last() else { break };
            after = Some((last.stream.as_uuid(), last.version));
            read.extend(page);
        }
        assert_eq!(read, expected, "pages of {size}");
    }
}

/// What the write path projects is what the log says, to the last column.
pub async fn a_rebuild_finds_nothing_where_nothing_is_wrong<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = busy(&world, "acme").await;
    for number in 0..20 {
        lively(&world, tenant, &format!("s{number}")).await;
    }
    for mode in [Mode::Check, Mode::Repair] {
        let report = run(&world, tenant, mode).await;
        assert_eq!((report.differences, report.cancelled), (Vec::new(), false));
        assert_eq!(report.progress.merchants, 22);
        assert_eq!(report.progress.events, world.log(tenant).await.len() as u64);
    }
}

/// What is projected of a merchant, and of callbacks.
async fn everything<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    merchant: MerchantId,
) -> (
    HashMap<MerchantId, ProjectedMerchant>,
    Vec<QuarantineRow>,
    Vec<UnclaimedRow>,
    Vec<AuditEntry>,
) {
    let rows = world.storage.projected(tenant, &[merchant]).await.expect("rows");
    let (quarantine, pairs) = (world.quarantine(tenant, &all()).await, world.pairs(tenant).await);
    (
        rows,
        quarantine,
        pairs,
        done(world, tenant, AuditFilter::default()).await,
    )
}

/// A row that was changed, lost or made up behind the registry's back is named by a check and healed by a repair.
pub async fn a_rebuild_heals_what_differs<H: Harness>() {
    for damage in Damage::ALL {
        let world = World::<H>::new().await;
        let (tenant, other) = (busy(&world, "acme").await, busy(&world, "umbrella").await);
        let merchant = lively(&world, tenant, "a").await;
        lively(&world, tenant, "b").await;
        lively(&world, other, "a").await;
        let before = everything(&world, tenant, merchant).await;
        world.harness.damage(tenant, merchant, damage).await;

        let report = run(&world, tenant, Mode::Check).await;
        let count = if damage == Damage::UnclaimedChanged { 3 } else { 1 };
        assert_eq!(report.progress.differing, count, "{damage:?}: {report:?}");
        let is_named = match report.differences[0] {
            Difference::Surplus(surplus) => damage == Damage::Surplus && surplus != merchant,
            Difference::Merchant(differing) => differing == merchant && damage.is_of_merchant(),
            Difference::Callback(_) => matches!(damage, Damage::QuarantineLost | Damage::QuarantineReopened),
            Difference::Unclaimed(_) => damage == Damage::UnclaimedChanged,
            Difference::Audit(_) => matches!(damage, Damage::AuditLost | Damage::AuditMadeUp),
            Difference::Tenant => matches!(damage, Damage::TenantBehind | Damage::TenantAhead),
        };
        assert!(is_named, "{damage:?}: {report:?}");
        assert_eq!(run(&world, other, Mode::Check).await.progress.differing, 0);
        assert_eq!(
            run(&world, tenant, Mode::Repair).await.progress.differing,
            count,
            "{damage:?}"
        );
        assert_eq!(
            run(&world, tenant, Mode::Check).await.progress.differing,
            0,
            "{damage:?}"
        );
        assert_eq!(everything(&world, tenant, merchant).await, before, "{damage:?}");
    }
}

/// A merchant that a version of the program has written to that knows no facets is found, folded anew and counted again.
pub async fn rows_of_an_earlier_version_are_renewed<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = lively(&world, tenant, "a").await;
    lively(&world, tenant, "b").await;
    let counted = async || {
        let counts = world.storage.facet_counts(tenant, &MerchantFilter::all()).await;
        counts.expect("counts").iter().map(|count| count.count).sum::<u64>()
    };
    assert_eq!(counted().await, 2);
    world.harness.damage(tenant, merchant, Damage::Outdated).await;
    assert_eq!(counted().await, 1);
    // Also if this version writes to it before it is folded anew.
    for letter in ["W", "P"] {
        let waiting = world.storage.without_facets(tenant, None, PageSize::MAX).await;
        assert_eq!(waiting.expect("a page"), [merchant], "before {letter}");
        world.clock.advance(1);
        world
            .report(callback(tenant, merchant, letter, "after the damage"))
            .await;
    }
    world.harness.damage(tenant, merchant, Damage::TermsLost).await;

    let renewed = rebuild(&world).renew(tenant, &CancellationToken::new()).await;
    let renewed = renewed.expect("the log can be folded");
    assert_eq!((renewed.merchants, renewed.passed_over), (1, 0));
    assert_eq!(counted().await, 2);
    assert_eq!(run(&world, tenant, Mode::Check).await.progress.differing, 0);
    let again = rebuild(&world).renew(tenant, &CancellationToken::new()).await;
    assert_eq!(again.expect("the log can be folded").merchants, 0);
}

/// Callbacks go on while the log is folded. Neither a check nor a repair takes what they change for a difference, and
/// neither takes it back.
pub async fn a_rebuild_does_not_disturb_the_service<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let mut merchants = Vec::new();
    for number in 0..30 {
        merchants.push(world.merchant(tenant, "m", &format!("s{number}")).await);
    }
    let storm = async {
        for round in 0..30 {
            let letter = ["P", "S"][round % 2];
            let reports = merchants
                .iter()
                .map(|id| world.report(callback(tenant, *id, letter, &round.to_string())));
            futures_join(reports).await;
        }
    };
    let folding = async {
        let mut differing = 0;
        for mode in [Mode::Check, Mode::Repair, Mode::Check] {
            differing += run(&world, tenant, mode).await.progress.differing;
        }
        differing
    };
    let ((), differing) = tokio::join!(storm, folding);
    assert_eq!(differing, 0);
    assert_eq!(run(&world, tenant, Mode::Check).await.progress.differing, 0);
    world.expect_sound(tenant, 1 + 30 + 30 * 30 * 2).await;
}

async fn futures_join<F: Future>(all: impl Iterator<Item = F>) {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        all.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if all.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// Told to stop, a rebuild stops, and says so.
pub async fn a_rebuild_can_be_cancelled<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    lively(&world, tenant, "a").await;
    let report = rebuild(&world)
        .run(tenant, Mode::Repair, &mut |_| ControlFlow::Break(()))
        .await;
    assert!(report.expect("the log can be read").cancelled);
}

fn copy<H: Harness>(from: &World<H>, to: &World<H>) -> Copy {
    let parts = to.parts(to.storage.clone(), 3);
    Copy {
        from: from.archive(),
        to: Arc::new(to.storage.clone()),
        journal: parts.journal,
        ambient: Ambient {
            clock: from.clock.clone(),
            ids: parts.ambient.ids,
        },
    }
}

pub(crate) async fn copy_whole<H: Harness>(
    from: &World<H>,
    to: &World<H>,
    tenant: TenantId,
) -> Result<bool, CopyError> {
    copy(from, to).run(tenant, &mut |_| ControlFlow::Continue(())).await
}

/// A copy has the same log, the same rows, the same keys and the same cursor, and goes on where the original stood.
pub async fn a_copy_is_the_same<H: Harness>() {
    let (world, target) = (World::<H>::new().await, World::<H>::new().await);
    let (tenant, other) = (busy(&world, "acme").await, world.tenant("umbrella").await);
    lively(&world, other, "s").await;
    let merchant = lively(&world, tenant, "a").await;
    let keyed_id = world.merchant_id();
    let keyed = || with_key(register(tenant, keyed_id, registration("m", "keyed")), "k", 1);
    world.write(keyed()).await;
    let cursor = PublishCursor {
        seq: Seq(5),
        published_seq: Seq(4),
        stream_seq: 3,
    };
    world.storage.save_publish_cursor(tenant, cursor).await.expect("saved");

    assert!(copy_whole(&world, &target, tenant).await.expect("copied"));
    assert_eq!(target.log(tenant).await, world.log(tenant).await);
    assert_eq!(target.log(other).await, Vec::new());
    assert_eq!(
        everything(&target, tenant, merchant).await,
        everything(&world, tenant, merchant).await
    );
    assert_eq!(
        target.storage.tenant(tenant).await.expect("a row"),
        world.storage.tenant(tenant).await.expect("a row")
    );
    assert_eq!(target.storage.publish_cursor(tenant).await.expect("a cursor"), cursor);
    assert_eq!(run(&target, tenant, Mode::Check).await.progress.differing, 0);

    // What was done before the move is not done again after it, and what is new follows in the same log.
    assert!(matches!(target.submit(keyed()).await, Outcome::Replayed(_)));
    target.report(callback(tenant, merchant, "O", "")).await;
    let rows = world.log(tenant).await.len() + 2;
    target.expect_sound(tenant, rows).await;
    // Nothing more to do: the copy is ahead and stays as it is.
    assert!(matches!(
        copy_whole(&world, &target, tenant).await,
        Err(CopyError::AnotherLog { .. })
    ));
}

/// A copy that was interrupted goes on behind the last row that arrived; what came since then arrives too.
pub async fn an_interrupted_copy_goes_on<H: Harness>() {
    let (world, target) = (World::<H>::new().await, World::<H>::new().await);
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    for round in 0..600 {
        world
            .report(callback(tenant, merchant, ["P", "S"][round % 2], &round.to_string()))
            .await;
    }
    let mut pages = 0;
    let whole = copy(&world, &target)
        .run(tenant, &mut |_| {
            pages += 1;
            if pages == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .await;
    assert!(!whole.expect("the first page is copied"));
    let arrived = target.log(tenant).await.len();
    assert!((900..=1_000).contains(&arrived), "{arrived} rows");
    // A page ends where a command ends.
    assert_eq!(target.row(tenant, merchant).await.version, Version(arrived as u64 - 1));
    assert_eq!(run(&target, tenant, Mode::Check).await.progress.differing, 0);

    world.report(callback(tenant, merchant, "O", "")).await;
    assert!(copy_whole(&world, &target, tenant).await.expect("copied"));
    assert_eq!(target.log(tenant).await, world.log(tenant).await);
    assert_eq!(run(&target, tenant, Mode::Check).await.progress.differing, 0);
}

/// A target that holds another log, and a source that is damaged, are told apart from a copy.
pub async fn a_copy_does_not_mix_logs<H: Harness>() {
    let (world, target) = (World::<H>::new().await, World::<H>::new().await);
    // Both count their ids from 1: the same tenant, with different histories.
    let tenant = world.tenant("acme").await;
    assert_eq!(target.tenant("umbrella").await, tenant);
    assert!(matches!(
        copy_whole(&world, &target, tenant).await,
        Err(CopyError::AnotherLog { seq: Seq(1) })
    ));
    let empty = World::<H>::new().await;
    world.merchant(tenant, "m", "s").await;
    let actor = crate::EventColumn("actor");
    world.harness.alter_event_byte(tenant, Seq(2), actor).await;
    assert!(matches!(
        copy_whole(&world, &empty, tenant).await,
        Err(CopyError::Flawed(_))
    ));
    assert_eq!(empty.log(tenant).await, Vec::new());
}
