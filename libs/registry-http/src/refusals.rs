//! Requests that were refused for want of a right become facts of the tenant's. A client that hammers must not fill the log:
//! of each client, operation and right the first refusal is written down at once, and those that follow within the hour as
//! one, with their count.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registry_domain::TenantId;
use registry_domain::tenant::{Access, Command, Scope};
use registry_journal::{Order, Origin, Submission, Writer};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// For how long refusals that are alike are counted together.
const WINDOW: Duration = Duration::from_hours(1);

/// How often it is looked what has been counted long enough.
const LOOK_INTERVAL: Duration = Duration::from_mins(1);

/// Most kinds of refusals that are counted at once. What comes then is not written down; the log of the process says so.
const TALLIES_MAX: usize = 10_000;

/// Refusals on their way to the log.
#[derive(Debug, Default)]
pub struct Refusals {
    tallies: Mutex<Tallies>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Tallies {
    counted: HashMap<Kind, Tally>,
    /// Whether there were too many of them since it was last looked.
    overflowed: bool,
}

/// Refusals that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    tenant: TenantId,
    actor: String,
    operation: String,
    scope: &'static str,
}

#[derive(Debug)]
struct Tally {
    since: Instant,
    refused: u64,
    /// How many of them are in the log, or on their way.
    told: u64,
    scope: Scope,
    /// Of the last one.
    origin: Origin,
}

impl Refusals {
    /// Counts one. Takes no time: whoever is refused waits for nothing.
    pub fn note(&self, tenant: TenantId, origin: Origin, operation: String, scope: Scope) {
        let kind = Kind {
            tenant,
            actor: origin.actor.to_string(),
            operation,
            scope: scope.as_str(),
        };
        let mut tallies = self.tallies();
        if let Some(tally) = tallies.counted.get_mut(&kind) {
            tally.refused += 1;
            tally.origin = origin;
            return;
        }
        if tallies.counted.len() >= TALLIES_MAX {
            tallies.overflowed = true;
            return;
        }
        let tally = Tally {
            since: Instant::now(),
            refused: 1,
            told: 0,
            scope,
            origin,
        };
        tallies.counted.insert(kind, tally);
        drop(tallies);
        self.news.notify_one();
    }

    /// Writes down what is to be written, for as long as it is polled.
    pub async fn record(&self, writer: &Writer) {
        loop {
            tokio::select! {
                () = self.news.notified() => {}
                () = sleep(LOOK_INTERVAL) => {}
            }
            self.write(writer, false).await;
        }
    }

    /// Writes down what was counted, however long: the process is stopping.
    pub async fn flush(&self, writer: &Writer) {
        self.write(writer, true).await;
    }

    async fn write(&self, writer: &Writer, all: bool) {
        for (kind, count, scope, origin) in self.take_due(Instant::now(), all) {
            let access = Access::Refused {
                operation: kind.operation.clone(),
                scope,
                count,
            };
            let submission = Submission {
                tenant_id: kind.tenant,
                origin,
                idempotency: None,
                order: Order::Tenant(Command::RecordAccess(access)),
            };
            // The writer has told why it could not. It is tried again with the next look.
            if writer.submit(submission).await.is_err() {
                self.give_back(&kind, count);
            }
        }
    }

    fn take_due(&self, now: Instant, all: bool) -> Vec<(Kind, u64, Scope, Origin)> {
        let mut tallies = self.tallies();
        if std::mem::take(&mut tallies.overflowed) {
            tracing::warn!("more kinds of refused requests than are counted: some are not in the audit log");
        }
        let mut due = Vec::new();
        tallies.counted.retain(|kind, tally| {
            let is_over = now.duration_since(tally.since) >= WINDOW;
            let count = tally.refused - tally.told;
            if count > 0 && (tally.told == 0 || is_over || all) {
                due.push((kind.clone(), count, tally.scope, tally.origin.clone()));
                tally.told = tally.refused;
                return true;
            }
            !is_over
        });
        due
    }

    fn give_back(&self, kind: &Kind, count: u64) {
        if let Some(tally) = self.tallies().counted.get_mut(kind) {
            tally.told = tally.told.saturating_sub(count);
        }
    }

    fn tallies(&self) -> MutexGuard<'_, Tallies> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use registry_domain::{Actor, CorrelationId, KeyId};
    use uuid::Uuid;

    use super::*;

    fn note(refusals: &Refusals, key: u128, operation: &str) {
        let actor = Actor::ApiKey(KeyId::from_uuid(Uuid::from_u128(key)));
        let origin = Origin::of(actor, CorrelationId::from_uuid(Uuid::nil()));
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        refusals.note(tenant, origin, operation.to_owned(), Scope::AuditRead);
    }

    fn due(refusals: &Refusals, after: Duration) -> Vec<u64> {
        let due = refusals.take_due(Instant::now() + after, false);
        due.into_iter().map(|(_, count, _, _)| count).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_is_told_at_once_and_the_others_together() {
        let refusals = Refusals::default();
        note(&refusals, 1, "GET /a");
        assert_eq!(due(&refusals, Duration::ZERO), [1]);
        for _ in 0..1_000 {
            note(&refusals, 1, "GET /a");
        }
        assert_eq!(due(&refusals, WINDOW / 2), [] as [u64; 0]);
        note(&refusals, 1, "GET /b");
        note(&refusals, 2, "GET /a");
        assert_eq!(due(&refusals, WINDOW / 2), [1, 1]);
        assert_eq!(due(&refusals, WINDOW), [1_000]);
        assert_eq!(due(&refusals, WINDOW), [] as [u64; 0]);
        note(&refusals, 1, "GET /a");
        assert_eq!(due(&refusals, WINDOW), [1], "another hour");
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_written_is_due_again() {
        let refusals = Refusals::default();
        note(&refusals, 1, "GET /a");
        let taken = refusals.take_due(Instant::now(), false);
        refusals.give_back(&taken[0].0, 1);
        assert_eq!(due(&refusals, Duration::ZERO), [1]);
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_room_for_so_many_kinds_and_no_more() {
        let refusals = Refusals::default();
        for key in 0..TALLIES_MAX as u128 + 5 {
            note(&refusals, key, "GET /a");
        }
        assert_eq!(due(&refusals, Duration::ZERO).len(), TALLIES_MAX);
    }
}
