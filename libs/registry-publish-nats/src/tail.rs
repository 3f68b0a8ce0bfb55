//! A subscriber for people: prints what is published, and looks up one document.

use std::ops::ControlFlow;

use async_nats::HeaderMap;
use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::{OrderedConfig, OrderedError};
use async_nats::jetstream::consumer::{DeliverPolicy, StreamError};
use async_nats::jetstream::context::{GetStreamError, KeyValueError};
use async_nats::jetstream::kv::EntryError;
use async_nats::jetstream::stream::ConsumerError;
use bytes::Bytes;
use futures::StreamExt;
use registry_domain::MerchantId;
use registry_domain::tenant::Slug;

use crate::config::{ConnectError, NatsConfig, bucket_name, stream_name};

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailFrom {
    /// With the oldest message that the stream still holds.
    Start,
    /// With the first one published from now on.
    New,
}

/// One message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailMessage {
    /// Its subject.
    pub subject: String,
    /// Its headers, sorted by name.
    pub headers: Vec<(String, String)>,
    /// Its body, JSON.
    pub body: Bytes,
}

/// Why messages or documents could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The server could not be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The tenant has no stream, or the server does not say.
    #[error("the stream {stream} could not be opened")]
    OpenStream {
        /// Its name.
        stream: String,
        /// Why.
        #[source]
        source: GetStreamError,
    },
    /// The server does not hand out the stream's messages.
    #[error("the stream's messages could not be asked for")]
    Subscribe(#[source] ConsumerError),
    /// The server does not begin to hand them out.
    #[error("the stream could not be read")]
    Begin(#[source] StreamError),
    /// Reading broke off.
    #[error("the stream could not be read on")]
    Read(#[source] OrderedError),
    /// The tenant has no bucket, or the server does not say.
    #[error("the bucket {bucket} could not be opened")]
    OpenBucket {
        /// Its name.
        bucket: String,
        /// Why.
        #[source]
        source: KeyValueError,
    },
    /// The document could not be read.
    #[error("the document could not be read")]
    ReadDocument(#[source] EntryError),
}

/// Hands a tenant's messages over in order until it is told to stop. Ends by itself only with an error.
pub async fn tail(
    config: &NatsConfig,
    tenant: &Slug,
    from: TailFrom,
    mut on_message: impl FnMut(TailMessage) -> ControlFlow<()>,
) -> Result<(), TailError> {
    let context = jetstream::new(config.connect().await?);
    let name = stream_name(tenant);
    let opened = context.get_stream(&name).await;
    let stream = opened.map_err(|source| TailError::OpenStream { stream: name, source })?;
    let consumer = OrderedConfig {
        deliver_policy: match from {
            TailFrom::Start => DeliverPolicy::All,
            TailFrom::New => DeliverPolicy::New,
        },
        ..OrderedConfig::default()
    };
    let consumer = stream.create_consumer(consumer).await.map_err(TailError::Subscribe)?;
    let mut messages = consumer.messages().await.map_err(TailError::Begin)?;
    while let Some(message) = messages.next().await {
        let message = message.map_err(TailError::Read)?.message;
        let message = TailMessage {
            subject: message.subject.to_string(),
            headers: message.headers.as_ref().map(sorted).unwrap_or_default(),
            body: message.payload,
        };
        if on_message(message).is_break() {
            break;
        }
    }
    Ok(())
}

/// The current document of a merchant, as JSON; none if the bucket has none.
pub async fn get_document(
    config: &NatsConfig,
    tenant: &Slug,
    merchant: MerchantId,
) -> Result<Option<Bytes>, TailError> {
    let context = jetstream::new(config.connect().await?);
    let bucket = bucket_name(tenant);
    let opened = context.get_key_value(&bucket).await;
    let store = opened.map_err(|source| TailError::OpenBucket { bucket, source })?;
    store.get(merchant.to_string()).await.map_err(TailError::ReadDocument)
}

fn sorted(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut headers: Vec<_> = headers
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.to_string(), value.to_string())))
        .collect();
    headers.sort_unstable();
    headers
}
