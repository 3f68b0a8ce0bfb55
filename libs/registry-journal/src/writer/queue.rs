//! The queue: take what is waiting, run it, answer, and do not let batches swing.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use registry_domain::merchant::{Claim, Command};
use registry_domain::tenant;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::WriterConfig;
use super::memory::Memory;
use super::run::Runner;
use crate::submission::{Order, Outcome, Submission, WriteError};

/// What a command takes in memory beside its payload, roughly.
const COMMAND_BYTES: usize = 512;

/// A command in the queue.
pub(super) struct Entry {
    pub(super) submission: Submission,
    pub(super) reply: oneshot::Sender<Result<Outcome, WriteError>>,
}

/// Works until `stop` fires, then closes the queue and finishes what is in it.
pub(super) async fn drain(
    mut receiver: mpsc::Receiver<Entry>,
    runner: Arc<Runner>,
    config: WriterConfig,
    ticks: watch::Sender<u64>,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = pin!(stop);
    let mut stopping = false;
    let mut memory = Memory::new(config.remembered_max / config.lanes);
    let mut last = LastBatch {
        answered: 0,
        at: Instant::now(),
    };
    loop {
        let first = tokio::select! {
            biased;
            () = &mut stop, if !stopping => {
                receiver.close();
                stopping = true;
                continue;
            }
            entry = receiver.recv() => entry,
        };
        let Some(first) = first else { return };
        let batch = fill(first, &mut receiver, config, &last).await;
        let answered = batch.len();
        let (submissions, replies): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|entry| (entry.submission, entry.reply)).unzip();
        let results = runner.run(&submissions, &mut memory).await;
        // First the tick: whoever reads because of it finds what was committed.
        ticks.send_modify(|tick| *tick += 1);
        for (reply, result) in replies.into_iter().zip(results) {
            // The caller may have gone away; what it asked for is in the log all the same.
            let _gone = reply.send(result);
        }
        last = LastBatch {
            answered,
            at: Instant::now(),
        };
    }
}

/// The batch before: how many clients were answered, and when.
struct LastBatch {
    answered: usize,
    at: Instant,
}

/// Takes what is waiting. The clients of the last batch have just been answered and are about to send again: without
/// a short wait for them, every second batch would hold one command. There is no wait when one client is alone, nor
/// once those clients had their time.
async fn fill(
    first: Entry,
    receiver: &mut mpsc::Receiver<Entry>,
    config: WriterConfig,
    last: &LastBatch,
) -> Vec<Entry> {
    let mut bytes = size_of(&first.submission);
    let mut batch = vec![first];
    let deadline = last.at + config.linger_max;
    loop {
        while batch.len() < config.batch_length_max && bytes < config.batch_bytes_max {
            let Ok(entry) = receiver.try_recv() else { break };
            bytes += size_of(&entry.submission);
            batch.push(entry);
        }
        let full = batch.len() >= config.batch_length_max || bytes >= config.batch_bytes_max;
        if full || batch.len() >= last.answered || Instant::now() >= deadline {
            return batch;
        }
        match tokio::time::timeout_at(deadline, receiver.recv()).await {
            Ok(Some(entry)) => {
                bytes += size_of(&entry.submission);
                batch.push(entry);
            }
            Ok(None) | Err(_) => return batch,
        }
    }
}

fn size_of(submission: &Submission) -> usize {
    let payload = |claim: &Claim| claim.receipt.payload.0.len();
    let variable = match &submission.order {
        Order::Merchant {
            command: Command::ReceiveCallback(claim) | Command::RedriveCallback(claim, _),
            ..
        }
        | Order::CallbackByCodes { claim, .. }
        | Order::RedriveByCodes { claim, .. } => payload(claim),
        Order::Tenant(tenant::Command::ReceiveUnclaimed(receipt, _)) => receipt.payload.0.len(),
        Order::Merchant { .. } | Order::Register { .. } | Order::Adopt { .. } | Order::Tenant(_) => 0,
    };
    COMMAND_BYTES + variable
}
