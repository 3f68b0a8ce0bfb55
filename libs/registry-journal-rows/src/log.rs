//! Rows of the log and of the keys that it is sealed with.

use chrono::{DateTime, Utc};
use registry_domain::{CorrelationId, EventId, Seq, TenantId, Version};
use registry_journal::port::{Head, Inconsistency, Loaded};
use registry_journal::record::{EventRow, StreamId};
use uuid::Uuid;

use crate::{BadColumn, Found, RawRow, RawValue};

/// A row of `events`. An engine that holds texts and ids to nothing gives them as bytes: whatever somebody made of
/// them, the row is named.
#[expect(missing_docs, reason = "columns")]
pub struct RawEvent<Time, Text = String, Id = Uuid> {
    pub tenant_id: Uuid,
    pub seq: i64,
    pub event_id: Id,
    pub stream_kind: Text,
    pub stream_id: Id,
    pub version: i64,
    /// Column `type`.
    pub event_type: Text,
    pub recorded_at: Time,
    pub actor: Text,
    pub correlation_id: Id,
    pub causation_id: Option<Id>,
    pub idempotency_key: Option<Text>,
    pub data: Text,
    pub sealed: Vec<u8>,
    pub hash: Vec<u8>,
}

impl<Time, Text, Id> RawEvent<Time, Text, Id>
where
    Time: RawValue<DateTime<Utc>>,
    Text: RawValue<String>,
    Id: RawValue<Uuid>,
{
    fn convert(self) -> Result<EventRow, BadColumn> {
        let kind = self.stream_kind.read("stream_kind")?;
        let stream = StreamId::from_stored(&kind, self.stream_id.read("stream_id")?);
        Ok(EventRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            seq: Seq(self.seq.read("seq")?),
            event_id: EventId::from_uuid(self.event_id.read("event_id")?),
            stream: stream.ok_or(BadColumn("stream_kind"))?,
            version: Version(self.version.read("version")?),
            event_type: self.event_type.read("type")?,
            recorded_at: self.recorded_at.read("recorded_at")?,
            actor: self.actor.read("actor")?,
            correlation_id: CorrelationId::from_uuid(self.correlation_id.read("correlation_id")?),
            causation_id: self.causation_id.read("causation_id")?.map(EventId::from_uuid),
            idempotency_key: self.idempotency_key.read("idempotency_key")?,
            data: self.data.read("data")?,
            sealed: self.sealed,
            hash: self.hash.read("hash")?,
        })
    }
}

impl<Time, Text, Id> RawRow for RawEvent<Time, Text, Id>
where
    Time: RawValue<DateTime<Utc>>,
    Text: RawValue<String>,
    Id: RawValue<Uuid>,
{
    type Row = EventRow;

    fn into_row(self) -> Result<EventRow, Inconsistency> {
        let key = place(self.tenant_id, self.seq);
        self.convert().map_err(|error| Inconsistency::of("events", key, error))
    }
}

/// What an operator finds the row by.
fn place(tenant_id: Uuid, seq: i64) -> String {
    format!("{} seq {seq}", TenantId::from_uuid(tenant_id))
}

/// The last row of a log.
#[expect(missing_docs, reason = "columns")]
pub struct RawHead<Time> {
    pub tenant_id: Uuid,
    pub seq: i64,
    pub hash: Vec<u8>,
    pub recorded_at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawHead<Time> {
    type Row = Head;

    fn into_row(self) -> Result<Head, Inconsistency> {
        let key = place(self.tenant_id, self.seq);
        let head = || -> Result<Head, BadColumn> {
            Ok(Head {
                seq: Seq(self.seq.read("seq")?),
                hash: self.hash.read("hash")?,
                recorded_at: self.recorded_at.read("recorded_at")?,
            })
        };
        head().map_err(|error| Inconsistency::of("events", key, error))
    }
}

impl<Time: RawValue<DateTime<Utc>>> Found for RawHead<Time> {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let tenant_id = TenantId::from_uuid(self.tenant_id);
        loaded.heads.insert(tenant_id, self.into_row()?);
        Ok(())
    }
}

/// The last version of a stream.
#[expect(missing_docs, reason = "columns")]
pub struct RawStream {
    pub tenant_id: Uuid,
    pub stream_id: Uuid,
    pub version: i64,
}

impl Found for RawStream {
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency> {
        let version = self.version.read("version");
        let version = version.map_err(|error| Inconsistency::of("events", self.stream_id, error))?;
        let key = (TenantId::from_uuid(self.tenant_id), self.stream_id);
        loaded.streams.insert(key, Version(version));
        Ok(())
    }
}

/// A row of `data_keys`.
#[expect(missing_docs, reason = "columns")]
pub struct RawKey {
    pub owner: Uuid,
    pub wrapped: Vec<u8>,
}

impl RawRow for RawKey {
    type Row = (Uuid, Vec<u8>);

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        Ok((self.owner, self.wrapped))
    }
}
