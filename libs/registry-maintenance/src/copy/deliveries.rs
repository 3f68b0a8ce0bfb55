//! What was on its way to destinations moves with the log.
//!
//! Up to where a log was looked through for what is to be carried is no fact, and neither is what was planned. Without it, a copy would
//! tell people anew of the last three days; with the position alone, what had not arrived yet never would. What has arrived or was given
//! up stays behind: it is only remembered.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::alerts::Subject;
use registry_domain::{DestinationId, TenantId};
use registry_journal::archive::ArchiveError;
use registry_journal::port::{
    Delivery, DeliveryPlan, DeliveryPosition, DeliveryQuery, DeliveryState, Matter, PageSize, PlannedDigest,
    PlannedEvent, Tally,
};

use super::{Copy, CopyError};

/// For how long what moves is tried: as for what is planned anew.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(3);

impl Copy {
    /// Plans in the target what waits in the source, under the same ids, in one step with the position. One that has a position
    /// already has all of it.
    pub(super) async fn copy_deliveries(&self, tenant: TenantId) -> Result<(), CopyError> {
        let cursor = self.from.reader().delivery_cursor(tenant).await;
        let Some(cursor) = cursor.map_err(ArchiveError::from)? else {
            return Ok(());
        };
        let known = self.to.delivery_cursor(tenant).await.map_err(CopyError::ReadTarget)?;
        if known.is_some() {
            return Ok(());
        }
        let now = self.ambient.clock.now();
        let mut waiting = Waiting::default();
        // Everything at once: it is what destinations, of which there are few, did not take within three days.
        for state in [DeliveryState::Waiting, DeliveryState::Open] {
            self.read_deliveries(tenant, state, now, &mut waiting).await?;
        }
        let plan = DeliveryPlan {
            after: cursor,
            until: cursor,
            now,
            give_up_at: now + GIVE_UP_AFTER,
            events: waiting.events,
            digests: waiting.digests.into_values().collect(),
        };
        let planned = self.to.plan_deliveries(tenant, &plan).await;
        planned.map(drop).map_err(CopyError::ReadTarget)
    }

    async fn read_deliveries(
        &self,
        tenant: TenantId,
        state: DeliveryState,
        now: DateTime<Utc>,
        waiting: &mut Waiting,
    ) -> Result<(), CopyError> {
        let mut query = DeliveryQuery {
            destination: None,
            state: Some(state),
            before: None,
            limit: PageSize::MAX,
        };
        loop {
            let page = self.from.reader().deliveries(tenant, &query).await;
            let page = page.map_err(ArchiveError::from)?;
            for delivery in &page {
                waiting.add(delivery, now);
            }
            query.before = page.last().map(|last| DeliveryPosition {
                created_at: last.created_at,
                id: last.id,
            });
            if page.len() < PageSize::MAX.get() as usize {
                return Ok(());
            }
        }
    }
}

/// What has not arrived yet.
#[derive(Default)]
struct Waiting {
    events: Vec<PlannedEvent>,
    digests: HashMap<(DestinationId, Subject), PlannedDigest>,
}

impl Waiting {
    fn add(&mut self, delivery: &Delivery, now: DateTime<Utc>) {
        match delivery.matter {
            Matter::Event(seq) => self.events.push(PlannedEvent {
                id: delivery.id,
                destination: delivery.destination,
                seq,
            }),
            // One that is tried and one that still takes more become one: a plan has one of a destination and a rule.
            Matter::Digest(subject, tally) => {
                let due_at = delivery.next_attempt_at.unwrap_or(now);
                let digest = self.digests.entry((delivery.destination, subject));
                let digest = digest.or_insert(PlannedDigest {
                    id: delivery.id,
                    destination: delivery.destination,
                    subject,
                    tally: Tally::default(),
                    due_at,
                    give_up_at: due_at + GIVE_UP_AFTER,
                });
                digest.id = delivery.id;
                digest.due_at = digest.due_at.min(due_at);
                digest.tally = sum(digest.tally, tally);
            }
            // Whoever tried a destination out tries it again.
            Matter::Test => {}
        }
    }
}

fn sum(one: Tally, other: Tally) -> Tally {
    Tally {
        warn: one.warn + other.warn,
        late: one.late + other.late,
        critical: one.critical + other.critical,
        recovered: one.recovered + other.recovered,
    }
}
