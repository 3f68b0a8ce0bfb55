//! The queue: take what is waiting, run it, answer, and do not let batches swing.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::WriterConfig;
use super::memory::Memory;
use super::run::Runner;
use super::waiting::{Entry, Waiting};

/// Works until `stop` fires, then closes the queue and finishes what is in it.
pub(super) async fn drain(
    waiting: Arc<Waiting>,
    runner: Runner,
    config: WriterConfig,
    ticks: watch::Sender<u64>,
    stop: impl Future<Output = ()> + Send,
) {
    let left_behind = Abandoned(waiting);
    let waiting = &*left_behind.0;
    let mut stop = pin!(stop);
    let mut stopping = false;
    let mut memory = Memory::new(config.remembered_max / config.lanes);
    let mut last = LastBatch {
        answered: 0,
        at: Instant::now(),
    };
    loop {
        let mut batch = Filling::new(config);
        waiting.take(|entry| batch.push(entry));
        if batch.entries.is_empty() {
            // Closed and empty, in this order: nothing comes into a queue that is closed.
            if waiting.is_closed() && waiting.length() == 0 {
                return;
            }
            tokio::select! {
                biased;
                () = &mut stop, if !stopping => {
                    waiting.close();
                    stopping = true;
                }
                () = waiting.arrival() => {}
            }
            continue;
        }
        fill(&mut batch, waiting, config, &last).await;
        let answered = batch.entries.len();
        let (submissions, replies): (Vec<_>, Vec<_>) = batch
            .entries
            .into_iter()
            .map(|entry| (entry.submission, entry.reply))
            .unzip();
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

/// A queue that nobody empties any more, however that came about, lets its callers know.
struct Abandoned(Arc<Waiting>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// A batch that is being filled.
struct Filling {
    entries: Vec<Entry>,
    bytes: usize,
    config: WriterConfig,
}

impl Filling {
    fn new(config: WriterConfig) -> Self {
        Self {
            entries: Vec::new(),
            bytes: 0,
            config,
        }
    }

    /// Whether there is room for another one.
    fn push(&mut self, entry: Entry) -> bool {
        self.bytes += entry.bytes;
        self.entries.push(entry);
        !self.is_full()
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= self.config.batch_length_max || self.bytes >= self.config.batch_bytes_max
    }
}

/// The batch before: how many clients were answered, and when.
struct LastBatch {
    answered: usize,
    at: Instant,
}

/// Waits for more. The clients of the last batch have just been answered and are about to send again: without a short wait
/// for them, every second batch would hold one command. There is no wait when one client is alone, nor once those clients
/// had their time.
async fn fill(batch: &mut Filling, waiting: &Waiting, config: WriterConfig, last: &LastBatch) {
    let deadline = last.at + config.linger_max;
    while !batch.is_full() && batch.entries.len() < last.answered && Instant::now() < deadline {
        if tokio::time::timeout_at(deadline, waiting.arrival()).await.is_err() || waiting.is_closed() {
            return;
        }
        waiting.take(|entry| batch.push(entry));
    }
}
