//! Makes a tenant's stream and bucket where they are missing, and looks at what they end with.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::{
    CreateKeyValueErrorKind, CreateStreamError, CreateStreamErrorKind, GetStreamErrorKind,
};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RawMessageErrorKind, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{Context, ErrorCode, kv};
use registry_documents::message::{MESSAGE_ID, REGISTRY_HASH, REGISTRY_SEQ, subject_filter};
use registry_domain::Seq;
use registry_domain::tenant::Slug;
use registry_publish::PublishError;
use registry_publish::publisher::{LastEvent, Standing};

use crate::config::{NatsConfig, bucket_name, stream_name};

/// Within it, the server drops a message whose id it has seen. The fence is what counts; this helps other clients.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);

/// How many messages at the end of a stream are looked through for one of ours. Others are there only if somebody
/// published under the tenant's subjects by hand.
const LOOK_BACK_MAX: u64 = 1_000;

/// Makes what is missing, and tells what the stream and the bucket hold.
pub(crate) async fn prepare(context: &Context, config: &NatsConfig, tenant: &Slug) -> Result<Standing, PublishError> {
    let stream = ensure_stream(context, config, tenant).await?;
    let bucket = ensure_bucket(context, config, tenant).await?;
    Ok(Standing {
        last: last_of(&stream, event_of).await?,
        stream_seq: stream.cached_info().state.last_sequence,
        bucket_seq: bucket.cached_info().state.last_sequence,
        bucket_position: last_of(&bucket, seq_of).await?.unwrap_or(Seq::ZERO),
    })
}

async fn ensure_stream(context: &Context, config: &NatsConfig, tenant: &Slug) -> Result<Stream, PublishError> {
    let wanted = stream_config(config, tenant);
    if let Some(stream) = find(context, &wanted.name).await? {
        warn_of_other_settings(&wanted, &stream.cached_info().config);
        allow_batches(context, &stream).await?;
        return Ok(stream);
    }
    tracing::info!(stream = %wanted.name, "the stream is new");
    context.create_stream(wanted).await.map_err(not_made)
}

/// Lets a stream take batches if it does not yet: one from before, or the one of a bucket.
async fn allow_batches(context: &Context, stream: &Stream) -> Result<(), PublishError> {
    let config = &stream.cached_info().config;
    if config.allow_batch_publish {
        return Ok(());
    }
    let wanted = Config {
        allow_batch_publish: true,
        ..config.clone()
    };
    context.update_stream(wanted).await.map_err(not_made)?;
    Ok(())
}

fn not_made(error: CreateStreamError) -> PublishError {
    match error.kind() {
        CreateStreamErrorKind::JetStream(_)
        | CreateStreamErrorKind::EmptyStreamName
        | CreateStreamErrorKind::InvalidStreamName
        | CreateStreamErrorKind::DomainAndExternalSet => PublishError::Refused(error.into()),
        CreateStreamErrorKind::JetStreamUnavailable
        | CreateStreamErrorKind::TimedOut
        | CreateStreamErrorKind::Response
        | CreateStreamErrorKind::NotFound
        | CreateStreamErrorKind::ResponseParse => PublishError::Unavailable(error.into()),
    }
}

async fn ensure_bucket(context: &Context, config: &NatsConfig, tenant: &Slug) -> Result<Stream, PublishError> {
    let bucket = bucket_name(tenant);
    if let Some(stream) = find(context, &format!("KV_{bucket}")).await? {
        allow_batches(context, &stream).await?;
        return Ok(stream);
    }
    tracing::info!(%bucket, "the bucket is new");
    let wanted = kv::Config {
        bucket,
        description: "The current document of every merchant".to_owned(),
        history: 1,
        storage: StorageType::File,
        num_replicas: config.replicas,
        ..kv::Config::default()
    };
    let created = context
        .create_key_value(wanted)
        .await
        .map_err(|error| match error.kind() {
            CreateKeyValueErrorKind::BucketCreate
            | CreateKeyValueErrorKind::InvalidStoreName
            | CreateKeyValueErrorKind::TooLongHistory
            | CreateKeyValueErrorKind::LimitMarkersNotSupported => PublishError::Refused(error.into()),
            CreateKeyValueErrorKind::JetStream | CreateKeyValueErrorKind::TimedOut => {
                PublishError::Unavailable(error.into())
            }
        })?;
    allow_batches(context, &created.stream).await?;
    Ok(created.stream)
}

async fn find(context: &Context, name: &str) -> Result<Option<Stream>, PublishError> {
    match context.get_stream(name).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(cause) if cause.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
            GetStreamErrorKind::JetStream(_)
            | GetStreamErrorKind::EmptyName
            | GetStreamErrorKind::InvalidStreamName => Err(PublishError::Refused(error.into())),
            GetStreamErrorKind::Request => Err(PublishError::Unavailable(error.into())),
        },
    }
}

fn stream_config(config: &NatsConfig, tenant: &Slug) -> Config {
    Config {
        name: stream_name(tenant),
        description: Some("What happened to the merchants, in order".to_owned()),
        subjects: vec![subject_filter(tenant)],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_age: config.max_age,
        max_bytes: config
            .max_bytes
            .map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        num_replicas: config.replicas,
        duplicate_window: DUPLICATE_WINDOW.min(config.max_age),
        deny_delete: true,
        deny_purge: true,
        allow_direct: false,
        allow_batch_publish: true,
        ..Config::default()
    }
}

/// A stream that exists is left as it is: somebody may have changed it on purpose.
fn warn_of_other_settings(wanted: &Config, found: &Config) {
    let differing: Vec<&str> = [
        ("subjects", wanted.subjects == found.subjects),
        ("storage", wanted.storage == found.storage),
        ("retention", wanted.retention == found.retention),
        ("discard", wanted.discard == found.discard),
        ("max_age", wanted.max_age == found.max_age),
        ("max_bytes", wanted.max_bytes == found.max_bytes),
        ("num_replicas", wanted.num_replicas == found.num_replicas),
        ("deny_delete", wanted.deny_delete == found.deny_delete),
        ("deny_purge", wanted.deny_purge == found.deny_purge),
        ("allow_direct", wanted.allow_direct == found.allow_direct),
    ]
    .into_iter()
    .filter_map(|(setting, is_equal)| (!is_equal).then_some(setting))
    .collect();
    if !differing.is_empty() {
        tracing::warn!(stream = %wanted.name, ?differing, "the stream has other settings than configured; they stay");
    }
}

/// What `read` finds in the headers of the last message in which it finds anything.
async fn last_of<T>(stream: &Stream, read: impl Fn(&HeaderMap) -> Option<T>) -> Result<Option<T>, PublishError> {
    let state = &stream.cached_info().state;
    if state.messages == 0 {
        return Ok(None);
    }
    let first = state
        .first_sequence
        .max(state.last_sequence.saturating_sub(LOOK_BACK_MAX));
    for sequence in (first..=state.last_sequence).rev() {
        match stream.get_raw_message(sequence).await {
            Ok(message) => {
                if let Some(found) = read(&message.headers) {
                    return Ok(Some(found));
                }
            }
            Err(error) => match error.kind() {
                RawMessageErrorKind::NoMessageFound => {}
                RawMessageErrorKind::JetStream(_) | RawMessageErrorKind::InvalidSubject => {
                    return Err(PublishError::Refused(error.into()));
                }
                RawMessageErrorKind::Other => return Err(PublishError::Unavailable(error.into())),
            },
        }
    }
    Ok(None)
}

pub(crate) fn event_of(headers: &HeaderMap) -> Option<LastEvent> {
    Some(LastEvent {
        seq: seq_of(headers)?,
        event_id: headers.get(MESSAGE_ID)?.as_str().parse().ok()?,
        hash: hash_of(headers),
    })
}

fn hash_of(headers: &HeaderMap) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    hex::decode_to_slice(headers.get(REGISTRY_HASH)?.as_str(), &mut hash).ok()?;
    Some(hash)
}

fn seq_of(headers: &HeaderMap) -> Option<Seq> {
    headers.get(REGISTRY_SEQ)?.as_str().parse().ok().map(Seq)
}
