//! The facts of a tenant's own stream.

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::access::Access;
use super::command::Upstream;
use super::settings::{Settings, SilenceDays};
use super::state::{Scope, SecretHash, Slug};
use crate::alerts::{AlertFact, AlertRule, Subject};
use crate::codes::Reference;
use crate::destinations::DestinationFact;
use crate::ids::{EventId, KeyId, MerchantId, PersonId};
use crate::jobs::JobFact;
use crate::merchant::{QuarantineReason, RawPayload};
use crate::people::{MappingChange, Rights};
use crate::review::MappingStatus;
use crate::text::{FreeText, Label};
use crate::views::ViewFact;

/// A fact in a tenant's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The tenant came to be.
    TenantCreated {
        /// Its short name.
        slug: Slug,
        /// Its name.
        name: Label,
    },
    /// It was said how its calls reach Paymint.
    UpstreamConfigured {
        /// How.
        upstream: Upstream,
    },
    /// Its API keys are refused from now on.
    TenantSuspended,
    /// Its API keys work again.
    TenantResumed,
    /// An API key was issued.
    ApiKeyIssued {
        /// The key.
        key_id: KeyId,
        /// What its owner calls it.
        name: Label,
        /// What it may do.
        scopes: Vec<Scope>,
        /// From where it may be used; from anywhere if there is none.
        networks: Vec<IpNet>,
        /// Hash of its secret.
        secret_hash: SecretHash,
        /// From when on it no longer works by itself.
        expires_at: Option<DateTime<Utc>>,
    },
    /// Another API key has taken the place of one. It may do the same, from the same networks, under the same name.
    ApiKeyRotated {
        /// The key that is replaced.
        key_id: KeyId,
        /// Until when it works beside the new one.
        works_until: DateTime<Utc>,
        /// The new key.
        successor: KeyId,
        /// Hash of the new one's secret.
        secret_hash: SecretHash,
        /// From when on the new one no longer works by itself.
        expires_at: Option<DateTime<Utc>>,
    },
    /// An API key was revoked.
    ApiKeyRevoked {
        /// The key.
        key_id: KeyId,
    },
    /// A person belongs to the tenant from now on.
    MemberAdded {
        /// Who.
        person_id: PersonId,
        /// What they may do.
        rights: Rights,
        /// Their groups at the OpenID provider say so.
        by_groups: bool,
    },
    /// A person may do something else from now on.
    MemberRoleChanged {
        /// Who.
        person_id: PersonId,
        /// What they may do.
        rights: Rights,
        /// Their groups at the OpenID provider say so.
        by_groups: bool,
    },
    /// A person no longer belongs to the tenant.
    MemberRemoved {
        /// Who.
        person_id: PersonId,
    },
    /// A callback came for a pair of codes that the tenant never registered.
    UnclaimedMerchantSeen {
        /// The pair.
        reference: Reference,
        /// When the last byte arrived.
        received_at: DateTime<Utc>,
        /// The body of the callback.
        payload: RawPayload,
        /// Whether the sender's address is one of Paymint's; none when that was not checked.
        sender_listed: Option<bool>,
        /// Some of the body could not be read: U+FFFD stands in its place.
        decoded_with_loss: bool,
    },
    /// A callback came through the tenant-level URL and could not be used.
    CallbackQuarantined {
        /// Why.
        reason: QuarantineReason,
        /// When the last byte arrived.
        received_at: DateTime<Utc>,
        /// The body of the callback.
        payload: RawPayload,
        /// Whether the sender's address is one of Paymint's; none when that was not checked.
        sender_listed: Option<bool>,
        /// Some of the body could not be read: U+FFFD stands in its place.
        decoded_with_loss: bool,
    },
    /// A callback in this stream's quarantine was given up.
    CallbackDiscarded {
        /// The event that recorded it.
        event_id: EventId,
        /// What the tenant wrote to it.
        reason: FreeText,
    },
    /// Upstream's list has a pair that the tenant never registered: Paymint's staff link shops by hand too.
    UnclaimedMerchantListed {
        /// The pair.
        reference: Reference,
        /// What the list says of it.
        mapping_status: Option<MappingStatus>,
        /// When the list arrived.
        read_at: DateTime<Utc>,
    },
    /// The tenant made a pair that nobody had claimed its own.
    UnclaimedMerchantAdopted {
        /// The pair.
        reference: Reference,
        /// The merchant that it is now.
        merchant_id: MerchantId,
    },
    /// The tenant will have nothing to do with a pair.
    UnclaimedMerchantDismissed {
        /// The pair.
        reference: Reference,
        /// What the tenant wrote to it.
        reason: FreeText,
    },
    /// The settings are these from now on.
    SettingsChanged {
        /// All of them.
        settings: Settings,
    },
    /// Calls to upstream stopped: it refuses the partner itself.
    UpstreamPaused {
        /// Paymint's code.
        code: String,
    },
    /// Calls to upstream go on.
    UpstreamResumed,
    /// The balance fell below what the tenant calls low.
    BalanceLow {
        /// The threshold, in points.
        threshold: i64,
        /// The balance that was read, in points.
        seen: i64,
    },
    /// The balance is no longer low.
    BalanceRecovered {
        /// The threshold that it had fallen below, in points.
        threshold: i64,
        /// The balance that was read, in points.
        seen: i64,
    },
    /// Links were issued and no callback has come for any of the tenant's merchants since.
    CallbacksMissing {
        /// When the oldest of these links was issued.
        since: DateTime<Utc>,
        /// How many they are.
        links: u64,
        /// For how long that counts as normal.
        after: SilenceDays,
    },
    /// Callbacks arrive again.
    CallbacksSeen,
    /// Somebody had access to the tenant's data, or was refused it.
    Access(Access),
    /// The tenant wants to be told of something from now on, or in another way.
    AlertRuleSet {
        /// The rule.
        rule: AlertRule,
    },
    /// The tenant does not want to be told of something any more.
    AlertRuleRemoved {
        /// Of what.
        subject: Subject,
    },
    /// Something happened to an alert about the tenant itself.
    Alert(AlertFact),
    /// Something happened to a destination of its alerts.
    Destination(DestinationFact),
    /// Other groups of the OpenID provider are roles here from now on.
    RoleMappingsReplaced {
        /// What became of which groups.
        changes: Vec<MappingChange>,
    },
    /// Somebody did something to a view.
    View(ViewFact),
    /// Something happened to a job.
    Job(JobFact),
}
