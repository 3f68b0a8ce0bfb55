//! Messages stored one behind the other, with one acknowledgement for many: the server's batches by fast ingest (NATS
//! ADR-50, nats-server 2.14).
//!
//! Where a message stands in its batch is told in its reply subject. The first message that is missing or refused ends
//! the batch, and the server takes nothing more of it. That is what keeps a stream without holes: if somebody else stores
//! a message in between, ours is refused, and the one sent behind it cannot take the place that it expects.

use std::fmt::Write as _;
use std::time::Duration;

use async_nats::client::PublishErrorKind;
use async_nats::jetstream::{self, ErrorCode};
use async_nats::{Client, HeaderMap, HeaderValue, StatusCode, Subscriber, header};
use bytes::Bytes;
use futures::StreamExt as _;
use registry_documents::message::LARGEST_MESSAGE_BYTES;
use registry_publish::publisher::PublishError;
use serde::Deserialize;
use tokio::time::timeout;

use crate::config::REQUEST_LIMIT;

/// Messages for which we ask one acknowledgement. The server may give more.
const ACKNOWLEDGE_EVERY: u64 = 128;

/// Acknowledgements that may be outstanding: while the server stores for one, we send for the next.
const OUTSTANDING_MAX: u64 = 2;

/// What a message does to its batch, as the server counts operations.
const START: u8 = 0;
const APPEND: u8 = 1;
const COMMIT: u8 = 2;

/// What is sent to one subject.
pub(crate) struct Outgoing {
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why a batch broke off, beside what the client and the server call errors.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("no acknowledgement came within {0:?}")]
    TooSlow(Duration),
    #[error("the connection is gone")]
    Disconnected,
    #[error("no stream listens to the subject")]
    NoStream,
    #[error("messages were lost on their way within the server")]
    Gap,
    #[error("the answer of the server cannot be read")]
    Unreadable(#[source] serde_json::Error),
    #[error("the server takes no batches; nats-server 2.14 or newer is needed")]
    TooOld,
    #[error(
        "the server takes messages of up to {max_payload} bytes (max_payload), and ours may have {LARGEST_MESSAGE_BYTES}"
    )]
    TooSmall { max_payload: usize },
    #[error("the message for {subject} has a body of {bytes} bytes")]
    Message {
        subject: String,
        bytes: usize,
        source: async_nats::PublishError,
    },
}

/// Fails if the server is one from before batches, or does not take the largest message. As long as it has not said what it
/// is, it is believed to be good.
pub(crate) fn check_server(client: &Client) -> Result<(), PublishError> {
    let Some(info) = client.try_server_info() else {
        return Ok(());
    };
    if !client.is_server_compatible(2, 14, 0) {
        return Err(PublishError::Unfit(Broken::TooOld.into()));
    }
    let max_payload = info.max_payload;
    if max_payload < LARGEST_MESSAGE_BYTES {
        return Err(PublishError::Unfit(Broken::TooSmall { max_payload }.into()));
    }
    Ok(())
}

/// Stores messages behind sequence `after` of a stream. Returns the sequence of the last one.
pub(crate) async fn store(
    client: &Client,
    stream: &str,
    after: u64,
    messages: impl ExactSizeIterator<Item = Outgoing>,
) -> Result<u64, PublishError> {
    let count = messages.len() as u64;
    if count == 0 {
        return Ok(after);
    }
    let inbox = client.new_inbox();
    let answers = client.subscribe(format!("{inbox}.>")).await;
    let mut batch = Batch {
        answers: answers.map_err(|error| PublishError::Refused(error.into()))?,
        reply: format!("{inbox}.{ACKNOWLEDGE_EVERY}.fail."),
        sent: 0,
        stored: 0,
        window: 0,
        last_stream_seq: None,
    };
    for (number, message) in (1..).zip(messages) {
        let mut headers = message.headers;
        let expected = after + number - 1;
        headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, HeaderValue::from(expected));
        if number == 1 {
            // The others go where it goes, or are missing there.
            headers.insert(header::NATS_EXPECTED_STREAM, stream);
        }
        let operation = match number {
            _ if number == count => COMMIT,
            1 => START,
            _ => APPEND,
        };
        let reply = batch.reply_of(number, operation);
        let (subject, bytes) = (message.subject, message.body.len());
        let sent = client.publish_with_reply_and_headers(subject.clone(), reply, headers, message.body);
        sent.await.map_err(|error| not_sent(error, subject, bytes))?;
        batch.sent = number;
        batch.wait_for_room(count).await?;
    }
    batch.end(after, count).await
}

/// A batch on its way. Dropped, it is given up: the server ends it when nothing more comes.
struct Batch {
    answers: Subscriber,
    /// What the reply subjects of all its messages begin with.
    reply: String,
    sent: u64,
    /// How many of the first are known to be stored.
    stored: u64,
    /// How many may be sent and not be known to be stored; 0 until the server has said how often it acknowledges.
    window: u64,
    /// The last message's sequence in the stream, once the batch is over.
    last_stream_seq: Option<u64>,
}

/// What the server says of a batch: how far it is (`type` is `ack`), that messages are missing (`gap`), that one was
/// refused (`err`), or, without a type, how it ended.
#[derive(Deserialize)]
struct Answer {
    r#type: Option<Kind>,
    /// A position in the batch, or the sequence in the stream once it has ended.
    #[serde(default)]
    seq: u64,
    /// The server acknowledges each so many messages.
    #[serde(default)]
    msgs: u64,
    /// How many messages a batch had that has ended.
    count: Option<u64>,
    error: Option<jetstream::Error>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Ack,
    Gap,
    Err,
}

impl Batch {
    fn reply_of(&self, number: u64, operation: u8) -> String {
        let mut reply = String::with_capacity(self.reply.len() + 16);
        reply.push_str(&self.reply);
        write!(reply, "{number}.{operation}.$FI").expect("a string takes everything");
        reply
    }

    /// Waits until another message may be sent. The last one is waited for elsewhere.
    async fn wait_for_room(&mut self, count: u64) -> Result<(), PublishError> {
        while self.sent < count && self.sent - self.stored >= self.window {
            self.hear().await?;
        }
        Ok(())
    }

    async fn end(mut self, after: u64, count: u64) -> Result<u64, PublishError> {
        loop {
            match self.last_stream_seq {
                // A batch that the server broke off ends like any other, only sooner.
                Some(last) if last == after + count && self.stored == count => return Ok(last),
                Some(_) => return Err(PublishError::OutOfStep),
                None => self.hear().await?,
            }
        }
    }

    /// Waits for the server's next word and takes note of it.
    async fn hear(&mut self) -> Result<(), PublishError> {
        let message = match timeout(REQUEST_LIMIT, self.answers.next()).await {
            Ok(Some(message)) => message,
            Ok(None) => return Err(unavailable(Broken::Disconnected)),
            Err(_) => return Err(unavailable(Broken::TooSlow(REQUEST_LIMIT))),
        };
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            // It is made again by the next preparation.
            return Err(unavailable(Broken::NoStream));
        }
        let answer = serde_json::from_slice(&message.payload);
        self.take_note(answer.map_err(|error| unavailable(Broken::Unreadable(error)))?)
    }

    fn take_note(&mut self, answer: Answer) -> Result<(), PublishError> {
        if let Some(error) = answer.error {
            return Err(refusal(error));
        }
        match (answer.r#type, answer.count) {
            (Some(Kind::Ack), _) => {
                self.stored = answer.seq;
                self.window = answer.msgs.max(1) * OUTSTANDING_MAX;
                Ok(())
            }
            (Some(Kind::Gap | Kind::Err), _) => Err(unavailable(Broken::Gap)),
            (None, Some(count)) => {
                self.stored = count;
                self.last_stream_seq = Some(answer.seq);
                if count < self.sent {
                    return Err(PublishError::OutOfStep);
                }
                Ok(())
            }
            (None, None) => Err(PublishError::Refused(Broken::TooOld.into())),
        }
    }
}

fn not_sent(source: async_nats::PublishError, subject: String, bytes: usize) -> PublishError {
    match source.kind() {
        PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::InvalidSubject => {
            PublishError::Refused(Broken::Message { subject, bytes, source }.into())
        }
        PublishErrorKind::Send => PublishError::Unavailable(source.into()),
    }
}

fn unavailable(broken: Broken) -> PublishError {
    PublishError::Unavailable(broken.into())
}

fn refusal(error: jetstream::Error) -> PublishError {
    match error.error_code() {
        // A cluster has a second code for a wrong last sequence.
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => {
            PublishError::OutOfStep
        }
        // What became of it the next preparation finds out.
        ErrorCode::BATCH_PUBLISH_UNKNOWN_BATCH_ID | ErrorCode::BATCH_PUBLISH_TOO_MANY_INFLIGHT => {
            PublishError::Unavailable(error.into())
        }
        _ => PublishError::Refused(error.into()),
    }
}
