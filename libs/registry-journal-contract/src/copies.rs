//! Promises about a log that moves: what is projected of it in its new place is what was projected before.

use std::ops::ControlFlow;
use std::sync::Arc;

use registry_domain::{Seq, TenantId, Version};
use registry_journal::ambient::Ambient;
use registry_journal::port::{PublishCursor, Reader};
use registry_journal::submission::Outcome;
use registry_maintenance::copy::{Copy, CopyError};
use registry_maintenance::rebuild::Mode;

use crate::Harness;
use crate::fixtures::{World, callback, register, registration, with_key};
use crate::projection::{busy, everything, lively, run};

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
        everything(&target, tenant, &[merchant]).await,
        everything(&world, tenant, &[merchant]).await
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

/// A merchant whose events arrive in two pages is counted once, in every table of counts: what the second page writes takes the place of what
/// the first one wrote.
pub async fn a_merchant_that_arrives_in_parts_is_counted_once<H: Harness>() {
    let (world, target) = (World::<H>::new().await, World::<H>::new().await);
    let tenant = world.tenant("acme").await;
    let mut merchants = Vec::new();
    for shop in ["a", "b", "c"] {
        merchants.push(world.linked(tenant, "m", shop).await);
    }
    // What has not come on between two copies, what has, and what has come all the way.
    let parts: [&[&str]; 3] = [&["W", "P"], &["S"], &["O"]];
    for (letters, moving) in parts.iter().zip([&merchants[..], &merchants[1..], &merchants[2..]]) {
        for letter in *letters {
            for merchant in moving {
                world.clock.advance(86_400_000);
                world.report(callback(tenant, *merchant, letter, "")).await;
            }
        }
        assert!(copy_whole(&world, &target, tenant).await.expect("copied"));
        assert_eq!(
            everything(&target, tenant, &merchants).await,
            everything(&world, tenant, &merchants).await,
            "after {letters:?}"
        );
    }
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
