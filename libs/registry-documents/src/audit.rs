//! Who did what, as others see it.

use chrono::{DateTime, Utc};
use registry_domain::tenant::{Access, Event};
use registry_journal::RecordedEvent;
use registry_journal::port::AuditEntry;
use registry_journal::record::StreamEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::ActorDocument;

/// The word that tells an entry from other objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditObject {
    /// An entry.
    AuditEntry,
}

/// Something that a person or a program did, or was refused.
///
/// Actions and channels are open lists: pass over what you do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditDocument {
    /// Always `audit_entry`.
    pub object: AuditObject,
    /// The id of the event that tells of it.
    #[schema(example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub id: String,
    /// That event's position in your log.
    #[schema(example = 41)]
    pub seq: u64,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// Who.
    pub actor: ActorDocument,
    /// On whose behalf, as the client said.
    #[schema(required = true, example = "김 대리")]
    pub on_behalf_of: Option<String>,
    /// What was done: the type of the event. What was only read or refused has a type too: `personal.revealed`,
    /// `payload.opened`, `merchants.exported`, `export.taken`, `access.refused`, `session.opened`, `session.refused`, `session.closed`.
    #[schema(example = "merchant.archived")]
    pub action: String,
    /// What became of it: `done`, `refused`.
    #[schema(example = "done")]
    pub outcome: String,
    /// Through what: `console`, `api`, `command_line`.
    #[schema(example = "api")]
    pub channel: String,
    /// The merchant that it was done to.
    #[schema(required = true, example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub merchant_id: Option<String>,
    /// The address that the request came from, as far as your proxies are known. Null once the personal data of the merchant
    /// was destroyed.
    #[schema(required = true, example = "198.51.100.7")]
    pub address: Option<String>,
    /// The request.
    #[schema(example = "req_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub request_id: String,
    /// What was asked for, where it was refused.
    #[schema(required = true, example = "GET /v1/audit")]
    pub operation: Option<String>,
    /// The scope that was lacking, where it was refused.
    #[schema(required = true, example = "audit:read")]
    pub required_scope: Option<String>,
    /// How often it was refused since the last such entry.
    #[schema(required = true, example = 1)]
    pub count: Option<u64>,
}

/// The public form of an entry and its event.
pub fn audit_entry(entry: &AuditEntry, recorded: &RecordedEvent) -> AuditDocument {
    let refused = refused(&recorded.event);
    AuditDocument {
        object: AuditObject::AuditEntry,
        id: recorded.event_id.to_string(),
        seq: recorded.stamp.seq.0,
        recorded_at: recorded.stamp.recorded_at,
        actor: ActorDocument::from_actor(&recorded.actor),
        on_behalf_of: recorded.on_behalf_of.as_ref().map(|name| name.as_str().to_owned()),
        action: entry.action.clone(),
        outcome: entry.outcome.as_str().to_owned(),
        channel: entry.channel.as_str().to_owned(),
        merchant_id: entry.merchant_id.map(|id| id.to_string()),
        address: recorded.address.map(|address| address.to_string()),
        request_id: recorded.correlation_id.to_string(),
        operation: refused.operation,
        required_scope: refused.required_scope,
        count: refused.count,
    }
}

#[derive(Default)]
struct Refused {
    operation: Option<String>,
    required_scope: Option<String>,
    count: Option<u64>,
}

fn refused(event: &StreamEvent) -> Refused {
    match event {
        StreamEvent::Tenant(Event::Access(Access::Refused {
            operation,
            scope,
            count,
        })) => Refused {
            operation: Some(operation.clone()),
            required_scope: Some(scope.as_str().to_owned()),
            count: Some(*count),
        },
        StreamEvent::Tenant(Event::Access(Access::SignInRefused { count })) => Refused {
            count: Some(*count),
            ..Refused::default()
        },
        StreamEvent::Merchant(_) | StreamEvent::Tenant(_) => Refused::default(),
    }
}
