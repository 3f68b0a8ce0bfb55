//! What is told of people coming and going to the log of the process and to its counts. No address and no name is told; ids
//! are.

use std::sync::atomic::{AtomicU64, Ordering};

use registry_domain::people::SignInMethod;
use registry_domain::{PersonId, SessionId};
use registry_journal::port::Census;

use crate::facts::FactCounts;

/// Why somebody did not come in, for those who run the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Address and password open nothing.
    Credentials,
    /// Too many failed before.
    Slowed,
    /// The link works no longer.
    Link,
    /// Passwords are switched off.
    PasswordsOff,
    /// The person is kept out.
    Disabled,
    /// The browser came back without what it took along.
    RoundTrip,
    /// What the OpenID provider said proves nothing.
    Provider,
    /// Nothing is open to the person.
    NoRights,
}

impl Refused {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Credentials,
        Self::Slowed,
        Self::Link,
        Self::PasswordsOff,
        Self::Disabled,
        Self::RoundTrip,
        Self::Provider,
        Self::NoRights,
    ];

    /// The word for it, in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Slowed => "slowed",
            Self::Link => "link",
            Self::PasswordsOff => "passwords_off",
            Self::Disabled => "disabled",
            Self::RoundTrip => "round_trip",
            Self::Provider => "provider",
            Self::NoRights => "no_rights",
        }
    }

    const fn place(self) -> usize {
        self as usize
    }
}

/// How often what happened since the process began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Sign-ins.
    pub signed_in: u64,
    /// Sign-ins that were refused, for each reason.
    pub refused: [(Refused, u64); Refused::ALL.len()],
    /// Sessions that somebody ended before their time, their owners' own sign-outs included.
    pub sessions_ended: u64,
    /// How it goes with what tenants' logs tell of it.
    pub facts: FactCounts,
    /// How many people there were a moment ago; none until they were counted.
    pub census: Option<Census>,
}

/// Where everything that happens is told.
#[derive(Default)]
pub(crate) struct Reporter {
    signed_in: AtomicU64,
    refused: [AtomicU64; Refused::ALL.len()],
    sessions_ended: AtomicU64,
}

impl Reporter {
    pub(crate) fn counts(&self, (facts, census): (FactCounts, Option<Census>)) -> Counts {
        Counts {
            facts,
            census,
            signed_in: self.signed_in.load(Ordering::Relaxed),
            refused: Refused::ALL.map(|reason| (reason, self.refused[reason.place()].load(Ordering::Relaxed))),
            sessions_ended: self.sessions_ended.load(Ordering::Relaxed),
        }
    }

    /// Somebody came in.
    pub(crate) fn signed_in(&self, person: PersonId, session: SessionId, method: SignInMethod) {
        self.signed_in.fetch_add(1, Ordering::Relaxed);
        tracing::info!(%person, %session, method = method.as_str(), "signed in");
    }

    /// Somebody did not come in.
    pub(crate) fn sign_in_refused(&self, person: Option<PersonId>, reason: Refused) {
        let times = self.refused[reason.place()].fetch_add(1, Ordering::Relaxed) + 1;
        // Anybody can have many of these: the counts tell of each.
        if reason == Refused::Slowed && !times.is_power_of_two() {
            return;
        }
        let person = person.map(tracing::field::display);
        tracing::info!(person, reason = reason.as_str(), times, "a sign-in was refused");
    }

    /// Somebody signed out.
    pub(crate) fn signed_out(&self, person: PersonId, session: SessionId) {
        self.sessions_ended.fetch_add(1, Ordering::Relaxed);
        tracing::info!(%person, %session, "signed out");
    }

    /// Sessions ended, by somebody's word or the provider's.
    pub(crate) fn sessions_ended(&self, person: PersonId, sessions: u64) {
        self.sessions_ended.fetch_add(sessions, Ordering::Relaxed);
        tracing::info!(%person, sessions, "sessions were ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_counted_for_itself() {
        let reporter = Reporter::default();
        for (index, reason) in Refused::ALL.into_iter().enumerate() {
            for _ in 0..=index {
                reporter.sign_in_refused(None, reason);
            }
        }
        let counted = reporter.counts((FactCounts::default(), None)).refused;
        assert_eq!(counted, Refused::ALL.map(|reason| (reason, reason as u64 + 1)));
    }
}
