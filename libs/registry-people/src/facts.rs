//! Sign-ins and sign-outs as facts of the tenants whose people they are.
//!
//! Whoever comes in or goes out waits until it is in the log, but not for long, and is not turned away if the log takes
//! nothing: those who would put that right must come in too. Then the fact is kept, the process says so in its own log and its
//! metrics, and it is written as soon as it can be. Nobody waits for a refusal to be written, and nobody fills a log with
//! them: of each account at most one fact an hour is written by each process, and it says how many there were.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::tenant::{Access, Command};
use registry_domain::{Actor, PersonId, TenantId};
use registry_journal::Origin;
use registry_journal::port::Census;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::people::People;
use crate::sessions::Browser;

/// For how long refusals of one account are counted together.
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// Most accounts whose refusals are counted at once. Beyond them the log of the process alone tells of a refusal.
const TALLIES_MAX: usize = 10_000;

/// Most facts that wait for a log that takes nothing. Beyond them the log of the process alone tells of a fact.
const LATE_MAX: usize = 10_000;

/// Most tenants of one person whose logs tell of it.
const TENANTS_MAX: usize = 1_000;

/// How long somebody waits until it is in the log that they came in or went out.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked what is late, what has been counted long enough, and how many people there are.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// Who ends somebody's sessions.
#[derive(Debug, Clone)]
pub struct Ending {
    /// The tenant that it is done for; none for what concerns all tenants of the person alike.
    tenant: Option<TenantId>,
    origin: Origin,
}

impl Ending {
    /// Somebody who acts for a tenant. Other tenants of the person hear that the sessions ended, and not by whom.
    pub const fn by_tenant(tenant: TenantId, origin: Origin) -> Self {
        Self {
            tenant: Some(tenant),
            origin,
        }
    }

    /// An operator of the installation.
    pub const fn by_operator(origin: Origin) -> Self {
        Self { tenant: None, origin }
    }

    /// The person, here or at the `OpenID` provider.
    pub(crate) const fn by_themselves(origin: Origin) -> Self {
        Self { tenant: None, origin }
    }
}

/// What is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    person: PersonId,
    tenants: Tenants,
    origin: Origin,
    access: Access,
}

/// In which logs.
#[derive(Debug, Clone)]
enum Tenants {
    These(Vec<TenantId>),
    /// All that the person belongs to, but for one.
    AllBut(Option<TenantId>),
}

impl Fact {
    /// For all tenants of a person.
    pub(crate) const fn of_all(person: PersonId, origin: Origin, access: Access) -> Self {
        Self {
            person,
            tenants: Tenants::AllBut(None),
            origin,
            access,
        }
    }
}

/// How the writing goes, for those who run the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FactCounts {
    /// Facts that wait for a log that takes nothing.
    pub late: u64,
    /// Facts that no log will hold: too many waited, or the process ended.
    pub lost: u64,
}

/// Facts on their way.
#[derive(Default)]
pub(crate) struct Facts {
    refused: Mutex<HashMap<PersonId, Tally>>,
    late: Mutex<VecDeque<Fact>>,
    lost: AtomicU64,
    census: Mutex<Option<Census>>,
    news: Notify,
}

struct Tally {
    /// When the last fact was written, or since when the first is to be.
    since: DateTime<Utc>,
    is_told: bool,
    /// How many are in no fact yet.
    counted: u64,
    /// Of the last one.
    origin: Origin,
}

impl Facts {
    /// Counts a refusal. Takes no time.
    pub(crate) fn note_refused(&self, person: PersonId, origin: Origin, now: DateTime<Utc>) {
        let mut refused = locked(&self.refused);
        if let Some(tally) = refused.get_mut(&person) {
            tally.counted += 1;
            tally.origin = origin;
            if now - tally.since < WINDOW {
                return;
            }
        } else if refused.len() < TALLIES_MAX {
            let tally = Tally {
                since: now,
                is_told: false,
                counted: 1,
                origin,
            };
            refused.insert(person, tally);
        } else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        drop(refused);
        self.news.notify_one();
    }

    /// The refusals that are to be written now; all of them at the end.
    fn take_due(&self, now: DateTime<Utc>, all: bool) -> Vec<Fact> {
        let mut due = Vec::new();
        locked(&self.refused).retain(|person, tally| {
            let is_over = now - tally.since >= WINDOW;
            if tally.counted == 0 {
                return !is_over;
            }
            if !tally.is_told || is_over || all {
                let count = std::mem::take(&mut tally.counted);
                let access = Access::SignInRefused { count };
                due.push(Fact::of_all(*person, tally.origin.clone(), access));
                (tally.since, tally.is_told) = (now, true);
            }
            true
        });
        due
    }

    fn keep(&self, fact: Fact) {
        let mut late = locked(&self.late);
        let (person, what) = (fact.person, &fact.access);
        if late.len() < LATE_MAX {
            tracing::error!(%person, fact = ?what, "this is not in the tenants' logs yet; it is tried again");
            late.push_back(fact);
        } else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%person, fact = ?what, "this is not in the tenants' logs and will not be: too much waits for them");
        }
    }

    pub(crate) fn counts(&self) -> (FactCounts, Option<Census>) {
        let counts = FactCounts {
            late: locked(&self.late).len() as u64,
            lost: self.lost.load(Ordering::Relaxed),
        };
        (counts, *locked(&self.census))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl People {
    /// Writes a fact down, in a task of its own, so that whoever hangs up stops nothing half-way.
    pub(crate) async fn record(&self, fact: Fact) {
        let people = self.clone();
        let writing = tokio::spawn(async move {
            if let Some(left) = people.write(fact).await {
                people.inner.facts.keep(left);
            }
        });
        if timeout(PATIENCE, writing).await.is_err() {
            tracing::warn!("a tenant's log takes long to take a fact about a sign-in; nobody waits for it any longer");
        }
    }

    /// Writes down that somebody's sessions have ended.
    pub(crate) async fn record_ended(&self, by: &Ending, person: PersonId) {
        let is_own = matches!(by.origin.actor, Actor::Person { id, .. } if id == person);
        let access = Access::SignedOut {
            person_id: (!is_own).then_some(person),
        };
        let fact = Fact::of_all(person, by.origin.clone(), access);
        let Some(tenant) = by.tenant else {
            return self.record(fact).await;
        };
        let elsewhere = if is_own {
            by.origin.clone()
        } else {
            self.origin_of(person, &Browser::default())
        };
        let elsewhere = Fact {
            tenants: Tenants::AllBut(Some(tenant)),
            ..Fact::of_all(person, elsewhere, Access::SignedOut { person_id: None })
        };
        let tenants = Tenants::These(vec![tenant]);
        self.record(Fact { tenants, ..fact }).await;
        self.record(elsewhere).await;
    }

    /// Writes down what could not be written before, refusals, and for [`Self::counts`] how many people there are, for as long
    /// as it is polled.
    pub async fn keep_facts(&self) {
        loop {
            self.count_people().await;
            tokio::select! {
                () = self.inner.facts.news.notified() => {}
                () = sleep(LOOK_INTERVAL) => {}
            }
            self.write_due(false).await;
        }
    }

    /// Writes down all that is left: the process is stopping.
    pub async fn flush_facts(&self) {
        self.write_due(true).await;
        let left = locked(&self.inner.facts.late).len();
        if left > 0 {
            tracing::error!(
                left,
                "facts about sign-ins are not in the tenants' logs and will not be"
            );
        }
    }

    async fn count_people(&self) {
        match self.store().census(self.now()).await {
            Ok(census) => *locked(&self.inner.facts.census) = Some(census),
            Err(error) => tracing::warn!(error = %registry_domain::causes(&error), "people could not be counted"),
        }
    }

    async fn write_due(&self, all: bool) {
        let facts = &self.inner.facts;
        // One that the log does not take ends the round: the next one would fare alike.
        loop {
            let next = locked(&facts.late).pop_front();
            let Some(fact) = next else { break };
            if let Some(left) = self.write(fact).await {
                locked(&facts.late).push_front(left);
                break;
            }
        }
        for fact in facts.take_due(self.now(), all) {
            if let Some(left) = self.write(fact).await {
                facts.keep(left);
            }
        }
    }

    /// Writes a fact down. What is left of it is tried again.
    async fn write(&self, fact: Fact) -> Option<Fact> {
        let mut tenants = match &fact.tenants {
            Tenants::These(tenants) => tenants.clone(),
            Tenants::AllBut(one) => match self.store().tenants_of(fact.person).await {
                Ok(tenants) => {
                    let ids = tenants.into_iter().map(|tenant| tenant.id);
                    ids.filter(|id| Some(*id) != *one).collect()
                }
                Err(error) => {
                    let error = registry_domain::causes(&error);
                    tracing::warn!(person = %fact.person, %error, "the tenants of a person could not be read");
                    return Some(fact);
                }
            },
        };
        if tenants.len() > TENANTS_MAX {
            tracing::warn!(person = %fact.person, "not all tenants of a person are told of their sign-ins");
            tenants.truncate(TENANTS_MAX);
        }
        let mut left = Vec::new();
        for tenant in tenants {
            let command = Command::RecordAccess(fact.access.clone());
            if let Err(error) = self.submit(tenant, fact.origin.clone(), command).await {
                let error = registry_domain::causes(&error);
                tracing::warn!(%tenant, person = %fact.person, %error, "a fact about a sign-in was not taken");
                left.push(tenant);
            }
        }
        let tenants = Tenants::These(left);
        match &tenants {
            Tenants::These(left) if left.is_empty() => None,
            Tenants::These(_) | Tenants::AllBut(_) => Some(Fact { tenants, ..fact }),
        }
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::{Channel, CorrelationId};

    use super::*;

    fn person(number: u128) -> PersonId {
        format!("psn_{number:032x}").parse().unwrap()
    }

    fn origin(id: PersonId) -> Origin {
        let channel = Channel::Console;
        Origin::of(Actor::Person { id, channel }, CorrelationId::from_uuid(id.as_uuid()))
    }

    fn note(facts: &Facts, number: u128, now: DateTime<Utc>) {
        facts.note_refused(person(number), origin(person(number)), now);
    }

    fn due(facts: &Facts, now: DateTime<Utc>, all: bool) -> Vec<u64> {
        let due = facts.take_due(now, all);
        due.into_iter()
            .map(|fact| {
                let Access::SignInRefused { count } = fact.access else {
                    panic!("a refusal: {fact:?}")
                };
                count
            })
            .collect()
    }

    #[test]
    fn of_each_account_one_refusal_an_hour_is_told_and_each_is_counted() {
        let (facts, begun) = (Facts::default(), DateTime::<Utc>::UNIX_EPOCH);
        note(&facts, 1, begun);
        assert_eq!(due(&facts, begun, false), [1], "the first at once");
        for minute in 0..59 {
            note(&facts, 1, begun + TimeDelta::minutes(minute));
            assert_eq!(due(&facts, begun + TimeDelta::minutes(minute), false), [] as [u64; 0]);
        }
        note(&facts, 2, begun + TimeDelta::minutes(59));
        assert_eq!(
            due(&facts, begun + TimeDelta::minutes(59), false),
            [1],
            "another account"
        );
        assert_eq!(due(&facts, begun + WINDOW, false), [59]);
        note(&facts, 1, begun + WINDOW);
        let next = begun + WINDOW * 2;
        assert_eq!(due(&facts, next - TimeDelta::seconds(1), false), [] as [u64; 0]);
        assert_eq!(due(&facts, next, false), [1]);
        note(&facts, 1, next);
        assert_eq!(due(&facts, next, true), [1], "at the end all that is left");
        assert_eq!(due(&facts, next + WINDOW, false), [] as [u64; 0]);
        assert_eq!(locked(&facts.refused).len(), 0, "and it is forgotten");
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more() {
        let (facts, now) = (Facts::default(), DateTime::<Utc>::UNIX_EPOCH);
        for number in 0..TALLIES_MAX as u128 + 5 {
            note(&facts, number, now);
        }
        assert_eq!(due(&facts, now, false).len(), TALLIES_MAX);
        for number in 0..LATE_MAX as u128 + 2 {
            let whose = person(number);
            facts.keep(Fact::of_all(whose, origin(whose), Access::SignedIn));
        }
        let (counts, _) = facts.counts();
        assert_eq!((counts.late, counts.lost), (LATE_MAX as u64, 7));
    }
}
