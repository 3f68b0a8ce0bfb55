//! Places for files that are read: a few at once for all, of which no tenant has more than are left, and a short queue before them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registry_domain::TenantId;
use registry_shares::room::{Holder, Place, Room};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a file waits for its turn. With [`crate::reader::READ_TIME`] after it, less than proxies wait for an answer.
const WAIT_TIME: Duration = Duration::from_secs(10);

/// How many files are read and wait at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingLimits {
    /// Read, each by a process of its own: two at least, so that no tenant has all.
    pub at_once: usize,
    /// Waiting, each held in memory.
    pub waiting: usize,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The tenant has as many as it may have.
    OfTenant,
    /// Others have them.
    OfOthers,
}

/// The places. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reading: Room,
    waiting: Room,
    turns: Mutex<Turns>,
    refused: AtomicU64,
}

/// Tenants whose files wait, in the order of their turns, each with its own in the order in which they came.
type Turns = VecDeque<(TenantId, VecDeque<oneshot::Sender<Reading>>)>;

/// A place that somebody has. Given to whoever waits when it is dropped.
#[derive(Debug)]
pub struct Reading {
    places: Places,
    /// None once it is given back.
    place: Option<Place>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        drop(self.place.take());
        self.places.hand_on();
    }
}

impl Places {
    pub(crate) fn new(limits: ReadingLimits) -> Self {
        Self(Arc::new(Inner {
            reading: Room::new(limits.at_once),
            waiting: Room::new(limits.waiting),
            turns: Mutex::default(),
            refused: AtomicU64::new(0),
        }))
    }

    /// How many files are being read.
    pub fn reading(&self) -> usize {
        self.0.reading.taken()
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.0.waiting.taken()
    }

    /// How many were not read because there was no place for them in time.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// A place for a file of a tenant's, at once or in its turn, but not after long.
    pub(crate) async fn enter(&self, tenant: TenantId) -> Result<Reading, Full> {
        let entered = self.try_enter(tenant).await;
        if entered.is_err() {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
        }
        entered
    }

    async fn try_enter(&self, tenant: TenantId) -> Result<Reading, Full> {
        let holder = Holder::Tenant(tenant);
        let (turn, waits) = {
            let mut turns = self.turns();
            // Nobody is overtaken: whoever waits could not have it.
            if self.0.reading.has_one_for(holder)
                && let Ok(place) = self.0.reading.take(holder)
            {
                return Ok(self.given(place));
            }
            let waits = self.0.waiting.take(holder).map_err(|_| self.full(holder))?;
            (queue(&mut turns, tenant), waits)
        };
        let turn = timeout(WAIT_TIME, turn).await;
        drop(waits);
        turn.ok().and_then(Result::ok).ok_or_else(|| self.full(holder))
    }

    /// Whoever has some, or waits for some, is held up by its own.
    fn full(&self, holder: Holder) -> Full {
        if self.0.reading.held_by(holder) + self.0.waiting.held_by(holder) > 0 {
            Full::OfTenant
        } else {
            Full::OfOthers
        }
    }

    fn given(&self, place: Place) -> Reading {
        Reading {
            places: self.clone(),
            place: Some(place),
        }
    }

    /// Gives what is free to those whose turn it is.
    fn hand_on(&self) {
        while let Some((turn, place)) = self.next() {
            // Whoever has gone meanwhile does not take it: then its drop hands it on.
            let _gone = turn.send(place);
        }
    }

    /// The file whose turn it is, with a place for it. Tenants take turns: who has many files waits for itself.
    fn next(&self) -> Option<(oneshot::Sender<Reading>, Reading)> {
        let mut turns = self.turns();
        forget_gone(&mut turns);
        let may = |(tenant, _): &(TenantId, _)| self.0.reading.has_one_for(Holder::Tenant(*tenant));
        let at = turns.iter().position(may)?;
        let (tenant, mut files) = turns.remove(at)?;
        let turn = files.pop_front()?;
        if !files.is_empty() {
            turns.push_back((tenant, files));
        }
        let place = self.0.reading.take(Holder::Tenant(tenant)).ok()?;
        Some((turn, self.given(place)))
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a file behind the others of its tenant.
fn queue(turns: &mut Turns, tenant: TenantId) -> oneshot::Receiver<Reading> {
    forget_gone(turns);
    let (turn, told) = oneshot::channel();
    match turns.iter_mut().find(|(waiting, _)| *waiting == tenant) {
        Some((_, files)) => files.push_back(turn),
        None => turns.push_back((tenant, VecDeque::from([turn]))),
    }
    told
}

/// Those who wait no more.
fn forget_gone(turns: &mut Turns) {
    turns.retain_mut(|(_, files)| {
        files.retain(|turn| !turn.is_closed());
        !files.is_empty()
    });
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::{FutureExt, poll};
    use uuid::Uuid;

    use super::*;

    const FIRST: TenantId = TenantId::from_uuid(Uuid::from_u128(1));
    const SECOND: TenantId = TenantId::from_uuid(Uuid::from_u128(2));
    const THIRD: TenantId = TenantId::from_uuid(Uuid::from_u128(3));

    fn places() -> Places {
        Places::new(ReadingLimits { at_once: 2, waiting: 4 })
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenant_waits_for_itself_and_leaves_others_theirs() {
        let places = places();
        let reading = places.enter(FIRST).await.unwrap();
        assert_eq!(places.enter(FIRST).await.unwrap_err(), Full::OfTenant);
        let _of_another = places.enter(SECOND).await.unwrap();
        assert_eq!(places.enter(THIRD).await.unwrap_err(), Full::OfOthers);
        assert_eq!((places.reading(), places.waiting(), places.refused()), (2, 0, 2));
        let (next, ()) = tokio::join!(places.enter(FIRST), async { drop(reading) });
        assert!(next.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_are_few_and_tenants_take_turns() {
        let places = places();
        let (reading, _another) = (places.enter(FIRST).await.unwrap(), places.enter(SECOND).await.unwrap());
        let mut waiting = [pin!(places.enter(FIRST)), pin!(places.enter(FIRST))];
        for waits in &mut waiting {
            assert!(poll!(waits).is_pending());
        }
        assert_eq!(places.enter(FIRST).now_or_never().unwrap().unwrap_err(), Full::OfTenant);
        let mut third = pin!(places.enter(THIRD));
        assert!(poll!(&mut third).is_pending());
        let [first, second] = &mut waiting;
        drop(reading);
        let reading = first.await.unwrap();
        assert!(poll!(&mut *second).is_pending());
        drop(reading);
        assert!(poll!(&mut *second).is_pending(), "it is the third tenant's turn");
        assert!(poll!(third).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_for_somebody_who_has_gone_goes_to_the_next_one() {
        let places = places();
        let (reading, _another) = (places.enter(FIRST).await.unwrap(), places.enter(SECOND).await.unwrap());
        let mut stays = Box::pin(places.enter(THIRD));
        {
            let mut gone = pin!(places.enter(FIRST));
            assert!(poll!(&mut gone).is_pending());
            assert!(poll!(&mut stays).is_pending());
            drop(reading);
            // It has a place now and goes without having looked.
        }
        assert!(poll!(stays).is_ready());
        assert_eq!((places.reading(), places.waiting()), (1, 0));
    }
}
