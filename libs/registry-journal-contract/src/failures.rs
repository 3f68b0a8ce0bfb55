//! Promises about what goes wrong: nothing is lost, nothing is doubled, and only what is bad fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use registry_domain::Seq;
use registry_domain::merchant::Command;
use registry_journal::ambient::IdSource;
use registry_journal::port::Reader;
use registry_journal::record::StreamId;
use registry_journal::submission::WriteError;
use registry_journal::writer::Writer;
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::{World, callback, command, config, queued, register, registration, whole_log, written};
use crate::journals::{Fault, Faulty, Gate};

/// In a batch of 500, one command that storage refuses fails alone; the others are written in their order.
pub async fn a_poisonous_command_fails_alone<H: Harness>() {
    let (world, gate) = World::<H>::through(Gate::new).await;
    let tenant = world.tenant("acme").await;
    let mut merchants = Vec::new();
    let registered: Vec<_> = (0..500)
        .map(|number| {
            merchants.push(world.merchant_id());
            queued(
                &world.writer,
                register(tenant, merchants[number], registration("m", &format!("s{number}"))),
            )
        })
        .collect();
    for answer in registered {
        written(answer.await.expect("storage takes the registration"));
    }
    world.harness.make_poison(StreamId::Merchant(merchants[321])).await;
    let batches = world.writer.stats().batches;

    gate.close();
    let blocker = queued(&world.writer, command(tenant, merchants[0], Command::Archive));
    gate.somebody_waits().await;
    let batch: Vec<_> = merchants
        .iter()
        .map(|merchant| queued(&world.writer, callback(tenant, *merchant, "P", "")))
        .collect();
    gate.open();
    written(blocker.await.expect("storage takes the command"));
    let mut last = Seq::ZERO;
    for (number, answer) in batch.into_iter().enumerate() {
        let answer = answer.await;
        if number == 321 {
            assert_eq!(answer, Err(WriteError::Failed));
            continue;
        }
        let written = written(answer.expect("only the poisonous one fails"));
        assert!(written.seq > last, "the order of the queue is the order of the log");
        last = written.seq;
    }
    let stats = world.writer.stats();
    assert_eq!(stats.failed, 1);
    assert!(
        stats.batches - batches < 20,
        "halving needs few transactions: {stats:?}"
    );
    world.expect_sound(tenant, 1 + 500 + 1 + 499 * 2).await;
}

/// Makes ids, and panics instead while it is armed.
struct PanickingIds {
    inner: Arc<dyn IdSource>,
    armed: AtomicBool,
}

impl IdSource for PanickingIds {
    fn uuid(&self) -> Uuid {
        let id = self.inner.uuid();
        assert!(!self.armed.load(Ordering::SeqCst), "no more ids");
        id
    }

    fn secret(&self) -> [u8; 32] {
        self.inner.secret()
    }
}

/// A defect that shows as a panic while deciding costs the command that meets it, not the writer.
pub async fn a_panic_does_not_stop_the_writer<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let ids = Arc::new(PanickingIds {
        inner: crate::fixtures::ids(1),
        armed: AtomicBool::new(true),
    });
    let mut parts = world.parts(world.storage.clone(), 1);
    parts.ambient.ids = Arc::clone(&ids) as Arc<dyn IdSource>;
    let (writer, _task) = Writer::start(parts, config(), std::future::pending());
    let one = register(tenant, world.merchant_id(), registration("m", "s"));
    assert_eq!(writer.submit(one.clone()).await, Err(WriteError::Failed));
    ids.armed.store(false, Ordering::SeqCst);
    written(writer.submit(one).await.expect("the writer goes on"));
    world.expect_sound(tenant, 2).await;
}

/// A commit that happened but whose answer was lost: the writer finds its events and answers as if nothing had been.
pub async fn a_commit_whose_answer_was_lost_counts_once<H: Harness>() {
    let (world, journal) = World::<H>::through(|storage| Faulty::new(storage, Fault::AnswerLost)).await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    journal.next_fail(1);
    let written = world.report(callback(tenant, merchant, "P", "")).await;
    assert_eq!(journal.left(), 0, "the answer was lost");
    let log = world.log(tenant).await;
    let ids: Vec<_> = log[2..].iter().map(|row| row.event_id).collect();
    assert_eq!(ids, written.event_ids);
    assert_eq!(world.writer.stats().retried, 0);
    world.expect_sound(tenant, 4).await;
}

/// A commit that did not happen, and nobody knew: the writer finds nothing and does it again.
pub async fn a_commit_that_was_lost_is_done_again<H: Harness>() {
    let (world, journal) = World::<H>::through(|storage| Faulty::new(storage, Fault::CommitLost)).await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    journal.next_fail(1);
    let written = world.report(callback(tenant, merchant, "P", "")).await;
    assert_eq!(journal.left(), 0, "the commit was lost");
    let log = world.log(tenant).await;
    let ids: Vec<_> = log[2..].iter().map(|row| row.event_id).collect();
    assert_eq!(ids, written.event_ids);
    world.expect_sound(tenant, 4).await;
}

/// A commit that did not happen, while another process wrote in its place: what stands there is not taken for it.
pub async fn a_commit_that_was_lost_is_not_mistaken_for_another<H: Harness>() {
    let (world, journal) = World::<H>::through(|storage| Faulty::new(storage, Fault::CommitLost)).await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let other = world.harness.open().await;
    let (other, _task) = Writer::start(world.parts(other, 1), config(), std::future::pending());
    let first = callback(tenant, merchant, "W", "");
    journal.meanwhile(Box::pin(async move { other.report(first).await }));
    journal.next_fail(1);
    let written = world.report(callback(tenant, merchant, "P", "")).await;
    assert_eq!(journal.left(), 0, "the commit was lost");
    let log = world.log(tenant).await;
    let ids: Vec<_> = log[4..].iter().map(|row| row.event_id).collect();
    assert_eq!(ids, written.event_ids);
    world.expect_sound(tenant, 6).await;
}

/// A failure that may pass is tried once more, and the answers are those of the second time.
pub async fn a_transient_failure_is_tried_once_more<H: Harness>() {
    let (world, journal) = World::<H>::through(|storage| Faulty::new(storage, Fault::Transient)).await;
    let tenant = world.tenant("acme").await;
    journal.next_fail(1);
    let merchant = world.merchant(tenant, "m", "s").await;
    assert_eq!(world.writer.stats().retried, 1);
    assert_eq!(world.row(tenant, merchant).await.version.0, 1);
    world.expect_sound(tenant, 2).await;
}

/// A failure that stays is told, nothing is written, and the next command has its chance.
pub async fn a_lasting_failure_writes_nothing<H: Harness>() {
    let (world, journal) = World::<H>::through(|storage| Faulty::new(storage, Fault::Transient)).await;
    let tenant = world.tenant("acme").await;
    let before = world.log(tenant).await;
    journal.next_fail(2);
    let id = world.merchant_id();
    let one = register(tenant, id, registration("m", "s"));
    assert_eq!(world.writer.submit(one.clone()).await, Err(WriteError::Failed));
    assert_eq!(whole_log(&world.storage, tenant).await, before);
    assert_eq!(world.storage.merchant(tenant, id).await.expect("an answer"), None);
    world.write(one).await;
    world.expect_sound(tenant, 2).await;
}
