//! Promises about the queue before the log. Its transactions are held at a gate, so that nothing depends on speed.

use std::sync::Arc;

use registry_domain::TenantId;
use registry_domain::merchant::Command;
use registry_journal::port::Journal;
use registry_journal::submission::WriteError;
use registry_journal::writer::{Writer, WriterConfig};
use tokio::sync::oneshot;

use crate::Harness;
use crate::fixtures::{Pending, World, callback, command, config, queued, register, registration, written};
use crate::journals::Gate;

/// A writer with a queue of eight behind a closed gate at which a first command waits already.
async fn held<H: Harness>(
    world: &World<H>,
    tenant: TenantId,
    stop: oneshot::Receiver<()>,
) -> (Writer, Arc<Gate<H::Storage>>, Pending, tokio::task::JoinHandle<()>) {
    let gate = Arc::new(Gate::new(world.storage.clone()));
    gate.close();
    let mut parts = world.parts(world.storage.clone(), 1);
    parts.journal = Arc::clone(&gate) as Arc<dyn Journal>;
    let config = WriterConfig {
        queue_length_max: 8,
        ..config()
    };
    let stop = async move {
        // A sender that is gone stops nothing.
        if stop.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let (writer, task) = Writer::start(parts, config, stop);
    let first = queued(
        &writer,
        register(tenant, world.merchant_id(), registration("m", "first")),
    );
    gate.somebody_waits().await;
    (writer, gate, first, task)
}

/// When the queue fills, commands of tenants are turned away first and callbacks last, each at once and with nothing
/// written; and all that was taken is written. A tenant has no more places than it leaves to others.
pub async fn a_full_queue_answers_busy_and_callbacks_last<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let other = world.tenant("other").await;
    let of_other = world.merchant(other, "m", "s").await;
    let last = world.tenant("last").await;
    let of_last = world.merchant(last, "m", "s").await;
    let (_stop, stopped) = oneshot::channel();
    let (writer, gate, first, _task) = held(&world, tenant, stopped).await;
    let mut taken = vec![first];
    for letter in ["W", "P", "S", "O"] {
        taken.push(queued(&writer, callback(tenant, merchant, letter, "")));
    }
    // Four of eight places: a tenant has no more than that, and another one is served all the same.
    let flood = writer.report(callback(tenant, merchant, "R", "")).await;
    assert_eq!(flood, Err(WriteError::Busy));
    for letter in ["W", "P"] {
        taken.push(queued(&writer, callback(other, of_other, letter, "")));
    }
    // Six of eight are taken: too many for a tenant, not for upstream.
    let archive = command(last, of_last, Command::Archive);
    assert_eq!(writer.submit(archive.clone()).await, Err(WriteError::Busy));
    taken.push(queued(&writer, callback(last, of_last, "P", "")));
    assert_eq!((writer.stats().queued, writer.stats().refused_busy), (7, 2));
    gate.open();
    for answer in taken {
        written(answer.await.expect("what was taken is written"));
    }
    written(writer.submit(archive).await.expect("there is room again"));
    // A tenant, a shop, the first command, four callbacks of two events each.
    world.expect_sound(tenant, 2 + 1 + 4 * 2).await;
    world.expect_sound(other, 2 + 2 * 2).await;
    world.expect_sound(last, 2 + 2 + 1).await;
}

/// A caller that goes away takes nothing with it: its command is on its way.
pub async fn a_caller_that_goes_away_loses_nothing<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let (_stop, stopped) = oneshot::channel();
    let (writer, gate, first, _task) = held(&world, tenant, stopped).await;
    drop(first);
    drop(queued(&writer, callback(tenant, merchant, "P", "")));
    let last = queued(&writer, callback(tenant, merchant, "O", ""));
    gate.open();
    written(last.await.expect("the queue goes on"));
    world.expect_sound(tenant, 2 + 1 + 2 * 2).await;
}

/// A writer that is told to stop takes nothing new, finishes what is waiting, and ends.
pub async fn stopping_finishes_what_is_waiting<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let (stop, stopped) = oneshot::channel();
    let (writer, gate, first, task) = held(&world, tenant, stopped).await;
    let waiting = queued(&writer, callback(tenant, merchant, "P", ""));
    stop.send(()).expect("the writer listens");
    gate.open();
    written(first.await.expect("what was begun is written"));
    written(waiting.await.expect("what was waiting is written"));
    task.await.expect("the task ends");
    assert!(!writer.is_running());
    let late = writer.report(callback(tenant, merchant, "O", "")).await;
    assert_eq!(late, Err(WriteError::Stopping));
    world.expect_sound(tenant, 2 + 1 + 2).await;
}

/// What waits while a transaction runs goes into the next one together.
pub async fn waiting_commands_share_transactions<H: Harness>() {
    let (world, gate) = World::<H>::through(Gate::new).await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let before = world.writer.stats();
    gate.close();
    let first = queued(&world.writer, callback(tenant, merchant, "W", ""));
    gate.somebody_waits().await;
    let rest: Vec<_> = (0..100)
        .map(|number| queued(&world.writer, callback(tenant, merchant, "S", &number.to_string())))
        .collect();
    let mut ticks = world.writer.commits();
    ticks.mark_unchanged();
    gate.open();
    for answer in std::iter::once(first).chain(rest) {
        written(answer.await.expect("all are written"));
    }
    assert!(ticks.has_changed().expect("the writer runs"), "commits tick");
    let after = world.writer.stats();
    assert_eq!(after.batches - before.batches, 2);
    assert_eq!(
        (after.commands - before.commands, after.events - before.events),
        (101, 202)
    );
    assert_eq!(world.row(tenant, merchant).await.version.0, 1 + 202);
}
