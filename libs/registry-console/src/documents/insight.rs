//! How long shops wait, and how far they have come.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

/// An answer about a moment.
#[derive(Debug, Clone, Deserialize)]
pub struct Told<T> {
    /// The answer.
    pub data: T,
    /// The moment.
    pub as_of: DateTime<Utc>,
}

/// A number with its list.
#[derive(Debug, Clone, Deserialize)]
pub struct Listed {
    /// The number.
    pub count: u64,
    /// The list, as the API has it.
    pub merchants: Option<String>,
}

/// How many took so many business days; the last entry holds all that took longer, too.
#[derive(Debug, Clone, Deserialize)]
pub struct DayCount {
    /// So many.
    pub from: u32,
    /// How many.
    pub count: u64,
}

/// How long shops wait.
#[derive(Debug, Clone, Deserialize)]
pub struct Ageing {
    /// Stage by stage.
    pub stages: Vec<StageAgeing>,
    /// All by business days.
    pub columns: Vec<AgeColumn>,
    /// All.
    pub total: Listed,
    /// How many wait for longer than they should.
    pub over_target: u64,
    /// Holidays that were left out.
    pub holidays: Vec<LeftOutDay>,
}

/// How long shops wait in one stage.
#[derive(Debug, Clone, Deserialize)]
pub struct StageAgeing {
    /// The stage.
    pub stage: String,
    /// By business days.
    pub columns: Vec<AgeColumn>,
    /// All of them.
    pub total: Listed,
    /// Half of them wait for so long at most.
    pub p50: Option<u32>,
    /// Nine of ten do.
    pub p90: Option<u32>,
    /// What is late.
    pub target: Option<Target>,
    /// By single business days.
    pub days: Vec<DayCount>,
}

/// Those who wait for between so many business days.
#[derive(Debug, Clone, Deserialize)]
pub struct AgeColumn {
    /// At least so many.
    pub from: u16,
    /// At most so many.
    pub to: Option<u16>,
    /// Who they are.
    #[serde(flatten)]
    pub listed: Listed,
}

/// After how many business days somebody is late.
#[derive(Debug, Clone, Deserialize)]
pub struct Target {
    /// From so many on.
    pub business_days: u16,
    /// Those who are.
    pub over: Listed,
}

/// A day that was left out.
#[derive(Debug, Clone, Deserialize)]
pub struct LeftOutDay {
    /// The day.
    pub date: NaiveDate,
    /// Its name.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
}

/// How long something took.
#[derive(Debug, Clone, Deserialize)]
pub struct Durations {
    /// How often.
    pub count: u64,
    /// Half took so many business days at most.
    pub p50: Option<u32>,
    /// Nine of ten did.
    pub p90: Option<u32>,
    /// By business days.
    pub days: Vec<DayCount>,
}

/// How far shops have come.
#[derive(Debug, Clone, Deserialize)]
pub struct Funnel {
    /// Milestone by milestone.
    pub steps: Vec<FunnelStep>,
    /// The whole way.
    pub opening: Durations,
    /// Week by week.
    pub weeks: Vec<Cohort>,
}

/// A milestone.
#[derive(Debug, Clone, Deserialize)]
pub struct FunnelStep {
    /// Its word.
    pub milestone: String,
    /// How many have reached it.
    pub count: u64,
    /// In percent of those who were registered.
    pub percent: Option<u8>,
    /// Half took so many business days at most from the one before.
    pub p50: Option<u32>,
    /// Those who did not come here.
    pub lost: Option<Listed>,
}

/// The shops of a week.
#[derive(Debug, Clone, Deserialize)]
pub struct Cohort {
    /// The week.
    pub week: String,
    /// Its Monday.
    pub from: NaiveDate,
    /// Its Sunday.
    pub to: NaiveDate,
    /// Those who were registered.
    pub registered: Listed,
    /// How many have reached each milestone.
    pub reached: BTreeMap<String, u64>,
    /// Half of those who opened took so many business days at most.
    pub p50: Option<u32>,
    /// Nine of ten did.
    pub p90: Option<u32>,
    /// Those who are still under way.
    pub under_way: Listed,
    /// Whether hardly any of them are.
    pub is_settled: bool,
}
