//! Who did what: one row for each thing that a person or a program did, or was refused.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::tenant::AuditOutcome;
use registry_domain::{Channel, MerchantId, Seq, TenantId};

use super::{PageSize, ReadError};
use crate::record::{EventRow, actor_from_text};
use crate::stored::merchant_accessed;

/// A thing that somebody did, by what it is looked for. All else stands in the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Whose log.
    pub tenant_id: TenantId,
    /// The event that tells of it.
    pub seq: Seq,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// The id of whoever did it, as [`registry_domain::Actor::id`] says it.
    pub actor: String,
    /// Through what.
    pub channel: Channel,
    /// What was done: the event's type.
    pub action: String,
    /// The merchant that it was done to.
    pub merchant_id: Option<MerchantId>,
    /// What became of it.
    pub outcome: AuditOutcome,
}

impl AuditEntry {
    /// What somebody did, if the event tells of that: the first of those that one command caused, by a person or a program.
    /// It follows from the row alone, so that a log can be looked through again.
    pub fn of(row: &EventRow) -> Option<Self> {
        if row.causation_id.is_some() {
            return None;
        }
        let actor = actor_from_text(&row.actor)?;
        let channel = actor.channel()?;
        let merchant = row.stream.merchant_id();
        Some(Self {
            tenant_id: row.tenant_id,
            seq: row.seq,
            recorded_at: row.recorded_at,
            actor: actor.id()?,
            channel,
            action: row.event_type.clone(),
            merchant_id: merchant.or_else(|| merchant_accessed(&row.event_type, &row.data)),
            outcome: match row.event_type.as_str() {
                "access.refused" | "session.refused" => AuditOutcome::Refused,
                _ => AuditOutcome::Done,
            },
        })
    }
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only by this one.
    pub actor: Option<String>,
    /// Only these; empty for all.
    pub actions: Vec<String>,
    /// Only to this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Only through this.
    pub channel: Option<Channel>,
    /// Only with this outcome.
    pub outcome: Option<AuditOutcome>,
    /// Not before this moment.
    pub from: Option<DateTime<Utc>>,
    /// Not after this moment.
    pub to: Option<DateTime<Utc>>,
}

/// One page of what was done, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// What is looked for.
    pub filter: AuditFilter,
    /// Only before this position.
    pub before: Option<Seq>,
    /// At most so many.
    pub limit: PageSize,
}

/// Reading who did what.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// A page of what was done, the newest first.
    async fn audit(&self, tenant: TenantId, query: &AuditQuery) -> Result<Vec<AuditEntry>, ReadError>;

    /// What was done at these positions, as far as something was, in no order.
    async fn audit_at(&self, tenant: TenantId, places: &[Seq]) -> Result<Vec<AuditEntry>, ReadError>;

    /// The events at these positions, as far as the log reaches, in no order.
    async fn events_at(&self, tenant: TenantId, places: &[Seq]) -> Result<Vec<EventRow>, ReadError>;
}
