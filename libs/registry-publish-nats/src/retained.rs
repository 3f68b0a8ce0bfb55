//! What a tenant's stream still holds, from its oldest message to the newest of now.

use async_nats::jetstream;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use async_nats::jetstream::context::GetStreamErrorKind;
use futures::StreamExt;
use registry_documents::message::REGISTRY_PREV_SEQ;
use registry_domain::Seq;
use registry_domain::tenant::Slug;
use registry_publish::publisher::LastEvent;

use crate::config::{NatsConfig, stream_name};
use crate::setup::event_of;
use crate::tail::TailError;

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetainedMessage {
    /// Its event; none if it is not one that the relay published.
    pub event: Option<LastEvent>,
    /// The event before it, as it says.
    pub previous: Option<Seq>,
}

/// The messages of a stream, one after the other.
pub struct Retained {
    messages: Ordered,
    /// The stream's sequence at which it ends.
    last: u64,
    is_over: bool,
}

impl Retained {
    /// Looks at a tenant's stream; none if there is none.
    pub async fn open(config: &NatsConfig, tenant: &Slug) -> Result<Option<Self>, TailError> {
        let context = jetstream::new(config.connect().await?);
        let name = stream_name(tenant);
        let stream = match context.get_stream(&name).await {
            Ok(stream) => stream,
            Err(source) => {
                return match source.kind() {
                    GetStreamErrorKind::JetStream(cause) if cause.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                        Ok(None)
                    }
                    GetStreamErrorKind::JetStream(_)
                    | GetStreamErrorKind::EmptyName
                    | GetStreamErrorKind::InvalidStreamName
                    | GetStreamErrorKind::Request => Err(TailError::OpenStream { stream: name, source }),
                };
            }
        };
        let state = stream.cached_info().state.clone();
        let consumer = OrderedConfig {
            deliver_policy: DeliverPolicy::All,
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(consumer).await.map_err(TailError::Subscribe)?;
        Ok(Some(Self {
            messages: consumer.messages().await.map_err(TailError::Begin)?,
            last: state.last_sequence,
            is_over: state.messages == 0,
        }))
    }

    /// The next message; none behind the one that was the newest when the stream was opened.
    pub async fn next(&mut self) -> Result<Option<RetainedMessage>, TailError> {
        if self.is_over {
            return Ok(None);
        }
        let Some(message) = self.messages.next().await else {
            return Ok(None);
        };
        let message = message.map_err(TailError::Read)?;
        // One that does not say where it stands is no message of a stream.
        self.is_over = message.info().map_or(true, |info| info.stream_sequence >= self.last);
        let headers = message.headers.as_ref();
        Ok(Some(RetainedMessage {
            event: headers.and_then(event_of),
            previous: headers
                .and_then(|headers| headers.get(REGISTRY_PREV_SEQ)?.as_str().parse().ok())
                .map(Seq),
        }))
    }
}
