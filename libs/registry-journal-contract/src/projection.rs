//! Promises about what is projected: it is the fold of the log, and it can be folded anew.

use std::collections::HashMap;
use std::ops::ControlFlow;

use chrono::{NaiveDate, TimeDelta};
use registry_domain::merchant::{Command, QuarantineReason};
use registry_domain::tenant::UnclaimedResolution;
use registry_domain::{AlertId, MerchantId, TenantId};
use registry_journal::port::{
    AuditEntry, AuditFilter, CohortQuery, CountTable, Insight, MerchantFilter, PageSize, ProjectedMerchant,
    QuarantineRow, Reader, StayQuery, UnclaimedRow,
};
use registry_maintenance::rebuild::{Difference, Mode, Rebuild, Report};

use tokio_util::sync::CancellationToken;

use crate::audit::done;
use crate::callbacks::{all, approval, by_codes, discarded, of_nobody, received, redriven, resolved, unusable};
use crate::fixtures::{World, by_operator, callback, command, label, reference};
use crate::lists::set_alert_rules;
use crate::{Damage, Harness};

fn rebuild<H: Harness>(world: &World<H>) -> Rebuild {
    let parts = world.parts(world.storage.clone(), 2);
    Rebuild {
        archive: world.archive(),
        journal: parts.journal,
        ambient: parts.ambient,
    }
}

pub(super) async fn run<H: Harness>(world: &World<H>, tenant: TenantId, mode: Mode) -> Report {
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
pub(super) async fn busy<H: Harness>(world: &World<H>, slug: &str) -> TenantId {
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

/// What is projected of merchants and of callbacks, and what is counted.
pub(super) async fn everything<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    merchants: &[MerchantId],
) -> (
    HashMap<MerchantId, ProjectedMerchant>,
    Vec<QuarantineRow>,
    Vec<UnclaimedRow>,
    Vec<AuditEntry>,
    Vec<String>,
) {
    let rows = world.storage.projected(tenant, merchants).await.expect("rows");
    let (quarantine, pairs) = (world.quarantine(tenant, &all()).await, world.pairs(tenant).await);
    (
        rows,
        quarantine,
        pairs,
        done(world, tenant, AuditFilter::default()).await,
        counted(world, tenant).await,
    )
}

/// Everything that is counted, in one order.
async fn counted<H: Harness>(world: &World<H>, tenant: TenantId) -> Vec<String> {
    let (storage, everyone) = (&world.storage, MerchantFilter::all());
    let (from, until) = (NaiveDate::MIN, NaiveDate::MAX);
    let stays = StayQuery {
        filter: everyone.clone(),
        from,
        until,
        at: None,
    };
    let cohorts = CohortQuery {
        filter: everyone.clone(),
        from,
        until,
        at: None,
    };
    let facets = storage.facet_counts(tenant, &everyone).await.expect("facets");
    let standing = storage
        .standing(tenant, &everyone, None)
        .await
        .expect("who stands where");
    let stays = storage.stays(tenant, &stays).await.expect("stays");
    let cohorts = storage.cohorts(tenant, &cohorts).await.expect("cohorts");
    let facets = facets.iter().map(|count| format!("{count:?}"));
    let standing = standing.iter().map(|count| format!("{count:?}"));
    let stays = stays.iter().map(|count| format!("{count:?}"));
    let cohorts = cohorts.iter().map(|count| format!("{count:?}"));
    let mut all: Vec<_> = facets.chain(standing).chain(stays).chain(cohorts).collect();
    all.sort_unstable();
    all
}

/// A merchant of which the tenant has been told.
async fn told_of<H: Harness>(world: &World<H>, tenant: TenantId) -> MerchantId {
    set_alert_rules(world, tenant).await;
    let merchant = world.merchant(tenant, "m", "late").await;
    let judged = Command::JudgeAlerts {
        alert_id: AlertId::from_uuid(world.merchant_id().as_uuid()),
        now: world.now() + TimeDelta::days(20),
        unusual: Vec::new(),
    };
    world.write(command(tenant, merchant, judged)).await;
    let rows = world.storage.projected(tenant, &[merchant]).await.expect("rows");
    assert!(rows[&merchant].alert.is_some(), "it is late");
    merchant
}

/// A row that was changed, lost or made up behind the registry's back, of whatever kind, is named by a check and healed by a repair.
pub async fn a_rebuild_heals_what_differs<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (busy(&world, "acme").await, busy(&world, "umbrella").await);
    let merchant = lively(&world, tenant, "a").await;
    lively(&world, tenant, "b").await;
    lively(&world, other, "a").await;
    let late = told_of(&world, tenant).await;
    let before = everything(&world, tenant, &[merchant, late]).await;
    for damage in Damage::all() {
        let damaged = if damage.is_of_alert() { late } else { merchant };
        world.harness.damage(tenant, damaged, damage).await;

        let report = run(&world, tenant, Mode::Check).await;
        let count = if damage == Damage::UnclaimedChanged { 3 } else { 1 };
        assert_eq!(report.progress.differing, count, "{damage:?}: {report:?}");
        let is_named = match report.differences[0] {
            Difference::Surplus(surplus) => damage.is_of_nobody() && surplus != damaged,
            Difference::Merchant(differing) => differing == damaged && damage.is_of_merchant(),
            Difference::Callback(_) => matches!(damage, Damage::QuarantineLost | Damage::QuarantineReopened),
            Difference::Unclaimed(_) => damage == Damage::UnclaimedChanged,
            Difference::Audit(_) => matches!(damage, Damage::AuditLost | Damage::AuditMadeUp),
            Difference::Tenant => matches!(damage, Damage::TenantBehind | Damage::TenantAhead),
            Difference::Counts(table) => damage.counts() == Some(table),
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
        assert_eq!(
            everything(&world, tenant, &[merchant, late]).await,
            before,
            "{damage:?}"
        );
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
    let checked = run(&world, tenant, Mode::Check).await;
    assert_eq!(checked.progress.differing, 0, "{checked:?}");
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
        let mut differing = Vec::new();
        for mode in [Mode::Check, Mode::Repair, Mode::Check] {
            differing.push(run(&world, tenant, mode).await.progress.differing);
        }
        for table in CountTable::ALL {
            world
                .harness
                .damage(tenant, merchants[0], Damage::CountsMadeUp(table))
                .await;
        }
        for mode in [Mode::Check, Mode::Repair, Mode::Check] {
            differing.push(run(&world, tenant, mode).await.progress.differing);
        }
        differing
    };
    let ((), differing) = tokio::join!(storm, folding);
    assert_eq!(differing, [0, 0, 0, 4, 4, 0]);
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
