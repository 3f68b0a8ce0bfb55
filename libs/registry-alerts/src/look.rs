//! What a look at one tenant does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use registry_domain::alerts::{
    AlertRule, Ground, HealthCondition, Levels, Severity, Subject, cutoff, is_open_for_alerts, judge_health,
    judge_stage,
};
use registry_domain::calendar::day_in_korea;
use registry_domain::merchant::{self, Stage};
use registry_domain::tenant::{self, Tenant};
use registry_domain::{Actor, AlertId, CorrelationId, MerchantId, TenantId, Version};
use registry_journal::port::{AlertPosition, AlertQuery, LateMerchant, LateQuery, PageSize, usual_of, usual_query};
use registry_journal::{Ambient, Archive, Order, Origin, Submission, Writer};

use crate::LookError;

/// What is told at once.
const CONCURRENT_MAX: usize = 32;

/// How many are read at once.
const PAGE: PageSize = PageSize::clamped(500);

/// Of how many tenants it is remembered what is unusual. Losing it costs a read.
const UNUSUAL_MAX: usize = 10_000;

/// Looks at tenants.
#[derive(Clone)]
pub(crate) struct Looker {
    pub(crate) archive: Archive,
    pub(crate) writer: Writer,
    pub(crate) ambient: Ambient,
    /// Events are published: only then can publishing be behind.
    pub(crate) is_publishing: bool,
    /// What was found to be unusual, by the day and the event after which it was looked for.
    pub(crate) unusual: Arc<Mutex<HashMap<TenantId, KnownUnusual>>>,
}

/// After how many business days a wait in a stage is unusual.
type Unusual = Arc<[(Stage, u16)]>;

/// The same, with the day and the tenant's version as of which it was found.
pub(crate) type KnownUnusual = ((NaiveDate, Version), Unusual);

/// Remembers what is unusual for a tenant. What was found on another day is of no use to anybody any more.
fn remember(known: &mut HashMap<TenantId, KnownUnusual>, tenant: TenantId, found: KnownUnusual) {
    let ((today, _), _) = &found;
    known.retain(|_, ((day, _), _)| day == today);
    if known.len() >= UNUSUAL_MAX {
        known.clear();
    }
    known.insert(tenant, found);
}

impl Looker {
    /// Raises what is due. `is_anew` says that rules or calendar may have changed since the last look: then it is also looked
    /// at what was raised by others. It may be stopped anywhere.
    pub(crate) async fn look(&self, tenant: &Tenant, is_anew: bool, now: DateTime<Utc>) -> Result<(), LookError> {
        self.judge_conditions(tenant, now).await?;
        if is_anew {
            self.end_groundless(tenant, now).await?;
        }
        let ground = tenant.alert_ground();
        if !is_open_for_alerts(ground.calendar, now) {
            return Ok(());
        }
        let unusual = self.unusual(tenant, now).await?;
        for set in ground.rules {
            if let AlertRule::Stage { stage, levels } = set.rule {
                self.raise_late(tenant, stage, levels, &unusual, now).await?;
            }
        }
        Ok(())
    }

    /// The worst level first: whoever is very late is not told of as late before.
    async fn raise_late(
        &self,
        tenant: &Tenant,
        stage: Stage,
        levels: Levels,
        unusual: &Unusual,
        now: DateTime<Utc>,
    ) -> Result<(), LookError> {
        let known = unusual
            .iter()
            .find(|(other, _)| *other == stage && levels.unusual().is_some());
        let known = known.map(|(_, days)| (Severity::Warn, *days));
        for (severity, days) in levels.all().rev().chain(known) {
            self.raise_level(tenant, stage, (severity, days), unusual, now).await?;
        }
        Ok(())
    }

    /// After how many business days a wait is unusual, for stages of which a rule asks: read once a day, and after rules or calendar
    /// have changed.
    async fn unusual(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<Unusual, LookError> {
        let ground = tenant.alert_ground();
        let asked: Vec<_> = ground
            .rules
            .iter()
            .filter_map(|set| match set.rule {
                AlertRule::Stage { stage, levels } => levels.unusual().map(|percent| (stage, percent)),
                AlertRule::Health { .. } => None,
            })
            .collect();
        let key = (day_in_korea(now), tenant.alerting_from);
        if asked.is_empty() {
            return Ok(Unusual::default());
        }
        let known = self
            .known()
            .get(&tenant.id)
            .filter(|(known, _)| *known == key)
            .map(|(_, days)| Arc::clone(days));
        if let Some(days) = known {
            return Ok(days);
        }
        let counts = self.archive.reader().stays(tenant.id, &usual_query(key.0)).await;
        let usual = usual_of(&counts.map_err(LookError::ReadUsual)?, ground.calendar);
        let days = |(stage, percent): (Stage, u8)| {
            let days = usual.of(stage)?.days_longer_than(percent)?;
            Some((stage, u16::try_from(days).ok()?))
        };
        let days: Unusual = asked.into_iter().filter_map(days).collect();
        remember(&mut self.known(), tenant.id, (key, Arc::clone(&days)));
        Ok(days)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<TenantId, KnownUnusual>> {
        self.unusual.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn raise_level(
        &self,
        tenant: &Tenant,
        stage: Stage,
        (severity, days): (Severity, u16),
        unusual: &Unusual,
        now: DateTime<Utc>,
    ) -> Result<(), LookError> {
        let mut query = LateQuery {
            stage,
            since_until: cutoff(&tenant.settings.calendar, days, now),
            severity,
            now,
            after: None,
            limit: PAGE,
        };
        loop {
            let page = self.archive.reader().late_merchants(tenant.id, &query).await;
            let page = page.map_err(LookError::ReadLate)?;
            query.after = page.last().copied();
            let is_last = page.len() < PAGE.get() as usize;
            // Each has its own of everything: what is borrowed across tasks is more than the compiler can prove.
            let order = |late: LateMerchant| (self.clone(), tenant.id, late.merchant_id, Arc::clone(unusual));
            let orders: Vec<_> = page.into_iter().map(order).collect();
            stream::iter(orders)
                .map(|(looker, tenant, merchant, unusual)| async move {
                    looker.judge(tenant, merchant, &unusual, now).await
                })
                .buffer_unordered(CONCURRENT_MAX)
                .try_collect::<()>()
                .await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Ends alerts that would not be raised by the rules and the calendar of today.
    async fn end_groundless(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<(), LookError> {
        let unusual = self.unusual(tenant, now).await?;
        let ground = Ground {
            unusual: &unusual,
            ..tenant.alert_ground()
        };
        let mut query = AlertQuery {
            standings: Vec::new(),
            severities: Vec::new(),
            subject: None,
            now,
            after: None,
            limit: PAGE,
        };
        loop {
            let page = self.archive.reader().alerted_merchants(tenant.id, &query).await;
            let page = page.map_err(LookError::ReadAlerts)?;
            for merchant in &page {
                let Some(alert) = merchant.alerts.first() else { continue };
                query.after = Some(AlertPosition {
                    severity: alert.severity,
                    due_at: alert.due_at,
                    merchant_id: merchant.id,
                });
                // Decided again under the lock: this only spares it what has not changed.
                if judge_stage(merchant, ground, alert.id, now).is_some() {
                    self.judge(tenant.id, merchant.id, &unusual, now).await?;
                }
            }
            if page.len() < PAGE.get() as usize {
                return Ok(());
            }
        }
    }

    async fn judge(
        &self,
        tenant: TenantId,
        merchant_id: MerchantId,
        unusual: &Unusual,
        now: DateTime<Utc>,
    ) -> Result<(), LookError> {
        let command = merchant::Command::JudgeAlerts {
            alert_id: self.new_id(),
            unusual: unusual.to_vec(),
            now,
        };
        let order = Order::Merchant {
            merchant_id,
            command,
            expected: None,
        };
        self.submit(tenant, order).await
    }

    async fn judge_conditions(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<(), LookError> {
        for condition in HealthCondition::ALL {
            let subject = Subject::Health(*condition);
            let is_open = tenant.alerts.iter().any(|alert| alert.subject == subject);
            if tenant.alert_rule(subject).is_none() && !is_open {
                continue;
            }
            let count = self.count(tenant, *condition).await?;
            let since = tenant.holds_since(*condition, count, now);
            let alert_id = self.new_id();
            let ground = tenant.alert_ground();
            if judge_health(&tenant.alerts, ground, *condition, since, alert_id, now).is_none() {
                continue;
            }
            let command = tenant::Command::JudgeHealth {
                condition: *condition,
                count,
                alert_id,
                now,
            };
            self.submit(tenant.id, Order::Tenant(command)).await?;
        }
        Ok(())
    }

    /// How much waits, where something is counted.
    async fn count(&self, tenant: &Tenant, condition: HealthCondition) -> Result<u64, LookError> {
        let reader = self.archive.reader();
        match condition {
            HealthCondition::QuarantineGrowing => {
                let counts = reader.quarantine_counts(tenant.id).await.map_err(LookError::Count)?;
                Ok(counts.iter().map(|count| count.count).sum())
            }
            HealthCondition::PublishingBehind if self.is_publishing => {
                let head = reader.head(tenant.id).await.map_err(LookError::Count)?;
                let cursor = reader.publish_cursor(tenant.id).await.map_err(LookError::Count)?;
                Ok(head.seq.0.saturating_sub(cursor.seq.0))
            }
            HealthCondition::PublishingBehind
            | HealthCondition::CallbacksMissing
            | HealthCondition::UpstreamPaused
            | HealthCondition::BalanceLow => Ok(0),
        }
    }

    async fn submit(&self, tenant_id: TenantId, order: Order) -> Result<(), LookError> {
        let submission = Submission {
            tenant_id,
            origin: Origin::of(Actor::System, CorrelationId::from_uuid(self.ambient.ids.uuid())),
            idempotency: None,
            order,
        };
        // Whatever comes of it: a merchant that is gone is not late any more.
        let outcome = self.writer.submit(submission).await;
        outcome.map(drop).map_err(LookError::Write)
    }

    fn new_id(&self) -> AlertId {
        AlertId::from_uuid(self.ambient.ids.uuid())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_unusual_is_remembered_for_a_day_and_for_so_many() {
        let mut known = HashMap::new();
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        let mut note = |number: usize, day: NaiveDate| {
            let tenant = TenantId::from_uuid(Uuid::from_u128(number as u128));
            remember(&mut known, tenant, ((day, Version(1)), Unusual::default()));
            known.len()
        };
        assert_eq!((note(1, day(27)), note(2, day(27)), note(1, day(27))), (1, 2, 2));
        assert_eq!(note(3, day(30)), 1, "yesterday's are gone");
        let most = (0..=UNUSUAL_MAX).map(|number| note(number, day(30))).max();
        assert_eq!(most, Some(UNUSUAL_MAX));
    }
}
