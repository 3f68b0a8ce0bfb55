//! What the registry knows about a tenant.

use crate::words::words;
use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::settings::Settings;
use crate::alerts::{Alert, Ground, HealthCondition, SetAlertRule, Subject};
use crate::destinations::Destination;
use crate::ids::{DestinationId, KeyId, PersonId, Seq, TenantId, Version};
use crate::people::{Member, Role};
use crate::text::Label;

/// Most API keys of a tenant that work at once. Of those that have ended as many are remembered.
pub const KEYS_MAX: usize = 100;

/// Most networks that an API key may be bound to.
pub const KEY_NETWORKS_MAX: usize = 20;

/// Most people that a tenant may have.
pub const MEMBERS_MAX: usize = 500;

/// Words that stand in addresses of the console where a tenant's slug does. No tenant is called so from now on.
pub const RESERVED_SLUGS: [&str; 8] = [
    "assets",
    "enter",
    "join",
    "licences",
    "look",
    "sign-in",
    "sign-out",
    "signed-out",
];

/// Why a text is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 3 to 40 characters out of a-z, 0-9 and -, beginning and ending with a letter or digit")]
pub struct SlugError;

/// A tenant's short name. It stands in NATS subjects and stream names, so it never changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// Reads a slug: `[a-z0-9][a-z0-9-]{1,38}[a-z0-9]`.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let shaped = (3..=40).contains(&text.len()) && text.bytes().all(inner);
        if shaped && !text.starts_with('-') && !text.ends_with('-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(SlugError)
        }
    }

    /// Whether it is a word that no tenant may be called by any more.
    pub fn is_reserved(&self) -> bool {
        RESERVED_SLUGS.contains(&self.0.as_str())
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a tenant may work. A suspended tenant still receives callbacks: what upstream says is never lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantState {
    /// Everything works.
    Active,
    /// Its API keys are refused.
    Suspended,
}

words!(TenantState {
    Active => "active",
    Suspended => "suspended",
});

/// What an API key or a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read merchants, links and statistics.
    MerchantsRead,
    /// Register and change merchants.
    MerchantsWrite,
    /// Issue and revoke registration links.
    LinksWrite,
    /// Read the event feed.
    EventsRead,
    /// Read the raw bytes of callbacks.
    PayloadsRead,
    /// Drive callbacks in quarantine again, bind them to a merchant, give them up.
    QuarantineWrite,
    /// Ask Paymint now: about a merchant, or for a balance.
    UpstreamAsk,
    /// Change the tenant's settings.
    SettingsWrite,
    /// See business numbers in full, and open what is kept of persons.
    PersonalRead,
    /// Write notes on merchants.
    NotesWrite,
    /// Take lists out as files.
    ExportsCreate,
    /// Issue, rotate and revoke API keys.
    KeysWrite,
    /// Say who of the tenant's people may do what.
    PeopleWrite,
    /// Read who did what.
    AuditRead,
    /// Take note of alerts and put them to sleep.
    AlertsWrite,
    /// Keep views of the list of merchants, of one's own and shared ones.
    ViewsWrite,
    /// Have one thing done to many merchants.
    JobsWrite,
}

words!(Scope {
    MerchantsRead => "merchants:read",
    MerchantsWrite => "merchants:write",
    LinksWrite => "links:write",
    EventsRead => "events:read",
    PayloadsRead => "payloads:read",
    QuarantineWrite => "quarantine:write",
    UpstreamAsk => "upstream:ask",
    SettingsWrite => "settings:write",
    PersonalRead => "personal:read",
    NotesWrite => "notes:write",
    ExportsCreate => "exports:create",
    KeysWrite => "keys:write",
    PeopleWrite => "people:write",
    AuditRead => "audit:read",
    AlertsWrite => "alerts:write",
    ViewsWrite => "views:write",
    JobsWrite => "jobs:write",
});

impl Scope {
    /// Scopes in one order, each once, so that equal sets are equal lists.
    pub fn in_order(mut scopes: Vec<Self>) -> Vec<Self> {
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }
}

/// SHA-256 of an API key's secret. The secret has 256 random bits, so a plain hash cannot be guessed back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(hidden)")
    }
}

/// An API key. Its secret was shown once and is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: Label,
    /// What it may do, [in order](Scope::in_order).
    pub scopes: Vec<Scope>,
    /// From where it may be used; from anywhere if there is none.
    pub networks: Vec<IpNet>,
    /// Against what a presented secret is compared.
    pub secret_hash: SecretHash,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// From when on it no longer works by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The key that has taken its place.
    pub successor: Option<KeyId>,
}

impl ApiKey {
    /// Whether the key works at a moment.
    pub fn is_usable(&self, at: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| at < expires_at)
    }

    /// Whether the key may be used from an address. One whose sender is not known comes from nowhere in particular.
    pub fn may_come_from(&self, sender: Option<IpAddr>) -> bool {
        self.networks.is_empty()
            || sender.is_some_and(|sender| self.networks.iter().any(|network| network.contains(&sender)))
    }
}

/// How a tenant's calls reach Paymint, without the secret: that one stands sealed in one event and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamEndpoint {
    /// Base URL of the Partner API.
    pub base_url: String,
    /// The event of the tenant's stream that holds the `apiKey`.
    pub configured_in: Version,
}

/// Calls to upstream are stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamPause {
    /// Paymint's code.
    pub code: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// The balance is low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowBalance {
    /// The threshold that it fell below, in points.
    pub threshold: i64,
    /// The balance that was read then, in points.
    pub seen: i64,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A partner of Paymint that uses this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// How many events its own stream has.
    pub version: Version,
    /// Position of the last of them in its log.
    pub seq: Seq,
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: Label,
    /// Whether it may work.
    pub state: TenantState,
    /// How its calls reach Paymint.
    pub upstream: Option<UpstreamEndpoint>,
    /// What it has set for itself.
    pub settings: Settings,
    /// The event of its stream that set them; [`Version::ZERO`] for the defaults.
    pub settings_from: Version,
    /// Calls to upstream are stopped, and why.
    pub upstream_pause: Option<UpstreamPause>,
    /// The balance is low.
    pub low_balance: Option<LowBalance>,
    /// Since when callbacks are missed: when the oldest link was issued to which upstream has said nothing.
    pub callbacks_missing_since: Option<DateTime<Utc>>,
    /// Its API keys, oldest first.
    pub keys: Vec<ApiKey>,
    /// Its people, in the order in which they came.
    pub members: Vec<Member>,
    /// Of what it wants to be told: one rule for each subject, in the order in which they were first set.
    pub alert_rules: Vec<SetAlertRule>,
    /// What it was told of itself and has not ended: at most one for each condition.
    pub alerts: Vec<Alert>,
    /// The event of its stream after which other alerts may be due: its rules or its calendar changed.
    pub alerting_from: Version,
    /// To whom and what its alerts are carried, in the order in which they were made.
    pub destinations: Vec<Destination>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl Tenant {
    /// A person among the tenant's own.
    pub fn member(&self, person_id: PersonId) -> Option<&Member> {
        self.members.iter().find(|member| member.person_id == person_id)
    }

    /// Whether a person is the only one who may say what the others may do.
    pub fn is_last_manager(&self, person_id: PersonId) -> bool {
        let mut managers = self
            .members
            .iter()
            .filter(|member| member.rights.role() == Role::Manager);
        managers.next().is_some_and(|member| member.person_id == person_id) && managers.next().is_none()
    }

    /// The rule for a subject.
    pub fn alert_rule(&self, subject: Subject) -> Option<&SetAlertRule> {
        self.alert_rules.iter().find(|set| set.rule.subject() == subject)
    }

    /// A destination among the tenant's own.
    pub fn destination(&self, id: DestinationId) -> Option<&Destination> {
        self.destinations.iter().find(|it| it.id == id)
    }

    /// By what alerts are judged.
    pub fn alert_ground(&self) -> Ground<'_> {
        Ground {
            rules: &self.alert_rules,
            calendar: &self.settings.calendar,
            unusual: &[],
        }
    }

    /// Since when a condition holds that is known of the tenant itself; where something is counted, since `now`, if there is
    /// more than may pass.
    pub fn holds_since(&self, condition: HealthCondition, count: u64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match condition {
            HealthCondition::CallbacksMissing => self.callbacks_missing_since,
            HealthCondition::UpstreamPaused => self.upstream_pause.as_ref().map(|pause| pause.since),
            HealthCondition::BalanceLow => self.low_balance.map(|low| low.since),
            HealthCondition::QuarantineGrowing | HealthCondition::PublishingBehind => {
                let rule = self.alert_ground().health(condition);
                rule.filter(|(_, more_than)| count > u64::from(*more_than)).map(|_| now)
            }
        }
    }

    /// Whether Paymint can be asked about single merchants. Without that nothing can be verified.
    pub fn can_verify(&self) -> bool {
        let read_back = &self.settings.read_back;
        self.upstream.is_some() && read_back.enabled && read_back.is_usable()
    }
}
