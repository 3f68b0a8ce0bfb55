//! Following one tenant's log.

use chrono::TimeDelta;
use registry_domain::tenant::Tenant;
use registry_domain::{Seq, TenantId, causes};
use registry_journal::port::PageSize;

use super::{Courier, Track};
use crate::CourierError;
use crate::plan::{Stretch, plan, told};
use crate::retry::KEPT_FOR;

/// Events read at once.
const PAGE: PageSize = PageSize::clamped(500);

/// Pages that are looked through in one round: a tenant with a long log must not hold up the others.
const PAGES_MAX: usize = 32;

/// Of so much of a log that told nothing it is written down that it was looked through. Losing less costs a look.
const UNSAVED_MAX: u64 = 5_000;

/// How often what is old is forgotten.
const FORGET_INTERVAL: TimeDelta = TimeDelta::minutes(10);

impl Courier {
    /// Looks through what is new in a log. One that fails stops no other.
    pub(super) async fn follow(&mut self, tenant: &Tenant, head: Seq) {
        let followed = self.try_follow(tenant, head).await;
        let Some(track) = self.tracks.get_mut(&tenant.id) else {
            return;
        };
        match followed {
            Ok(()) => {
                if std::mem::replace(&mut track.is_failing, false) {
                    tracing::info!(tenant = %tenant.slug, "the log is followed again for what is to be carried");
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut track.is_failing, true) {
                    let error = causes(&error);
                    tracing::warn!(tenant = %tenant.slug, %error, "the log is not followed for what is to be carried; it is tried again");
                }
            }
        }
    }

    async fn try_follow(&mut self, tenant: &Tenant, head: Seq) -> Result<(), CourierError> {
        if !self.tracks.contains_key(&tenant.id) {
            let track = self.begin(tenant).await?;
            self.tracks.insert(tenant.id, track);
        }
        self.forget_old(tenant.id).await?;
        for _ in 0..PAGES_MAX {
            let Some(track) = self.tracks.get(&tenant.id).filter(|track| track.seen < head) else {
                break;
            };
            let (saved, seen) = (track.saved, track.seen);
            let rows = self.archive.reader().events_after(tenant.id, seen, PAGE).await;
            let rows = rows.map_err(|error| CourierError::ReadEvents(error.into()))?;
            let Some(until) = rows.last().map(|row| row.seq) else {
                break;
            };
            let now = self.ambient.now();
            let told = told(&self.archive, tenant, rows, now).await;
            let told = told.map_err(CourierError::ReadEvents)?;
            let after = saved.unwrap_or(Seq::ZERO);
            let plan = plan(tenant, &told, Stretch { after, until, now }, self.ambient.ids.as_ref());
            let is_news = !plan.events.is_empty() || !plan.digests.is_empty();
            let mut saved = saved;
            if is_news || until.0.saturating_sub(after.0) >= UNSAVED_MAX || saved.is_none() {
                let planned = self.archive.reader().plan_deliveries(tenant.id, &plan).await;
                if !planned.map_err(CourierError::Plan)? {
                    // Another process has moved on: what it wrote holds.
                    self.tracks.remove(&tenant.id);
                    return Ok(());
                }
                saved = Some(until);
            }
            if let Some(track) = self.tracks.get_mut(&tenant.id) {
                track.seen = until;
                track.saved = saved;
            }
        }
        Ok(())
    }

    /// Where a log is taken up: where it was left, or where the first of its destinations was made.
    async fn begin(&self, tenant: &Tenant) -> Result<Track, CourierError> {
        let saved = self.archive.reader().delivery_cursor(tenant.id).await;
        let saved = saved.map_err(CourierError::ReadCursor)?;
        let first = tenant.destinations.iter().map(|there| there.from).min();
        Ok(Track {
            saved,
            seen: saved.max(first).unwrap_or(Seq::ZERO),
            forget_at: self.ambient.now(),
            is_failing: false,
        })
    }

    async fn forget_old(&mut self, tenant: TenantId) -> Result<(), CourierError> {
        let now = self.ambient.now();
        let Some(track) = self.tracks.get_mut(&tenant).filter(|track| now >= track.forget_at) else {
            return Ok(());
        };
        track.forget_at = now + FORGET_INTERVAL;
        let forgotten = self.archive.reader().forget_deliveries(tenant, now - KEPT_FOR).await;
        forgotten.map_err(CourierError::PutAway)
    }
}
