//! The door for callbacks: checked, read, handed to the log; yes is said only after the commit.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use registry_domain::{Actor, CorrelationId};
use registry_journal::{Ambient, Origin, Outcome, Submission, WriteError, Writer};
use registry_upstream::AtHand;
use registry_urls::TokenKeys;
use tokio::sync::Semaphore;

use crate::received::{Admitted, ReceivedBody, VerifiedCallback, admit};
use crate::sender::SenderCheck;
use crate::translate::{ReadCallback, read, translate};

/// A body above this size is a large one.
const LARGE_BYTES: usize = 64 * 1024;

/// How many large bodies are read at once.
const LARGE_AT_ONCE: usize = 1;

/// What the door works with.
#[derive(Clone)]
pub struct DoorConfig {
    /// The keys of the URLs that we give away.
    pub keys: TokenKeys,
    /// Whose callbacks are expected.
    pub senders: SenderCheck,
}

/// Why a callback was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The URL is none of ours. Nothing was stored.
    #[error("unknown callback URL")]
    UnknownToken,
    /// Too much is waiting: the sender should try again.
    #[error("too many commands are waiting")]
    Busy,
    /// It could not be stored: the sender should try again.
    #[error("the callback could not be stored")]
    Failed,
    /// The process is stopping: the sender should try again.
    #[error("the registry is stopping")]
    Stopping,
}

/// Numbers about the door since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorStats {
    /// Callbacks that are in the log.
    pub received: u64,
    /// Callbacks from addresses that are not on the list.
    pub unlisted_senders: u64,
}

#[derive(Default)]
struct Counters {
    received: AtomicU64,
    unlisted_senders: AtomicU64,
}

/// Takes callbacks in. Cheap to clone.
#[derive(Clone)]
pub struct CallbackDoor {
    writer: Writer,
    at_hand: AtHand,
    ambient: Ambient,
    config: Arc<DoorConfig>,
    counters: Arc<Counters>,
    large: Arc<Semaphore>,
}

impl CallbackDoor {
    /// A door in front of a write path.
    pub fn new(writer: Writer, at_hand: AtHand, ambient: Ambient, config: DoorConfig) -> Self {
        Self {
            writer,
            at_hand,
            ambient,
            config: Arc::new(config),
            counters: Arc::default(),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        }
    }

    /// Looks at the token of a URL. Whoever has none that is ours is to be sent away before a byte of the body is read.
    pub fn admit(&self, token: &str, sender: Option<IpAddr>) -> Result<Admitted, DoorError> {
        admit(token, sender, &self.config.keys, &self.config.senders).ok_or(DoorError::UnknownToken)
    }

    /// Takes one callback in. `Ok` means that it is in the log, durably, whatever was thought of it. Of a body that was too
    /// large (`is_cut`) that is its beginning: sent again it would be as large.
    pub async fn receive(
        &self,
        admitted: Admitted,
        bytes: Vec<u8>,
        is_cut: bool,
        correlation_id: CorrelationId,
    ) -> Result<(), DoorError> {
        let callback = admitted.with(ReceivedBody {
            bytes,
            is_cut,
            received_at: self.ambient.now(),
        });
        if callback.sender_listed() == Some(false) {
            self.count(&self.counters.unlisted_senders);
        }
        let submission = self.submission(callback, correlation_id).await?;
        match self.writer.report(submission).await {
            Ok(Outcome::Written(_)) => {
                self.count(&self.counters.received);
                Ok(())
            }
            // The keys are ours but the tenant is not in this log: a URL of another installation with the same keys.
            Ok(Outcome::TenantRefused(_)) => Err(DoorError::UnknownToken),
            // A report carries no Idempotency-Key and cannot be refused.
            Ok(Outcome::Refused(_) | Outcome::Replayed(_) | Outcome::KeyReused) | Err(WriteError::Failed) => {
                Err(DoorError::Failed)
            }
            Err(WriteError::Busy) => Err(DoorError::Busy),
            Err(WriteError::Stopping) => Err(DoorError::Stopping),
        }
    }

    /// Numbers since the start.
    pub fn stats(&self) -> DoorStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DoorStats {
            received: read(&self.counters.received),
            unlisted_senders: read(&self.counters.unlisted_senders),
        }
    }

    async fn submission(
        &self,
        callback: VerifiedCallback,
        correlation_id: CorrelationId,
    ) -> Result<Submission, DoorError> {
        let tenant_id = callback.token().tenant_id();
        let is_large = callback.length() > LARGE_BYTES;
        let at_hand = self.at_hand.lately(tenant_id).await;
        let reading = move || read(callback, at_hand.as_ref().map(|upstream| &upstream.api_key));
        let callback = if is_large {
            self.read_aside(reading).await?
        } else {
            reading()
        };
        // A key that cannot be had now counts as different; the approval is recorded all the same.
        let upstream = if callback.carries_api_key() {
            self.at_hand.now(tenant_id).await.ok()
        } else {
            None
        };
        let order = translate(callback, upstream.as_ref().map(|upstream| &upstream.api_key));
        Ok(Submission {
            tenant_id,
            origin: Origin::of(Actor::Upstream, correlation_id),
            idempotency: None,
            order,
        })
    }

    /// Reads a large body beside the tasks that serve everybody, and one at a time: it takes a processor for long enough that
    /// somebody else's callback would have to wait for it.
    async fn read_aside(
        &self,
        reading: impl FnOnce() -> ReadCallback + Send + 'static,
    ) -> Result<ReadCallback, DoorError> {
        // Never closed.
        let _turn = self.large.acquire().await;
        match tokio::task::spawn_blocking(reading).await {
            Ok(read) => Ok(read),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_cancelled) => Err(DoorError::Stopping),
            },
        }
    }

    #[expect(clippy::unused_self, reason = "reads as what it does to the door's counters")]
    fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
