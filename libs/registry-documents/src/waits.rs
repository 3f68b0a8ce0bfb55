//! How long merchants have stood where they stand, and how unusual that is for their tenant.

use std::sync::Arc;

use chrono::NaiveDate;
use registry_domain::calendar::{Calendar, day_in_korea};
use registry_domain::merchant::{Merchant, Stage};
use registry_domain::waits::Usual;
use registry_journal::port::{StayCount, WaitOrder, usual_of};

use crate::WaitDocument;

/// By what waits are judged on a day.
#[derive(Debug)]
pub struct Waits {
    calendar: Calendar,
    today: NaiveDate,
    usual: Usual,
}

impl Waits {
    /// By the stays that were asked for with `usual_query`.
    pub fn new(calendar: Calendar, today: NaiveDate, stays: &[StayCount]) -> Self {
        let usual = usual_of(stays, &calendar);
        Self { calendar, today, usual }
    }

    /// What is said of a merchant's wait; nothing if nobody waits for it.
    pub fn of(&self, merchant: &Merchant) -> Option<WaitDocument> {
        let stage = merchant.stage();
        if !stage.is_waiting() {
            return None;
        }
        let days = self
            .calendar
            .business_days(day_in_korea(merchant.stage_since()), self.today);
        let business_days = u32::try_from(days).unwrap_or(0);
        Some(WaitDocument {
            business_days,
            longer_than_percent: self.usual.longer_than_percent(stage, business_days),
        })
    }

    /// The order by how unusual waits are.
    pub fn order(&self) -> Arc<WaitOrder> {
        let steps = |stage| (stage, self.usual.steps(stage, &self.calendar, self.today));
        Arc::new(Stage::waiting().map(steps).collect())
    }
}
