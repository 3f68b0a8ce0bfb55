//! Memory for bodies: how many bytes of requests may be in this process at once, and who may have how many of them.
//!
//! Nobody may hold more than is left: one who floods gets half of the room, two get a third each, and there is always some
//! left for whoever comes next. With fixed shares either most of the room would lie idle, or a few could take all of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use registry_domain::TenantId;

/// Most bytes of bodies that are in memory at once, from their first byte until they are answered.
pub const BODIES_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A tenant's, by the URL that it was sent to.
    Tenant(TenantId),
    /// That of an address: what a caller says of itself is not known yet, or does not matter.
    Address(IpAddr),
    /// That of nobody who could be named.
    Unknown,
}

/// There is no room for more bytes of this holder now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

/// The room. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Room {
    bytes_max: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by: HashMap<Holder, usize>,
}

impl Room {
    /// An empty room of a size.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            taken: Arc::default(),
        }
    }

    /// A place in it that holds nothing yet.
    pub fn enter(&self, holder: Holder) -> Place {
        Place {
            room: self.clone(),
            holder,
            bytes: 0,
        }
    }

    /// How many bytes are taken now.
    pub fn taken(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body takes. Given back when dropped.
#[derive(Debug)]
pub struct Place {
    room: Room,
    holder: Holder,
    bytes: usize,
}

impl Place {
    /// Takes so many bytes more, if they may be taken.
    pub fn grow(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let mut taken = self.room.lock();
        let free = self.room.bytes_max - taken.total;
        let held = taken.by.get(&self.holder).copied().unwrap_or_default();
        // What is left afterwards must be no less than what the holder has then.
        if held.saturating_add(bytes.saturating_mul(2)) > free {
            return Err(NoRoom);
        }
        taken.total += bytes;
        *taken.by.entry(self.holder).or_default() += bytes;
        drop(taken);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut taken = self.room.lock();
        taken.total -= self.bytes;
        let left = taken.by.get_mut(&self.holder).map(|held| {
            *held -= self.bytes;
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
    fn what_is_given_back_can_be_taken_again() {
        let room = Room::new(1_000);
        drop(flood(&room, tenant(1)));
        assert_eq!((room.taken(), room.lock().by.len()), (0, 0));
        assert_eq!(flood(&room, Holder::Unknown).len(), 50);
    }
}
