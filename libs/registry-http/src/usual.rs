//! What is usual for a tenant's shops: read once in a while, since a day that has passed does not change.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use moka::sync::Cache;
use registry_documents::Waits;
use registry_domain::TenantId;
use registry_domain::calendar::day_in_korea;
use registry_journal::Reader;
use registry_journal::port::usual_query;

use crate::problem::{Code, Problem};

/// For how long it is believed: a tenant's own days are counted within so long after it has changed them.
const BELIEF_TIME: Duration = Duration::from_mins(1);

/// Of how many tenants and days it is remembered.
const BELIEFS_MAX: u64 = 1_000;

/// Remembers what is usual.
pub struct UsualWaits {
    beliefs: Cache<(TenantId, NaiveDate), Arc<Waits>>,
}

impl UsualWaits {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            beliefs: Cache::builder()
                .max_capacity(BELIEFS_MAX)
                .time_to_live(BELIEF_TIME)
                .build(),
        }
    }

    /// What was usual on the day of a moment.
    pub async fn at(&self, reader: &dyn Reader, tenant_id: TenantId, at: DateTime<Utc>) -> Result<Arc<Waits>, Problem> {
        let today = day_in_korea(at);
        if let Some(known) = self.beliefs.get(&(tenant_id, today)) {
            return Ok(known);
        }
        let tenant = reader.tenant(tenant_id).await?.ok_or(Code::Unauthenticated)?;
        let calendar = tenant.settings.calendar;
        let counts = reader.stays(tenant_id, &usual_query(today)).await?;
        let waits = Arc::new(Waits::new(calendar, today, &counts));
        self.beliefs.insert((tenant_id, today), Arc::clone(&waits));
        Ok(waits)
    }
}
