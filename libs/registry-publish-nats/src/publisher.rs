//! The publisher's port, spoken to a NATS server.

use std::future::{self, Future};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{Context, ContextBuilder};
use async_nats::{Client, Event, HeaderMap, HeaderName, HeaderValue};
use async_trait::async_trait;
use bytes::Bytes;
use registry_documents::message::{Message, REGISTRY_SEQ};
use registry_domain::tenant::Slug;
use registry_publish::publisher::{BucketEntry, BucketValue, PublishError, Publisher, Standing};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::batch::{self, Outgoing};
use crate::config::{ConnectError, NatsConfig, REQUEST_LIMIT, bucket_name, stream_name};
use crate::setup;

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
    /// Connections made so far; told again when one is lost.
    connections: watch::Receiver<u64>,
    /// Why the last attempt to connect failed.
    trouble: watch::Receiver<Option<String>>,
}

impl NatsPublisher {
    /// Makes a publisher that connects in the background, for as long as it takes. Fails only if the URL or the
    /// credentials cannot be used.
    pub async fn connect(config: NatsConfig) -> Result<Self, ConnectError> {
        let (counter, connections) = watch::channel(0);
        let (reporter, trouble) = watch::channel(None);
        let options = config
            .options()
            .await?
            .retry_on_initial_connect()
            .event_callback(move |event| {
                if let Event::ClientError(error) = &event {
                    reporter.send_replace(Some(error.to_string()));
                }
                counter.send_modify(|connections| *connections += u64::from(matches!(event, Event::Connected)));
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
            trouble,
        })
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
        let connections = *self.connections.borrow();
        let is_connected = self.client.connection_state() == State::Connected;
        // The state may be known a moment before the connection is counted.
        (is_connected && connections > 0).then_some(connections)
    }

    fn name(&self) -> String {
        self.config.name()
    }

    fn last_trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }

    fn fitness(&self) -> Result<(), PublishError> {
        batch::check_server(&self.client)
    }

    async fn other_session(&self, known: Option<u64>) {
        let mut connections = self.connections.clone();
        while self.session() == known {
            if connections.changed().await.is_err() {
                // The client is gone, and no connection will come.
                future::pending::<()>().await;
            }
        }
    }

    async fn prepare(&self, tenant: &Slug) -> Result<Standing, PublishError> {
        let preparation = async {
            batch::check_server(&self.client)?;
            // It holds settings of streams, which are large.
            Box::pin(setup::prepare(&self.context, &self.config, tenant)).await
        };
        self.within(PREPARE_LIMIT, preparation).await
    }

    async fn publish(&self, tenant: &Slug, after: u64, messages: Vec<Message>) -> Result<u64, PublishError> {
        let outgoing = messages.into_iter().map(|message| Outgoing {
            subject: message.subject,
            headers: headers_of(message.headers),
            body: message.body,
        });
        self.within(
            BATCH_LIMIT,
            batch::store(&self.client, &stream_name(tenant), after, outgoing),
        )
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
            Outgoing { subject, headers, body }
        });
        self.within(
            BATCH_LIMIT,
            batch::store(&self.client, &format!("KV_{bucket}"), after, outgoing),
        )
        .await
    }
}

fn headers_of(named: Vec<(&'static str, String)>) -> HeaderMap {
    let named = named.into_iter();
    named
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from(value)))
        .collect()
}
