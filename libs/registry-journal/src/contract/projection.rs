//! Promises about what is projected: it is the fold of the log, it can be folded anew, and it can be moved.

use std::ops::ControlFlow;
use std::sync::Arc;

use registry_domain::merchant::{Command, SecretText};
use registry_domain::{MerchantId, Seq, TenantId, Version};

use super::fixtures::{World, callback, command, register, registration, request_link, with_key};
use super::{Damage, Harness};
use crate::ambient::Ambient;
use crate::copy::{Copy, CopyError};
use crate::port::{PageSize, PublishCursor, Reader};
use crate::rebuild::{Difference, Mode, Rebuild, Report};
use crate::submission::Outcome;

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
async fn lively<H: Harness>(world: &World<H>, tenant: TenantId, shop: &str) -> MerchantId {
    let merchant = world.merchant(tenant, "m", shop).await;
    for _ in 0..2 {
        let link_id = world.link_id();
        world.write(request_link(tenant, merchant, link_id)).await;
        let url = SecretText::new("https://upstream.example/register".to_owned());
        let issued = Command::RecordLinkIssued { link_id, url };
        world.write(command(tenant, merchant, issued)).await;
    }
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
    world.write(command(tenant, merchant, Command::Archive)).await;
    merchant
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
    let tenant = world.tenant("acme").await;
    for number in 0..20 {
        lively(&world, tenant, &format!("s{number}")).await;
    }
    for mode in [Mode::Check, Mode::Repair] {
        let report = run(&world, tenant, mode).await;
        assert_eq!((report.differences, report.cancelled), (Vec::new(), false));
        assert_eq!(report.progress.merchants, 20);
        assert_eq!(report.progress.events, world.log(tenant).await.len() as u64);
    }
}

/// A row that was changed, lost or made up behind the registry's back is named by a check and healed by a repair.
pub async fn a_rebuild_heals_what_differs<H: Harness>() {
    for damage in Damage::ALL {
        let world = World::<H>::new().await;
        let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
        let merchant = lively(&world, tenant, "a").await;
        lively(&world, tenant, "b").await;
        lively(&world, other, "a").await;
        let before = world.storage.projected(tenant, &[merchant]).await.expect("rows");
        world.harness.damage(tenant, merchant, damage).await;

        let report = run(&world, tenant, Mode::Check).await;
        assert_eq!(report.progress.differing, 1, "{damage:?}: {report:?}");
        match report.differences[0] {
            Difference::Surplus(surplus) => assert!(damage == Damage::Surplus && surplus != merchant),
            Difference::Merchant(differing) => assert!(damage != Damage::Surplus && differing == merchant),
            Difference::Tenant => panic!("{damage:?}"),
        }
        assert_eq!(run(&world, other, Mode::Check).await.progress.differing, 0);
        assert_eq!(
            run(&world, tenant, Mode::Repair).await.progress.differing,
            1,
            "{damage:?}"
        );
        assert_eq!(
            run(&world, tenant, Mode::Check).await.progress.differing,
            0,
            "{damage:?}"
        );
        let after = world.storage.projected(tenant, &[merchant]).await.expect("rows");
        assert_eq!(after, before, "{damage:?}");
    }
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

async fn copy_whole<H: Harness>(from: &World<H>, to: &World<H>, tenant: TenantId) -> Result<bool, CopyError> {
    copy(from, to).run(tenant, &mut |_| ControlFlow::Continue(())).await
}

/// A copy has the same log, the same rows, the same keys and the same cursor, and goes on where the original stood.
pub async fn a_copy_is_the_same<H: Harness>() {
    let (world, target) = (World::<H>::new().await, World::<H>::new().await);
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
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
    assert_eq!(target.row(tenant, merchant).await, world.row(tenant, merchant).await);
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
    let actor = super::EventColumn("actor");
    world.harness.alter_event_byte(tenant, Seq(2), actor).await;
    assert!(matches!(
        copy_whole(&world, &empty, tenant).await,
        Err(CopyError::Flawed(_))
    ));
    assert_eq!(empty.log(tenant).await, Vec::new());
}
