//! What the relay asks of a message broker: a stream of events and a bucket of documents per tenant.
//!
//! Both are written under a fence: the caller says behind which sequence it writes, and the broker refuses if somebody
//! else has written since. That, and not a memory of past ids, is what keeps a message from being stored twice.

use std::error::Error;

use async_trait::async_trait;
use bytes::Bytes;
use registry_documents::message::Message;
use registry_domain::tenant::Slug;
use registry_domain::{EventId, MerchantId, Seq};

/// Any failure below the port, kept as the source of ours.
pub type Cause = Box<dyn Error + Send + Sync>;

/// The event that a stream ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEvent {
    /// Its position in the tenant's log.
    pub seq: Seq,
    /// Its id.
    pub event_id: EventId,
    /// The hash of the log up to it; none in messages of versions that did not tell.
    pub hash: Option<[u8; 32]>,
}

/// What a tenant's stream and bucket hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The last event in the stream; none if the stream holds no message.
    pub last: Option<LastEvent>,
    /// The stream's last sequence. It stays when messages grow too old, and is 0 for a new stream.
    pub stream_seq: u64,
    /// The bucket's last sequence; 0 for a new one.
    pub bucket_seq: u64,
    /// Up to which position of the log the bucket is complete: the position of the entry written last.
    pub bucket_position: Seq,
}

/// One entry of the bucket of current documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketEntry {
    /// The key.
    pub merchant_id: MerchantId,
    /// What shall stand there.
    pub value: BucketValue,
    /// Up to which position of the log the bucket is complete with this entry; [`Seq::ZERO`] while it is rewritten.
    pub position: Seq,
}

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BucketValue {
    /// A document as JSON.
    Document(Bytes),
    /// Nothing any more.
    Deleted,
}

/// Why publishing failed. After any of them, what is stored is unknown until [`Publisher::prepare`] has looked.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Somebody else has written, or the broker has lost data.
    #[error("the stream does not stand where it was left")]
    OutOfStep,
    /// The broker does not answer, or not in time.
    #[error("the message broker is not available")]
    Unavailable(#[source] Cause),
    /// The broker as it is cannot be used for anything: it is too old, or takes only messages that are too small.
    #[error("the message broker cannot be used as it is")]
    Unfit(#[source] Cause),
    /// The broker answers and refuses; the same will be refused again until somebody changes its limits or ours.
    #[error("the message broker refuses")]
    Refused(#[source] Cause),
}

/// A message broker. Every call ends within a time limit.
#[async_trait]
pub trait Publisher: Send + Sync {
    /// The current connection; none while there is none. It changes with every connection, and then all that was
    /// known about streams is to be looked at again: the broker may have come back with less than it had.
    fn session(&self) -> Option<u64>;

    /// Where the broker is, for people; without a login.
    fn name(&self) -> String;

    /// Why the last attempt to connect failed, if one did.
    fn last_trouble(&self) -> Option<String>;

    /// Whether the broker that is connected to can be used: it does what is needed, and takes the largest message
    /// ([`registry_documents::message::LARGEST_MESSAGE_BYTES`]). Asks nobody.
    fn fitness(&self) -> Result<(), PublishError>;

    /// Waits until the session is another than the known one.
    async fn other_session(&self, known: Option<u64>);

    /// Makes the tenant's stream and bucket unless they exist, and tells what they hold.
    async fn prepare(&self, tenant: &Slug) -> Result<Standing, PublishError>;

    /// Stores messages in order behind stream sequence `after`, up to the first that fails. Returns the sequence of the
    /// last one.
    async fn publish(&self, tenant: &Slug, after: u64, messages: Vec<Message>) -> Result<u64, PublishError>;

    /// Writes entries in order behind bucket sequence `after`, up to the first that fails. Returns the sequence of the
    /// last one.
    async fn put_documents(&self, tenant: &Slug, after: u64, entries: &[BucketEntry]) -> Result<u64, PublishError>;
}
