//! A fact as others see it: in the feed, in a merchant's timeline, in message bodies.
//!
//! The third of three event types. The domain's may change freely, the stored ones are frozen, these are a contract
//! with clients: fields and types may be added to it, and nothing may be taken away.

mod actor;
mod alerts;
pub mod data;
mod destinations;
mod jobs;
mod merchant;
mod named;
mod tenant;
#[cfg(test)]
pub(crate) mod tests;
mod views;

use chrono::{DateTime, Utc};
use registry_journal::RecordedEvent;
use registry_journal::record::StreamEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::actor::ActorDocument;
pub(crate) use self::named::named_with;
pub use self::named::{name_events, name_of};
use crate::shown::{Sight, is_false};

/// The word that tells an event from other objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventObject {
    /// An event.
    Event,
}

/// One fact of the tenant's log.
///
/// Types and words are open lists: pass over what you do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Event)]
pub struct PublicEvent {
    /// Always `event`.
    pub object: EventObject,
    /// The event's id.
    #[schema(example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub id: String,
    /// Position in the tenant's log, without gaps from 1.
    #[schema(example = 41)]
    pub seq: u64,
    /// The merchant that it is about; null for facts about the tenant itself.
    #[schema(required = true, example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub merchant_id: Option<String>,
    /// Position among the merchant's (or the tenant's own) events, without gaps from 1.
    #[schema(example = 7)]
    pub version: u64,
    /// When it was written down. Never decreases within a tenant.
    pub recorded_at: DateTime<Utc>,
    /// Who caused it.
    pub actor: ActorDocument,
    /// On whose behalf the request came that caused it, as the client said in `Registry-On-Behalf-Of`. Absent if it said
    /// nothing, without the scope `personal:read`, and in messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "김 대리")]
    pub on_behalf_of: Option<String>,
    /// Who claimed it, where it is a claim: `callback`, `read_back`, `reconciliation`, `list`.
    #[schema(required = true, example = "callback")]
    pub source: Option<String>,
    /// The request that it belongs to.
    #[schema(example = "req_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub correlation_id: String,
    /// The event that led to it.
    #[schema(required = true)]
    pub causation_id: Option<String>,
    /// The personal part of the event was destroyed: its personal fields are null. Absent otherwise.
    #[serde(default, skip_serializing_if = "is_false")]
    pub erased: bool,
    /// What happened.
    #[serde(flatten)]
    pub data: EventData,
}

/// The type of an event, and what that type tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data")]
#[expect(
    missing_docs,
    reason = "each variant is told by its type and by the struct that it holds"
)]
pub enum EventData {
    #[serde(rename = "merchant.registered")]
    MerchantRegistered(data::MerchantRegistered),
    #[serde(rename = "merchant.details_changed")]
    MerchantDetailsChanged(data::MerchantDetailsChanged),
    #[serde(rename = "merchant.archived")]
    MerchantArchived(data::Nothing),
    #[serde(rename = "merchant.restored")]
    MerchantRestored(data::Nothing),
    #[serde(rename = "merchant.erased")]
    MerchantErased(data::Nothing),
    #[serde(rename = "link.requested")]
    LinkRequested(data::LinkFact),
    #[serde(rename = "link.issued")]
    LinkIssued(data::LinkFact),
    #[serde(rename = "link.issue_failed")]
    LinkIssueFailed(data::LinkIssueFailed),
    #[serde(rename = "link.revoked")]
    LinkRevoked(data::LinkFact),
    #[serde(rename = "link.opened")]
    LinkOpened(data::Nothing),
    #[serde(rename = "link.continued")]
    LinkContinued(data::LinkContinued),
    #[serde(rename = "merchant.returned")]
    MerchantReturned(data::Nothing),
    #[serde(rename = "callback.received")]
    CallbackReceived(data::CallbackReceived),
    #[serde(rename = "callback.discarded")]
    CallbackDiscarded(data::CallbackDiscarded),
    #[serde(rename = "status.observed")]
    StatusObserved(data::StatusObserved),
    #[serde(rename = "review.changed")]
    ReviewChanged(data::ReviewChanged),
    #[serde(rename = "business.changed")]
    BusinessChanged(data::BusinessChanged),
    #[serde(rename = "upstream.unlinked")]
    UpstreamUnlinked(data::Nothing),
    #[serde(rename = "upstream.relinked")]
    UpstreamRelinked(data::Nothing),
    #[serde(rename = "confirmation.requested")]
    ConfirmationRequested(data::ConfirmationRequested),
    #[serde(rename = "confirmation.resolved")]
    ConfirmationResolved(data::ConfirmationResolved),
    #[serde(rename = "payment.approved")]
    PaymentApproved(data::PaymentApproved),
    #[serde(rename = "note.added")]
    NoteAdded(data::NoteAdded),
    #[serde(rename = "tenant.created")]
    TenantCreated(data::TenantCreated),
    #[serde(rename = "tenant.upstream_configured")]
    TenantUpstreamConfigured(data::Nothing),
    #[serde(rename = "tenant.suspended")]
    TenantSuspended(data::Nothing),
    #[serde(rename = "tenant.resumed")]
    TenantResumed(data::Nothing),
    #[serde(rename = "api_key.issued")]
    ApiKeyIssued(data::ApiKeyIssued),
    #[serde(rename = "api_key.rotated")]
    ApiKeyRotated(data::ApiKeyRotated),
    #[serde(rename = "api_key.revoked")]
    ApiKeyRevoked(data::ApiKeyRevoked),
    #[serde(rename = "member.added")]
    MemberAdded(data::Membership),
    #[serde(rename = "member.role_changed")]
    MemberRoleChanged(data::Membership),
    #[serde(rename = "member.removed")]
    MemberRemoved(data::MemberRemoved),
    #[serde(rename = "role_mappings.replaced")]
    RoleMappingsReplaced(data::RoleMappingsReplaced),
    #[serde(rename = "unclaimed_merchant.seen")]
    UnclaimedMerchantSeen(data::UnclaimedMerchantSeen),
    #[serde(rename = "callback.quarantined")]
    CallbackQuarantined(data::CallbackQuarantined),
    #[serde(rename = "tenant.settings_changed")]
    TenantSettingsChanged(data::TenantSettingsChanged),
    #[serde(rename = "unclaimed_merchant.listed")]
    UnclaimedMerchantListed(data::UnclaimedMerchantListed),
    #[serde(rename = "unclaimed_merchant.adopted")]
    UnclaimedMerchantAdopted(data::UnclaimedMerchantAdopted),
    #[serde(rename = "unclaimed_merchant.dismissed")]
    UnclaimedMerchantDismissed(data::UnclaimedMerchantDismissed),
    #[serde(rename = "unclaimed_callback.discarded")]
    UnclaimedCallbackDiscarded(data::CallbackDiscarded),
    #[serde(rename = "upstream.paused")]
    UpstreamPaused(data::UpstreamPaused),
    #[serde(rename = "upstream.resumed")]
    UpstreamResumed(data::Nothing),
    #[serde(rename = "balance.low")]
    BalanceLow(data::Balance),
    #[serde(rename = "balance.recovered")]
    BalanceRecovered(data::Balance),
    #[serde(rename = "callbacks.missing")]
    CallbacksMissing(data::CallbacksMissing),
    #[serde(rename = "callbacks.seen")]
    CallbacksSeen(data::Nothing),
    #[serde(rename = "personal.revealed")]
    PersonalRevealed(data::PersonalRevealed),
    #[serde(rename = "payload.opened")]
    PayloadOpened(data::PayloadOpened),
    #[serde(rename = "merchants.exported")]
    MerchantsExported(data::MerchantsExported),
    #[serde(rename = "export.taken")]
    ExportTaken(data::ExportTaken),
    #[serde(rename = "access.refused")]
    AccessRefused(data::AccessRefused),
    #[serde(rename = "session.opened")]
    SessionOpened(data::Nothing),
    #[serde(rename = "session.refused")]
    SessionRefused(data::SessionRefused),
    #[serde(rename = "session.closed")]
    SessionClosed(data::SessionClosed),
    #[serde(rename = "alert_rule.set")]
    AlertRuleSet(data::AlertRule),
    #[serde(rename = "alert_rule.removed")]
    AlertRuleRemoved(data::AlertRuleRemoved),
    #[serde(rename = "alert.raised")]
    AlertRaised(data::AlertRaised),
    #[serde(rename = "alert.acknowledged")]
    AlertAcknowledged(data::AlertAcknowledged),
    #[serde(rename = "alert.snoozed")]
    AlertSnoozed(data::AlertSnoozed),
    #[serde(rename = "alert.resolved")]
    AlertResolved(data::AlertResolved),
    #[serde(rename = "event_destination.created")]
    EventDestinationCreated(data::EventDestination),
    #[serde(rename = "event_destination.changed")]
    EventDestinationChanged(data::EventDestination),
    #[serde(rename = "event_destination.secret_rotated")]
    EventDestinationSecretRotated(data::EventDestinationSecretRotated),
    #[serde(rename = "event_destination.enabled")]
    EventDestinationEnabled(data::OfEventDestination),
    #[serde(rename = "event_destination.disabled")]
    EventDestinationDisabled(data::EventDestinationDisabled),
    #[serde(rename = "event_destination.removed")]
    EventDestinationRemoved(data::OfEventDestination),
    #[serde(rename = "view.created")]
    ViewCreated(data::OfView),
    #[serde(rename = "view.changed")]
    ViewChanged(data::OfView),
    #[serde(rename = "view.shared")]
    ViewShared(data::OfView),
    #[serde(rename = "view.unshared")]
    ViewUnshared(data::OfView),
    #[serde(rename = "view.removed")]
    ViewRemoved(data::OfView),
    #[serde(rename = "job.confirmed")]
    JobConfirmed(data::JobConfirmed),
    #[serde(rename = "job.paused")]
    JobPaused(data::OfJob),
    #[serde(rename = "job.resumed")]
    JobResumed(data::OfJob),
    #[serde(rename = "job.cancelled")]
    JobCancelled(data::OfJob),
    #[serde(rename = "job.finished")]
    JobFinished(data::JobFinished),
}

macro_rules! event_types {
    ($($variant:ident => $event_type:literal,)+) => {
        impl EventData {
            /// Every type there is.
            pub const TYPES: &[&'static str] = &[$($event_type),+];

            /// The dotted type: a group, a dot, and what happened.
            pub const fn event_type(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $event_type,)+
                }
            }
        }
    };
}

event_types! {
    MerchantRegistered => "merchant.registered",
    MerchantDetailsChanged => "merchant.details_changed",
    MerchantArchived => "merchant.archived",
    MerchantRestored => "merchant.restored",
    MerchantErased => "merchant.erased",
    LinkRequested => "link.requested",
    LinkIssued => "link.issued",
    LinkIssueFailed => "link.issue_failed",
    LinkRevoked => "link.revoked",
    LinkOpened => "link.opened",
    LinkContinued => "link.continued",
    MerchantReturned => "merchant.returned",
    CallbackReceived => "callback.received",
    CallbackDiscarded => "callback.discarded",
    StatusObserved => "status.observed",
    ReviewChanged => "review.changed",
    BusinessChanged => "business.changed",
    UpstreamUnlinked => "upstream.unlinked",
    UpstreamRelinked => "upstream.relinked",
    ConfirmationRequested => "confirmation.requested",
    ConfirmationResolved => "confirmation.resolved",
    PaymentApproved => "payment.approved",
    NoteAdded => "note.added",
    TenantCreated => "tenant.created",
    TenantUpstreamConfigured => "tenant.upstream_configured",
    TenantSuspended => "tenant.suspended",
    TenantResumed => "tenant.resumed",
    ApiKeyIssued => "api_key.issued",
    ApiKeyRotated => "api_key.rotated",
    ApiKeyRevoked => "api_key.revoked",
    MemberAdded => "member.added",
    MemberRoleChanged => "member.role_changed",
    MemberRemoved => "member.removed",
    RoleMappingsReplaced => "role_mappings.replaced",
    UnclaimedMerchantSeen => "unclaimed_merchant.seen",
    CallbackQuarantined => "callback.quarantined",
    TenantSettingsChanged => "tenant.settings_changed",
    UnclaimedMerchantListed => "unclaimed_merchant.listed",
    UnclaimedMerchantAdopted => "unclaimed_merchant.adopted",
    UnclaimedMerchantDismissed => "unclaimed_merchant.dismissed",
    UnclaimedCallbackDiscarded => "unclaimed_callback.discarded",
    UpstreamPaused => "upstream.paused",
    UpstreamResumed => "upstream.resumed",
    BalanceLow => "balance.low",
    BalanceRecovered => "balance.recovered",
    CallbacksMissing => "callbacks.missing",
    CallbacksSeen => "callbacks.seen",
    PersonalRevealed => "personal.revealed",
    PayloadOpened => "payload.opened",
    MerchantsExported => "merchants.exported",
    ExportTaken => "export.taken",
    AccessRefused => "access.refused",
    SessionOpened => "session.opened",
    SessionRefused => "session.refused",
    SessionClosed => "session.closed",
    AlertRuleSet => "alert_rule.set",
    AlertRuleRemoved => "alert_rule.removed",
    AlertRaised => "alert.raised",
    AlertAcknowledged => "alert.acknowledged",
    AlertSnoozed => "alert.snoozed",
    AlertResolved => "alert.resolved",
    EventDestinationCreated => "event_destination.created",
    EventDestinationChanged => "event_destination.changed",
    EventDestinationSecretRotated => "event_destination.secret_rotated",
    EventDestinationEnabled => "event_destination.enabled",
    EventDestinationDisabled => "event_destination.disabled",
    EventDestinationRemoved => "event_destination.removed",
    ViewCreated => "view.created",
    ViewChanged => "view.changed",
    ViewShared => "view.shared",
    ViewUnshared => "view.unshared",
    ViewRemoved => "view.removed",
    JobConfirmed => "job.confirmed",
    JobPaused => "job.paused",
    JobResumed => "job.resumed",
    JobCancelled => "job.cancelled",
    JobFinished => "job.finished",
}

/// The public form of a fact about a merchant, whether or not it was written down.
pub fn merchant_fact(event: &registry_domain::merchant::Event) -> EventData {
    merchant::data(event)
}

/// The public form of a recorded event.
pub fn public_event(recorded: &RecordedEvent) -> PublicEvent {
    let (source, data) = match &recorded.event {
        StreamEvent::Merchant(event) => (merchant::source(event), merchant::data(event)),
        StreamEvent::Tenant(event) => (tenant::source(event), tenant::data(event)),
    };
    PublicEvent {
        object: EventObject::Event,
        id: recorded.event_id.to_string(),
        seq: recorded.stamp.seq.0,
        merchant_id: recorded.stream.merchant_id().map(|id| id.to_string()),
        version: recorded.stamp.version.0,
        recorded_at: recorded.stamp.recorded_at,
        actor: ActorDocument::from_actor(&recorded.actor),
        on_behalf_of: None,
        source: source.map(|source| source.as_str().to_owned()),
        correlation_id: recorded.correlation_id.to_string(),
        causation_id: recorded.causation_id.map(|id| id.to_string()),
        erased: recorded.erased,
        data,
    }
}

/// The same as a reader may see it.
pub fn event_shown(recorded: &RecordedEvent, sight: Sight) -> PublicEvent {
    let on_behalf_of = match sight {
        Sight::Whole => recorded.on_behalf_of.as_ref(),
        Sight::Masked => None,
    };
    PublicEvent {
        on_behalf_of: on_behalf_of.map(|name| name.as_str().to_owned()),
        ..public_event(recorded)
    }
}
