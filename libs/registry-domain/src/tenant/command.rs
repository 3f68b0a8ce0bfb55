//! What a tenant can be asked to do, and what can be reported to it. A command holds what its sender knows, and nothing else.

use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;

use super::access::Access;
use super::settings::SettingsChange;
use super::state::{Scope, SecretHash, Slug};
use crate::alerts::{AlertRefusal, AlertRule, HealthCondition, Subject};
use crate::calendar::TooManyOwnDays;
use crate::codes::Reference;
use crate::destinations::{DestinationRefusal, DestinationWish};
use crate::ids::{AlertId, EventId, KeyId, MerchantId, PersonId, TenantId, Version};
use crate::jobs::JobFact;
use crate::merchant::{QuarantineReason, Receipt, SecretText};
use crate::people::{MappingChange, Rights};
use crate::review::MappingStatus;
use crate::text::Label;
use crate::views::ViewFact;

/// How a tenant's calls reach Paymint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Base URL of the Partner API, handed over by Paymint per environment. There is no default.
    pub base_url: String,
    /// The partner's `apiKey`.
    pub api_key: SecretText,
}

/// What a new tenant begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: Label,
}

/// An API key to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyIssue {
    /// Its id.
    pub key_id: KeyId,
    /// What its owner calls it.
    pub name: Label,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// From where it may be used; from anywhere if there is none.
    pub networks: Vec<IpNet>,
    /// Hash of its secret.
    pub secret_hash: SecretHash,
    /// From when on it shall no longer work.
    pub expires_at: Option<DateTime<Utc>>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A key that shall take the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotation {
    /// The key that is replaced.
    pub key_id: KeyId,
    /// The id of the new one.
    pub successor: KeyId,
    /// Hash of the new one's secret.
    pub secret_hash: SecretHash,
    /// For how long the old one works beside it.
    pub overlap: TimeDelta,
    /// From when on the new one shall no longer work. None if that is for the old one to say: one that had a lifetime has a
    /// successor with as long a one.
    pub expires_at: Option<DateTime<Utc>>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A callback that came through a tenant-level URL and belongs to no merchant of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnclaimedClaim {
    /// It names a pair that was never registered.
    UnknownPair(Reference),
    /// It names no pair, or cannot be read.
    Unusable(QuarantineReason),
}

/// A pair in upstream's list that the tenant never registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPair {
    /// The pair.
    pub reference: Reference,
    /// What the list says of it.
    pub mapping_status: Option<MappingStatus>,
    /// When the list arrived.
    pub read_at: DateTime<Utc>,
}

/// What becomes of a pair that nobody has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnclaimedResolution {
    /// It is this merchant now.
    Adopted(MerchantId),
    /// It is none of the tenant's, for this reason.
    Dismissed(Label),
}

/// Links that were issued and about which upstream has said nothing: not one callback came for any merchant of the
/// tenant since the oldest of them was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilentLinks {
    /// When the oldest of them was issued.
    pub since: DateTime<Utc>,
    /// How many there are.
    pub links: u64,
}

/// Whether a tenant may be left without anybody who says what its people may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastManager {
    /// No: whoever asks for that has most likely not noticed.
    Stays,
    /// Yes: it was said that it is meant, or whoever keeps the groups of people has said so.
    MayGo,
}

/// What whoever changes a rule knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedRule {
    /// There is none.
    Absent,
    /// It was set by this event.
    SetBy(Version),
    /// Nothing, and that does not matter.
    Any,
}

/// Everything a tenant can be asked or told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Create it.
    Create(Creation),
    /// Say how its calls reach Paymint.
    ConfigureUpstream(Upstream),
    /// Refuse its API keys.
    Suspend,
    /// Accept its API keys again.
    Resume,
    /// Issue an API key.
    IssueKey(KeyIssue),
    /// Put another API key in the place of one.
    RotateKey(KeyRotation),
    /// Revoke an API key.
    RevokeKey(KeyId),
    /// Take a person among the tenant's own.
    AddMember {
        /// Who. That there is such a person is for the sender to know: people are in no log.
        person_id: PersonId,
        /// What they may do.
        rights: Rights,
        /// Their groups at the OpenID provider say so.
        by_groups: bool,
    },
    /// Say anew what a person may do.
    ChangeMember {
        /// Who.
        person_id: PersonId,
        /// What they may do from now on.
        rights: Rights,
        /// Their groups at the OpenID provider say so.
        by_groups: bool,
        /// Whether that may leave the tenant without a manager.
        last_manager: LastManager,
    },
    /// A person no longer belongs to the tenant.
    RemoveMember {
        /// Who.
        person_id: PersonId,
        /// Whether that may leave the tenant without a manager.
        last_manager: LastManager,
    },
    /// A callback came in that belongs to no merchant.
    ReceiveUnclaimed(Box<Receipt>, UnclaimedClaim),
    /// Upstream's list has a pair that is no merchant's.
    ReceiveListed(ListedPair),
    /// Say what becomes of a pair that nobody has claimed.
    ResolveUnclaimed {
        /// The pair.
        reference: Reference,
        /// What becomes of it.
        resolution: UnclaimedResolution,
    },
    /// Give up a callback in this stream's quarantine.
    DiscardCallback {
        /// The event that recorded it.
        event_id: EventId,
        /// Why.
        reason: Label,
    },
    /// Change settings.
    ChangeSettings(Box<SettingsChange>),
    /// Stop all calls to upstream: it refuses the partner itself, so every call would fail alike.
    PauseUpstream {
        /// Paymint's code, such as `PARTNER_006`.
        code: String,
    },
    /// Go on with the calls.
    ResumeUpstream,
    /// The balance was read.
    RecordBalance {
        /// Points.
        points: i64,
    },
    /// Judge whether callbacks arrive.
    JudgeCallbacks {
        /// The links that wait for a first word; none if a callback came since the last was issued.
        silent: Option<SilentLinks>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Somebody has access to the tenant's data, or is refused it.
    RecordAccess(Access),
    /// Say of what the tenant wants to be told.
    SetAlertRule {
        /// The rule, in place of the one that there is for the same.
        rule: AlertRule,
        /// What is known of that one.
        expected: ExpectedRule,
    },
    /// Say that the tenant does not want to be told of something any more.
    RemoveAlertRule {
        /// Of what.
        subject: Subject,
        /// What is known of the rule.
        expected: ExpectedRule,
    },
    /// Find out whether somebody is to be told of what is wrong with the tenant itself.
    JudgeHealth {
        /// What may be wrong.
        condition: HealthCondition,
        /// How much there is, where something is counted.
        count: u64,
        /// The id of an alert to be.
        alert_id: AlertId,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Take note of an alert.
    AcknowledgeAlert {
        /// Which.
        alert_id: AlertId,
        /// Only if it was changed last by this event.
        expected: Option<Version>,
    },
    /// Put an alert to sleep, or wake it.
    SnoozeAlert {
        /// Which.
        alert_id: AlertId,
        /// Until when; none for from now on again.
        until: Option<DateTime<Utc>>,
        /// Only if it was changed last by this event.
        expected: Option<Version>,
    },
    /// Say to whom or what the tenant's alerts are carried.
    Destination(Box<DestinationWish>),
    /// Write down that other groups of the OpenID provider are roles from now on.
    RecordRoleMappings(Vec<MappingChange>),
    /// Write down that somebody did something to a view.
    RecordView(ViewFact),
    /// Write down that something happened to a job.
    RecordJob(JobFact),
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such tenant.
    #[error("no such tenant")]
    NoSuchTenant,
    /// The slug is taken.
    #[error("a tenant with this slug exists")]
    SlugTaken {
        /// By this one.
        existing: TenantId,
    },
    /// The slug is a word of the registry's own.
    #[error("the slug is a word that stands in addresses of the console; choose another")]
    SlugReserved,
    /// The tenant has as many keys as one may have.
    #[error("the tenant has too many API keys")]
    TooManyKeys,
    /// The tenant has no such key.
    #[error("no such API key")]
    NoSuchKey,
    /// The key does not work any more, so nothing can take its place.
    #[error("the API key has expired or was revoked")]
    KeyEnded,
    /// A key with this id was issued with other properties.
    #[error("an API key with this id exists")]
    KeyIdTaken,
    /// The tenant has as many people as one may have.
    #[error("the tenant has too many people")]
    TooManyMembers,
    /// The person belongs to the tenant already.
    #[error("the person belongs to the tenant already")]
    MemberExists,
    /// The person does not belong to the tenant.
    #[error("no such person belongs to the tenant")]
    NoSuchMember,
    /// Nobody would be left who says what the tenant's people may do.
    #[error("the person is the tenant's last manager")]
    LastManager,
    /// No such pair waits to be claimed.
    #[error("no such unclaimed merchant")]
    NoSuchUnclaimed,
    /// No such callback is in quarantine.
    #[error("no such callback is in quarantine")]
    NotQuarantined,
    /// Upstream would be asked with both codes under one name.
    #[error("the fields for the member code and the merchant code must have different names")]
    OneFieldName,
    /// There is a rule for it already.
    #[error("there is a rule for this already")]
    RuleExists,
    /// There is no rule for it.
    #[error("there is no rule for this")]
    NoSuchRule,
    /// The rule has changed since it was seen.
    #[error("the rule has changed")]
    RuleChanged,
    /// Nothing came of a wish about destinations.
    #[error(transparent)]
    Destination(#[from] DestinationRefusal),
    /// Nothing can be said to the alert.
    #[error(transparent)]
    Alert(#[from] AlertRefusal),
    /// The tenant would have more days of its own than one may have.
    #[error(transparent)]
    OwnDays(#[from] TooManyOwnDays),
}
