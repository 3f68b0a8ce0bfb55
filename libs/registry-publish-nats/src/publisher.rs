//! The publisher's port, spoken to a NATS server.

use std::collections::VecDeque;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{PublishAckFuture, PublishError as NatsError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context, ContextBuilder, ErrorCode};
use async_nats::{Client, Event, HeaderMap, HeaderName, HeaderValue, header};
use async_trait::async_trait;
use bytes::Bytes;
use registry_domain::tenant::Slug;
use registry_publish::message::{Message, REGISTRY_SEQ};
use registry_publish::publisher::{BucketEntry, BucketValue, PublishError, Publisher, Standing};
use tokio::time::timeout;

use crate::config::{ConnectError, NatsConfig, REQUEST_LIMIT, bucket_name, stream_name};
use crate::setup;

/// Messages sent and not yet acknowledged.
const IN_FLIGHT_MAX: usize = 256;

/// Time limit of preparing a tenant: a handful of requests.
const PREPARE_LIMIT: Duration = Duration::from_secs(15);

/// Time limit of a batch, however large.
const BATCH_LIMIT: Duration = Duration::from_secs(30);

/// The header that tells what became of a key, and the word for its removal.
const KV_OPERATION: &str = "KV-Operation";
const KV_DELETE: &str = "DEL";

/// There is no connection, or no answer came in time.
#[derive(Debug, thiserror::Error)]
enum Absence {
    #[error("there is no connection")]
    NotConnected,
    #[error("{0:?} were not enough")]
    TooSlow(Duration),
}

/// Publishes to a NATS server with `JetStream`. Cheap to clone.
#[derive(Clone)]
pub struct NatsPublisher {
    config: NatsConfig,
    client: Client,
    context: Context,
    /// Connections made so far.
    connections: Arc<AtomicU64>,
}

/// What is sent to one subject.
struct Outgoing {
    /// As it stands in the headers.
    id: String,
    subject: String,
    headers: HeaderMap,
    body: Bytes,
}

impl NatsPublisher {
    /// Makes a publisher that connects in the background, for as long as it takes. Fails only if the URL or the
    /// credentials cannot be used.
    pub async fn connect(config: NatsConfig) -> Result<Self, ConnectError> {
        let connections = Arc::new(AtomicU64::new(0));
        let counter = connections.clone();
        let options = config
            .options()
            .await?
            .retry_on_initial_connect()
            .event_callback(move |event| {
                if matches!(event, Event::Connected) {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                async {}
            });
        let client = config.connect_with(options).await?;
        let context = ContextBuilder::new()
            .timeout(REQUEST_LIMIT)
            .ack_timeout(REQUEST_LIMIT)
            .build(client.clone());
        Ok(Self {
            config,
            client,
            context,
            connections,
        })
    }

    /// Sends messages one behind the other and awaits the acknowledgements in order. Where one fails, the server refuses
    /// all later ones: each is sent under the condition that the stream ends with the one before it.
    ///
    /// Among relays the sequence says that: each event has one place in the stream. If somebody else stores a message,
    /// the one that we sent fails, and the one that we sent next finds the sequence that it expects. Hence the id as
    /// well, where that is safe: see [`Self::names_the_previous`].
    async fn send(
        &self,
        stream: &str,
        after: u64,
        messages: impl Iterator<Item = Outgoing> + Send,
    ) -> Result<u64, PublishError> {
        let mut in_flight = VecDeque::with_capacity(IN_FLIGHT_MAX);
        let mut stored = after;
        let mut previous: Option<String> = None;
        for (message, expected) in messages.zip(after..) {
            if in_flight.len() == IN_FLIGHT_MAX
                && let Some(oldest) = in_flight.pop_front()
            {
                stored = acknowledged(oldest, stored).await?;
            }
            let mut headers = message.headers;
            headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(expected));
            headers.insert(header::NATS_EXPECTED_STREAM, stream);
            if let Some(previous) = previous.replace(message.id)
                && self.names_the_previous()
            {
                headers.insert(header::NATS_EXPECTED_LAST_MESSAGE_ID, previous);
            }
            let publish = PublishMessage::build().headers(headers).payload(message.body);
            let sent = self.context.send_publish(message.subject, publish).await;
            in_flight.push_back(sent.map_err(translate)?);
        }
        for acknowledgement in in_flight {
            stored = acknowledged(acknowledgement, stored).await?;
        }
        Ok(stored)
    }

    /// Whether a message says which one it expects before it. Not on a stream with replicas: a server that was away
    /// gets what it missed without learning the last id (nats-server 2.15.1), takes the next message for a broken one,
    /// and stores nothing more of that stream. Losing a server is what replicas are for; a stranger who publishes
    /// under a tenant's subjects is kept out by permissions.
    fn names_the_previous(&self) -> bool {
        self.config.replicas == 1
    }

    /// Runs an operation within a time limit. Without a connection it is not begun: the client would keep it and send
    /// it later, when it may be wrong.
    async fn within<T>(
        &self,
        limit: Duration,
        operation: impl Future<Output = Result<T, PublishError>>,
    ) -> Result<T, PublishError> {
        if self.session().is_none() {
            return Err(PublishError::Unavailable(Absence::NotConnected.into()));
        }
        match timeout(limit, operation).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PublishError::Unavailable(Absence::TooSlow(limit).into())),
        }
    }
}

#[async_trait]
impl Publisher for NatsPublisher {
    fn session(&self) -> Option<u64> {
        let connections = self.connections.load(Ordering::Relaxed);
        let is_connected = self.client.connection_state() == State::Connected;
        // The state may be known a moment before the connection is counted.
        (is_connected && connections > 0).then_some(connections)
    }

    async fn prepare(&self, tenant: &Slug) -> Result<Standing, PublishError> {
        let preparation = setup::prepare(&self.context, &self.config, tenant);
        self.within(PREPARE_LIMIT, preparation).await
    }

    async fn publish(&self, tenant: &Slug, after: u64, messages: Vec<Message>) -> Result<u64, PublishError> {
        let outgoing = messages.into_iter().map(|message| Outgoing {
            id: message.id.to_string(),
            subject: message.subject,
            headers: headers_of(message.headers),
            body: message.body,
        });
        self.within(BATCH_LIMIT, self.send(&stream_name(tenant), after, outgoing))
            .await
    }

    async fn put_documents(&self, tenant: &Slug, after: u64, entries: &[BucketEntry]) -> Result<u64, PublishError> {
        let bucket = bucket_name(tenant);
        let outgoing = entries.iter().map(|entry| {
            let mut headers = HeaderMap::new();
            headers.insert(REGISTRY_SEQ, HeaderValue::from(entry.position.0));
            let body = match &entry.value {
                BucketValue::Document(json) => json.clone(),
                BucketValue::Deleted => {
                    headers.insert(KV_OPERATION, KV_DELETE);
                    Bytes::new()
                }
            };
            let subject = format!("$KV.{bucket}.{}", entry.merchant_id);
            // One document may be written twice within the server's window for repeats.
            let id = self.client.new_inbox();
            headers.insert(header::NATS_MESSAGE_ID, id.as_str());
            Outgoing {
                id,
                subject,
                headers,
                body,
            }
        });
        self.within(BATCH_LIMIT, self.send(&format!("KV_{bucket}"), after, outgoing))
            .await
    }
}

fn headers_of(named: Vec<(&'static str, String)>) -> HeaderMap {
    let named = named.into_iter();
    named
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from(value)))
        .collect()
}

/// Awaits one acknowledgement. It must name the sequence right behind `stored`: a repeat, which a cluster acknowledges
/// with the sequence it had the first time, does so only if it is the stream's last message.
async fn acknowledged(acknowledgement: PublishAckFuture, stored: u64) -> Result<u64, PublishError> {
    let sequence = acknowledgement.await.map_err(translate)?.sequence;
    if sequence == stored + 1 {
        Ok(sequence)
    } else {
        Err(PublishError::OutOfStep)
    }
}

fn translate(error: NatsError) -> PublishError {
    match error.kind() {
        PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId => PublishError::OutOfStep,
        PublishErrorKind::Other if is_out_of_step(&error) => PublishError::OutOfStep,
        // Without its stream a subject has no listener: it is made again by the next preparation.
        PublishErrorKind::StreamNotFound
        | PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending => PublishError::Unavailable(error.into()),
        PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::Other => PublishError::Refused(error.into()),
    }
}

/// A cluster has a second code for a wrong last sequence, for which the client has no kind.
fn is_out_of_step(error: &NatsError) -> bool {
    let cause = error
        .source()
        .and_then(|source| source.downcast_ref::<jetstream::Error>());
    cause.is_some_and(|cause| cause.error_code() == ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT)
}
