//! What may be taken at once and is given back, such as bytes of bodies or event streams, and who may have how much of it.
//!
//! Nobody may hold more than is left: one who floods gets half of the room, two get a third each, and there is always some
//! left for whoever comes next. With fixed shares either most of the room would lie idle, or a few could take all of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use registry_domain::TenantId;

/// Who takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A tenant.
    Tenant(TenantId),
    /// An address: what a caller says of itself is not known yet, or does not matter.
    Address(IpAddr),
    /// Nobody who could be named.
    Unknown,
}

/// There is no room for more of this holder's now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

/// The room. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Room {
    most: usize,
    taken: Arc<Mutex<Taken>>,
    turned_away: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by: HashMap<Holder, usize>,
}

impl Taken {
    /// What is left afterwards must be no less than what the holder has then. Of one thing that cannot be parted, the last goes to
    /// whoever has none.
    fn leaves_enough(&self, most: usize, holder: Holder, more: usize) -> bool {
        let free = most - self.total;
        let held = self.by.get(&holder).copied().unwrap_or_default();
        let is_last = more == 1 && held == 0 && free == 1;
        held.saturating_add(more.saturating_mul(2)) <= free || is_last
    }
}

impl Room {
    /// An empty room of a size.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            taken: Arc::default(),
            turned_away: Arc::default(),
        }
    }

    /// A place in it that holds nothing yet.
    pub fn enter(&self, holder: Holder) -> Place {
        Place {
            room: self.clone(),
            holder,
            held: 0,
        }
    }

    /// One whole thing, for as long as what is returned lives.
    pub fn take(&self, holder: Holder) -> Result<Place, NoRoom> {
        let mut place = self.enter(holder);
        place.grow(1).map(|()| place)
    }

    /// How many more things a holder could take now, one by one.
    pub fn left_for(&self, holder: Holder) -> usize {
        let taken = self.lock();
        let held = taken.by.get(&holder).copied().unwrap_or_default();
        (self.most - taken.total).saturating_sub(held) / 2
    }

    /// Whether a holder could take one whole thing now. Whoever only asks is not turned away.
    pub fn has_one_for(&self, holder: Holder) -> bool {
        self.lock().leaves_enough(self.most, holder, 1)
    }

    /// How much a holder has.
    pub fn held_by(&self, holder: Holder) -> usize {
        self.lock().by.get(&holder).copied().unwrap_or_default()
    }

    /// How much there is in all.
    pub fn most(&self) -> usize {
        self.most
    }

    /// How much is taken now.
    pub fn taken(&self) -> usize {
        self.lock().total
    }

    /// How often there was no room for somebody.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody has taken. Given back when dropped.
#[derive(Debug)]
pub struct Place {
    room: Room,
    holder: Holder,
    held: usize,
}

impl Place {
    /// Takes so much more, if it may be taken.
    pub fn grow(&mut self, more: usize) -> Result<(), NoRoom> {
        let mut taken = self.room.lock();
        if !taken.leaves_enough(self.room.most, self.holder, more) {
            drop(taken);
            self.room.turned_away.fetch_add(1, Ordering::Relaxed);
            return Err(NoRoom);
        }
        taken.total += more;
        *taken.by.entry(self.holder).or_default() += more;
        drop(taken);
        self.held += more;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.held == 0 {
            return;
        }
        let mut taken = self.room.lock();
        taken.total -= self.held;
        let left = taken.by.get_mut(&self.holder).map(|held| {
            *held -= self.held;
            *held
        });
        if left == Some(0) {
            taken.by.remove(&self.holder);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tenant(number: u128) -> Holder {
        Holder::Tenant(TenantId::from_uuid(Uuid::from_u128(number)))
    }

    /// Takes places of ten bytes until there are no more for this holder.
    fn flood(room: &Room, holder: Holder) -> Vec<Place> {
        let place = || {
            let mut place = room.enter(holder);
            place.grow(10).map(|()| place)
        };
        std::iter::repeat_with(place).map_while(Result::ok).collect()
    }

    #[test]
    fn whoever_floods_leaves_room_for_the_next_one() {
        let room = Room::new(1_000);
        let first = flood(&room, tenant(1));
        assert_eq!(first.len(), 50, "one takes half");
        let second = flood(&room, tenant(2));
        assert_eq!(second.len(), 25);
        assert_eq!(room.enter(tenant(3)).grow(100), Ok(()), "a third one is served");
        assert_eq!(room.enter(tenant(1)).grow(1), Err(NoRoom), "the first one gets no more");
        assert_eq!(room.taken(), 750);
    }

    #[test]
    fn whole_things_are_shared_to_the_last_one() {
        let room = Room::new(8);
        let take_all = |holder| {
            let room = room.clone();
            let taken: Vec<_> = std::iter::repeat_with(move || room.take(holder))
                .map_while(Result::ok)
                .collect();
            taken
        };
        assert_eq!(room.left_for(tenant(1)), 4);
        let (first, second) = (take_all(tenant(1)), take_all(tenant(2)));
        assert_eq!((first.len(), second.len()), (4, 2));
        assert_eq!(room.left_for(tenant(1)), 0);
        assert!(!room.has_one_for(tenant(1)) && room.has_one_for(tenant(3)));
        assert_eq!((room.held_by(tenant(1)), room.held_by(tenant(3))), (4, 0));
        let (third, fourth) = (room.take(tenant(3)), room.take(tenant(4)));
        assert!(
            third.is_ok() && fourth.is_ok(),
            "whoever has none gets one of the last ones"
        );
        assert!(room.take(tenant(5)).is_err());
        assert_eq!((room.taken(), room.turned_away()), (8, 3));
        drop(first);
        assert_eq!(room.left_for(tenant(5)), 2);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let room = Room::new(1_000);
        drop(flood(&room, tenant(1)));
        assert_eq!((room.taken(), room.lock().by.len()), (0, 0));
        assert_eq!(flood(&room, Holder::Unknown).len(), 50);
    }
}
