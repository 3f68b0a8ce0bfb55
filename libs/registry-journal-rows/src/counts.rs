//! How counts change with what is written, where the writer knows it: one number for each count that changes, however many rows of the
//! batch change it.

use std::collections::{BTreeMap, HashMap};
use std::ops::AddAssign;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use registry_domain::calendar::day_in_korea;
use registry_domain::merchant::{Milestone, Stage};
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{Counted, CountedBefore, MilestonesRow, Stay, Step, Writes};

use crate::day_number;

/// By how much each count changes; none by nothing. Days are those of Korea, counted from 1970-01-01.
#[derive(Debug, Default)]
pub struct CountChanges {
    /// Merchants with these facets.
    pub merchants: BTreeMap<(TenantId, i64), i64>,
    /// Merchants that stand in a stage since a day.
    pub standing: BTreeMap<(TenantId, Stage, i64), i64>,
    /// Merchants that have come from one milestone to another, or are under way.
    pub steps: BTreeMap<CountedStep, i64>,
    /// Stays in a stage that have ended, and first openings, by the day of that and the day on which it had begun.
    pub stays: BTreeMap<(TenantId, Stay, i64, i64), i64>,
}

/// What steps are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountedStep {
    /// Whose merchants.
    pub tenant_id: TenantId,
    /// The Monday of the week in which they were registered.
    pub cohort_on: i64,
    /// Which step.
    pub step: Step,
    /// The day on which they set out.
    pub from_on: i64,
    /// The day on which they arrived.
    pub to_on: i64,
}

impl CountChanges {
    /// Those that come of rows, and of stays that have ended. Rows in the place of one that another version of the program wrote are
    /// counted where they are kept.
    pub fn of(writes: &Writes) -> Self {
        let mut changes = Self::default();
        let reached: HashMap<(TenantId, MerchantId), MilestonesRow> = writes
            .milestones
            .iter()
            .map(|row| ((row.tenant_id, row.merchant_id), *row))
            .collect();
        for row in &writes.merchants {
            let before = match row.before {
                CountedBefore::Nothing => None,
                CountedBefore::Known(counted) => Some(counted),
                CountedBefore::Unknown => continue,
            };
            let reached = reached.get(&(row.tenant_id, row.merchant.id)).copied();
            let milestones = reached.or(before.and_then(|before| before.milestones));
            if let Some(before) = before {
                changes.count(row.tenant_id, before, -1);
            }
            changes.count(row.tenant_id, Counted::of(&row.merchant, milestones), 1);
        }
        for row in &writes.history {
            if let Some(stay) = row.ended {
                let key = (
                    row.tenant_id,
                    Stay::In(stay.stage),
                    day(row.valid_from),
                    day(stay.since),
                );
                add(&mut changes.stays, key, 1);
            }
        }
        changes.merchants.retain(|_, by| *by != 0);
        changes.standing.retain(|_, by| *by != 0);
        changes.steps.retain(|_, by| *by != 0);
        changes.stays.retain(|_, by| *by != 0);
        changes
    }

    fn count(&mut self, tenant_id: TenantId, counted: Counted, by: i64) {
        add(&mut self.merchants, (tenant_id, counted.facets.to_bits()), by);
        let since = (tenant_id, counted.facets.stage, day(counted.stage_since));
        add(&mut self.standing, since, by);
        let Some(row) = counted.milestones else { return };
        for step in steps(&row) {
            add(&mut self.steps, step, by);
            if step.step == Step::Whole {
                add(
                    &mut self.stays,
                    (tenant_id, Stay::Opening, step.to_on, step.from_on),
                    by,
                );
            }
        }
    }
}

fn add<Key: Ord>(changes: &mut BTreeMap<Key, i64>, key: Key, by: i64) {
    changes.entry(key).or_default().add_assign(by);
}

/// From where to where a merchant has come.
fn steps(row: &MilestonesRow) -> impl Iterator<Item = CountedStep> {
    let on = |milestone| row.reached_at(milestone).map(day);
    let cohort_on = monday_of(row.created_at);
    let created = on(Milestone::Registered);
    let reached = |from, to| (Step::Reached(to), on(from), on(to));
    let under_way = row.is_under_way.then_some(cohort_on);
    let steps = [
        reached(Milestone::Registered, Milestone::Registered),
        reached(Milestone::Registered, Milestone::Linked),
        reached(Milestone::Linked, Milestone::Begun),
        reached(Milestone::Begun, Milestone::Submitted),
        reached(Milestone::Submitted, Milestone::Opened),
        (Step::Whole, created, on(Milestone::Opened)),
        (Step::UnderWay, under_way, under_way),
    ];
    let tenant_id = row.tenant_id;
    steps.into_iter().filter_map(move |(step, from_on, to_on)| {
        Some(CountedStep {
            tenant_id,
            cohort_on,
            step,
            from_on: from_on?,
            to_on: to_on?,
        })
    })
}

fn day(at: DateTime<Utc>) -> i64 {
    day_number(day_in_korea(at))
}

fn monday_of(at: DateTime<Utc>) -> i64 {
    let day = day_in_korea(at);
    let since_monday = Days::new(u64::from(day.weekday().num_days_from_monday()));
    day_number(day.checked_sub_days(since_monday).unwrap_or(NaiveDate::MIN))
}
