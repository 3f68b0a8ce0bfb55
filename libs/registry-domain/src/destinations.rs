//! Event destinations: to whom and to what a tenant's alerts are carried. Where one leads and with what its messages are signed
//! stands sealed in the events that said so; everything else about it is known here.

use chrono::{DateTime, Utc};

use crate::alerts::{Severity, Subject};
use crate::ids::{DestinationId, Seq, Stamp, Version};
use crate::merchant::SecretText;
use crate::text::Label;
use crate::words::words;

mod decide;
#[cfg(test)]
mod tests;

pub use decide::{DestinationChange, DestinationRefusal, DestinationWish, decide};

/// Most destinations of a tenant.
pub const DESTINATIONS_MAX: usize = 20;

/// What carries messages there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DestinationKind {
    /// A mail to one address: a digest.
    Mail,
    /// A channel that takes messages of Slack's form: a digest.
    Slack,
    /// A channel that takes plain JSON: a digest.
    Chat,
    /// A program that takes signed messages (Standard Webhooks): each event.
    Webhook,
}

words!(DestinationKind {
    Mail => "mail",
    Slack => "slack",
    Chat => "chat",
    Webhook => "webhook",
});

impl DestinationKind {
    /// Whether it gets a digest for each rule and window, and not each event.
    pub const fn takes_digests(self) -> bool {
        match self {
            Self::Mail | Self::Slack | Self::Chat => true,
            Self::Webhook => false,
        }
    }

    /// Whether its messages are signed.
    pub const fn is_signed(self) -> bool {
        match self {
            Self::Webhook => true,
            Self::Mail | Self::Slack | Self::Chat => false,
        }
    }
}

/// Where a destination leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What carries messages there.
    pub kind: DestinationKind,
    /// The mail address, or the URL. Whoever knows the URL of a channel can write to it.
    pub address: SecretText,
}

/// Which alerts are carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    /// Those of these rules, each once; those of all if there is none.
    pub subjects: Vec<Subject>,
    /// Those that are as bad as this, or worse.
    pub least: Severity,
}

impl Wants {
    /// Whether an alert is among them.
    pub fn include(&self, subject: Subject, severity: Severity) -> bool {
        severity >= self.least && (self.subjects.is_empty() || self.subjects.contains(&subject))
    }
}

/// Why a destination gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisableReason {
    /// Somebody wanted that.
    Asked,
    /// Nothing has arrived there for days.
    Failing,
    /// It said itself that it is gone.
    Gone,
}

words!(DisableReason {
    Asked => "asked",
    Failing => "failing",
    Gone => "gone",
});

/// A destination gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disabled {
    /// Why.
    pub reason: DisableReason,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A signing secret that is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldSecret {
    /// The event that holds it.
    pub stands_at: Seq,
    /// Until when messages are signed with it too.
    pub works_until: DateTime<Utc>,
}

/// A destination of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its id.
    pub id: DestinationId,
    /// What its owner calls it.
    pub name: Label,
    /// What carries messages there.
    pub kind: DestinationKind,
    /// What is carried.
    pub wants: Wants,
    /// It gets nothing, and why.
    pub disabled: Option<Disabled>,
    /// It gets what stands behind this position of the log.
    pub from: Seq,
    /// The event that says where it leads.
    pub target_at: Seq,
    /// The event that holds the secret with which its messages are signed, if they are.
    pub secret_at: Option<Seq>,
    /// The secret before that, for as long as both work.
    pub old_secret: Option<OldSecret>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The event of the tenant's stream that changed it last.
    pub version: Version,
}

/// What happens to destinations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationFact {
    /// One was made.
    Created {
        /// Its id.
        id: DestinationId,
        /// What its owner calls it.
        name: Label,
        /// Where it leads.
        target: Target,
        /// What is carried.
        wants: Wants,
        /// With what its messages are signed, if they are.
        secret: Option<SecretText>,
    },
    /// Something about it is different from now on.
    Changed {
        /// Which.
        id: DestinationId,
        /// What its owner calls it.
        name: Label,
        /// Where it leads, if that is elsewhere.
        target: Option<Target>,
        /// What is carried.
        wants: Wants,
    },
    /// Its messages are signed with another secret.
    SecretRotated {
        /// Which.
        id: DestinationId,
        /// The secret.
        secret: SecretText,
        /// Until when messages are signed with the old one too.
        old_works_until: DateTime<Utc>,
    },
    /// It gets what happens from now on.
    Enabled {
        /// Which.
        id: DestinationId,
    },
    /// It gets nothing from now on.
    Disabled {
        /// Which.
        id: DestinationId,
        /// Why.
        reason: DisableReason,
    },
    /// It is no more.
    Removed {
        /// Which.
        id: DestinationId,
    },
}

impl DestinationFact {
    /// Changes what is known of a tenant's destinations.
    pub(crate) fn apply_to(&self, destinations: &mut Vec<Destination>, stamp: Stamp) {
        let mut with = |id: DestinationId, change: &dyn Fn(&mut Destination)| {
            if let Some(made) = destinations.iter_mut().find(|it| it.id == id) {
                change(made);
                made.version = stamp.version;
            }
        };
        match self {
            Self::Created {
                id,
                name,
                target,
                wants,
                secret,
            } => destinations.push(Destination {
                id: *id,
                name: name.clone(),
                kind: target.kind,
                wants: wants.clone(),
                disabled: None,
                from: stamp.seq,
                target_at: stamp.seq,
                secret_at: secret.as_ref().map(|_| stamp.seq),
                old_secret: None,
                created_at: stamp.recorded_at,
                version: stamp.version,
            }),
            Self::Changed {
                id,
                name,
                target,
                wants,
            } => with(*id, &|made| {
                made.name.clone_from(name);
                made.wants.clone_from(wants);
                if target.is_some() {
                    made.target_at = stamp.seq;
                }
            }),
            Self::SecretRotated {
                id,
                secret: _,
                old_works_until,
            } => with(*id, &|made| {
                made.old_secret = made.secret_at.map(|stands_at| OldSecret {
                    stands_at,
                    works_until: *old_works_until,
                });
                made.secret_at = Some(stamp.seq);
            }),
            Self::Enabled { id } => with(*id, &|made| {
                made.disabled = None;
                made.from = stamp.seq;
            }),
            Self::Disabled { id, reason } => with(*id, &|made| {
                made.disabled = Some(Disabled {
                    reason: *reason,
                    since: stamp.recorded_at,
                });
            }),
            Self::Removed { id } => destinations.retain(|it| it.id != *id),
        }
    }
}
