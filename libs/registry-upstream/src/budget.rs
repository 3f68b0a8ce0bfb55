//! How many calls a tenant may make: so many in a second, of which a few are kept back for people.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::TenantId;

/// Most calls a second that may be set.
pub const CALLS_PER_SECOND_MAX: u32 = 1_000;

/// One call in so many is kept back for people who ask now, so that a long round does not turn them away.
const KEPT_FOR_PEOPLE: u32 = 5;

/// Most tenants whose budgets are kept; beyond that all begin anew, which allows each one more burst.
const BUDGETS_MAX: usize = 10_000;

/// Who waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// A person or a program of the tenant, now.
    Person,
    /// Nobody: the reconciler in its round.
    Round,
    /// Nobody, but the answer tells whether upstream serves a tenant again whose calls are stopped.
    Trial,
}

/// The calls of one tenant: evenly spaced, with a burst of one second's worth after a pause. It only keeps the moment
/// up to which calls are spoken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Budget {
    spent_until: DateTime<Utc>,
}

/// What a budget allows.
#[derive(Debug, Clone, Copy)]
struct Rate {
    per_second: u32,
}

impl Rate {
    fn spacing(self) -> TimeDelta {
        TimeDelta::microseconds(1_000_000 / i64::from(self.per_second))
    }

    /// How far ahead of now calls may be spoken for, by whom.
    fn reach(self, urgency: Urgency) -> TimeDelta {
        let kept = match urgency {
            Urgency::Person => 0,
            // A budget of a single call has nothing to keep back.
            Urgency::Round | Urgency::Trial => (self.per_second / KEPT_FOR_PEOPLE).max(1).min(self.per_second - 1),
        };
        self.spacing() * i32::try_from(self.per_second - kept).unwrap_or(i32::MAX)
    }
}

impl Budget {
    /// How many calls may be made now.
    fn allowance(&mut self, now: DateTime<Utc>, rate: Rate, urgency: Urgency) -> u32 {
        let room = rate.reach(urgency) - self.ahead(now, rate);
        let (room, spacing) = (room.num_microseconds(), rate.spacing().num_microseconds());
        let calls = room.zip(spacing).map_or(0, |(room, spacing)| room / spacing);
        u32::try_from(calls).unwrap_or(0)
    }

    /// Speaks for one call, or says how long to wait for it.
    fn spend(&mut self, now: DateTime<Utc>, rate: Rate, urgency: Urgency) -> Result<(), Duration> {
        let after = self.ahead(now, rate) + rate.spacing();
        let over = after - rate.reach(urgency);
        if over > TimeDelta::zero() {
            return Err(over.to_std().unwrap_or_default());
        }
        self.spent_until = now + after;
        Ok(())
    }

    /// How far ahead of now calls are spoken for. After the clock was set back, no further than a whole burst.
    fn ahead(&mut self, now: DateTime<Utc>, rate: Rate) -> TimeDelta {
        self.spent_until = self.spent_until.min(now + rate.reach(Urgency::Person));
        (self.spent_until - now).max(TimeDelta::zero())
    }
}

/// The budgets of all tenants in this process. Several processes have several: one of them reconciles a tenant, one, perhaps another,
/// works at its jobs, and people and shops ask rarely.
pub(crate) struct Budgets {
    rate: Rate,
    by_tenant: Mutex<HashMap<TenantId, Budget>>,
}

impl Budgets {
    /// `per_second` is brought between 1 and [`CALLS_PER_SECOND_MAX`].
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            rate: Rate {
                per_second: per_second.clamp(1, CALLS_PER_SECOND_MAX),
            },
            by_tenant: Mutex::default(),
        }
    }

    pub(crate) fn allowance(&self, tenant_id: TenantId, now: DateTime<Utc>, urgency: Urgency) -> u32 {
        self.with(tenant_id, now, |budget| budget.allowance(now, self.rate, urgency))
    }

    pub(crate) fn spend(&self, tenant_id: TenantId, now: DateTime<Utc>, urgency: Urgency) -> Result<(), Duration> {
        self.with(tenant_id, now, |budget| budget.spend(now, self.rate, urgency))
    }

    fn with<T>(&self, tenant_id: TenantId, now: DateTime<Utc>, act: impl FnOnce(&mut Budget) -> T) -> T {
        let mut budgets = self.by_tenant.lock().unwrap_or_else(PoisonError::into_inner);
        if budgets.len() >= BUDGETS_MAX && !budgets.contains_key(&tenant_id) {
            budgets.clear();
        }
        act(budgets.entry(tenant_id).or_insert(Budget { spent_until: now }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds)
    }

    fn spend_all(budget: &mut Budget, now: DateTime<Utc>, rate: Rate, urgency: Urgency) -> u32 {
        let mut calls = 0;
        while budget.spend(now, rate, urgency).is_ok() {
            calls += 1;
        }
        calls
    }

    #[test]
    fn a_second_s_worth_may_go_at_once_and_then_one_by_one() {
        let rate = Rate { per_second: 10 };
        let mut budget = Budget { spent_until: at(0) };
        assert_eq!(budget.allowance(at(0), rate, Urgency::Person), 10);
        assert_eq!(spend_all(&mut budget, at(0), rate, Urgency::Person), 10);
        assert_eq!(
            budget.spend(at(0), rate, Urgency::Person),
            Err(Duration::from_millis(100))
        );
        assert_eq!(spend_all(&mut budget, at(100), rate, Urgency::Person), 1);
        assert_eq!(spend_all(&mut budget, at(5_000), rate, Urgency::Person), 10);
    }

    #[test]
    fn a_round_leaves_something_for_people() {
        let rate = Rate { per_second: 10 };
        let mut budget = Budget { spent_until: at(0) };
        assert_eq!(budget.allowance(at(0), rate, Urgency::Round), 8);
        assert_eq!(spend_all(&mut budget, at(0), rate, Urgency::Round), 8);
        assert_eq!(budget.allowance(at(0), rate, Urgency::Round), 0);
        assert_eq!(spend_all(&mut budget, at(0), rate, Urgency::Person), 2);
    }

    #[test]
    fn over_a_long_time_the_rate_is_kept() {
        for per_second in [1, 2, 7, 1_000] {
            let rate = Rate { per_second };
            let mut budget = Budget { spent_until: at(0) };
            let calls: u32 = (0..10_000)
                .map(|tick| spend_all(&mut budget, at(tick), rate, Urgency::Round))
                .sum();
            let most = per_second * 10 + per_second;
            assert!((per_second * 9..=most).contains(&calls), "{per_second} {calls}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_costs_one_burst_at_most() {
        let rate = Rate { per_second: 10 };
        let mut budget = Budget {
            spent_until: at(3_600_000),
        };
        assert_eq!(
            budget.spend(at(0), rate, Urgency::Person),
            Err(Duration::from_millis(100))
        );
        assert_eq!(budget.allowance(at(0), rate, Urgency::Person), 0);
        assert_eq!(budget.allowance(at(1_000), rate, Urgency::Person), 10);
    }

    #[test]
    fn tenants_do_not_share() {
        let tenant = |number| TenantId::from_uuid(uuid::Uuid::from_u128(number));
        let budgets = Budgets::new(1);
        assert_eq!(budgets.spend(tenant(1), at(0), Urgency::Round), Ok(()));
        assert!(budgets.spend(tenant(1), at(0), Urgency::Round).is_err());
        assert_eq!(budgets.allowance(tenant(1), at(0), Urgency::Round), 0);
        assert_eq!(budgets.spend(tenant(2), at(0), Urgency::Person), Ok(()));
    }
}
