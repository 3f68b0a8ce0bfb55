//! Rows to types and back. A row that does not fit names its table and key.

use chrono::{DateTime, Utc};
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::review::ReviewStatus;
use registry_domain::tenant::Tenant;
use registry_domain::{CorrelationId, EventId, LinkId, MerchantId, Seq, TenantId, Version};
use registry_journal::port::{Head, IdempotencyRow, Inconsistency, PublishCursor, StatusCount};
use registry_journal::record::{EventRow, StreamId};
use registry_journal::stored::{merchant_from_json, tenant_from_json};
use uuid::Uuid;

use crate::error::inconsistent;

/// A value that no row of ours holds.
#[derive(Debug, thiserror::Error)]
#[error("column {0} holds a value that was never written")]
pub(crate) struct BadColumn(pub(crate) &'static str);

/// A number of ours as the database counts. No log grows that long.
pub(crate) fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn number(column: &'static str, value: i64) -> Result<u64, BadColumn> {
    u64::try_from(value).map_err(|_| BadColumn(column))
}

fn hash(column: &'static str, bytes: Vec<u8>) -> Result<[u8; 32], BadColumn> {
    bytes.try_into().map_err(|_| BadColumn(column))
}

pub(crate) fn merchant(merchant_id: Uuid, state: &str) -> Result<Merchant, Inconsistency> {
    let id = MerchantId::from_uuid(merchant_id);
    merchant_from_json(id, state).map_err(|error| inconsistent("merchants", id, error))
}

pub(crate) fn tenant(tenant_id: Uuid, state: &str) -> Result<Tenant, Inconsistency> {
    let id = TenantId::from_uuid(tenant_id);
    tenant_from_json(id, state).map_err(|error| inconsistent("tenants", id, error))
}

/// The end of a log, as the database gives it.
pub(crate) fn head(
    tenant: TenantId,
    seq: i64,
    bytes: Vec<u8>,
    recorded_at: DateTime<Utc>,
) -> Result<Head, Inconsistency> {
    let head = || -> Result<Head, BadColumn> {
        Ok(Head {
            seq: Seq(number("seq", seq)?),
            hash: hash("hash", bytes)?,
            recorded_at,
        })
    };
    head().map_err(|error| inconsistent("events", format!("{tenant} seq {seq}"), error))
}

pub(crate) fn tenant_with_head(tenant_id: Uuid, state: &str, head: i64) -> Result<(Tenant, Seq), Inconsistency> {
    let tenant = tenant(tenant_id, state)?;
    let head = number("seq", head).map_err(|error| inconsistent("events", tenant.id, error))?;
    Ok((tenant, Seq(head)))
}

pub(crate) fn publish_cursor(
    tenant: TenantId,
    seq: i64,
    published_seq: i64,
    stream_seq: i64,
) -> Result<PublishCursor, Inconsistency> {
    let cursor = || -> Result<PublishCursor, BadColumn> {
        Ok(PublishCursor {
            seq: Seq(number("seq", seq)?),
            published_seq: Seq(number("published_seq", published_seq)?),
            stream_seq: number("stream_seq", stream_seq)?,
        })
    };
    cursor().map_err(|error| inconsistent("publish_cursors", tenant, error))
}

/// Counts of merchants by status and stage.
pub(crate) fn status_counts(
    tenant: TenantId,
    counted: Vec<(String, String, i64)>,
) -> Result<Vec<StatusCount>, Inconsistency> {
    let count = |(status, stage, count): (String, String, i64)| -> Result<StatusCount, BadColumn> {
        Ok(StatusCount {
            status: ReviewStatus::from_word(&status).ok_or(BadColumn("status"))?,
            stage: Stage::from_word(&stage).ok_or(BadColumn("stage"))?,
            count: number("count", count)?,
        })
    };
    let counts = counted.into_iter().map(count).collect::<Result<_, _>>();
    counts.map_err(|error| inconsistent("merchants", tenant, error))
}

/// An events row as the database gives it.
pub(crate) struct StoredEventRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) seq: i64,
    pub(crate) event_id: Uuid,
    pub(crate) stream_kind: String,
    pub(crate) stream_id: Uuid,
    pub(crate) version: i64,
    pub(crate) event_type: String,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) actor: String,
    pub(crate) correlation_id: Uuid,
    pub(crate) causation_id: Option<Uuid>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) data: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl StoredEventRow {
    pub(crate) fn into_row(self) -> Result<EventRow, Inconsistency> {
        let key = format!("{} seq {}", TenantId::from_uuid(self.tenant_id), self.seq);
        self.convert().map_err(|error| inconsistent("events", key, error))
    }

    fn convert(self) -> Result<EventRow, BadColumn> {
        Ok(EventRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            seq: Seq(number("seq", self.seq)?),
            event_id: EventId::from_uuid(self.event_id),
            stream: StreamId::from_stored(&self.stream_kind, self.stream_id).ok_or(BadColumn("stream_kind"))?,
            version: Version(number("version", self.version)?),
            event_type: self.event_type,
            recorded_at: self.recorded_at,
            actor: self.actor,
            correlation_id: CorrelationId::from_uuid(self.correlation_id),
            causation_id: self.causation_id.map(EventId::from_uuid),
            idempotency_key: self.idempotency_key,
            data: self.data,
            sealed: self.sealed,
            hash: hash("hash", self.hash)?,
        })
    }
}

/// An `idempotency_keys` row as the database gives it.
pub(crate) struct StoredIdempotencyRow {
    pub(crate) tenant_id: Uuid,
    pub(crate) key: String,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) merchant_id: Uuid,
    pub(crate) link_id: Option<Uuid>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

impl StoredIdempotencyRow {
    pub(crate) fn into_row(self) -> Result<IdempotencyRow, Inconsistency> {
        let key = self.key.clone();
        self.convert()
            .map_err(|error| inconsistent("idempotency_keys", key, error))
    }

    fn convert(self) -> Result<IdempotencyRow, BadColumn> {
        Ok(IdempotencyRow {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            key: self.key,
            fingerprint: hash("fingerprint", self.fingerprint)?,
            merchant_id: MerchantId::from_uuid(self.merchant_id),
            link_id: self.link_id.map(LinkId::from_uuid),
            version: Version(number("version", self.version)?),
            created_at: self.created_at,
            expires_at: self.expires_at,
        })
    }
}
