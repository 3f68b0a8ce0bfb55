//! What waits in a lane. Tenants are served in turns, one command each, so that whoever has sent one does not wait for
//! whoever has sent thousands; what one tenant asks for stays in order.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use registry_domain::merchant::{self, Claim};
use registry_domain::{TenantId, tenant};
use tokio::sync::{Notify, oneshot};

use crate::submission::{Order, Outcome, Submission, WriteError};

/// Places that a tenant's part keeps when it is empty: more were needed for a flood, which is over.
const PLACES_KEPT: usize = 64;

/// What a command takes in memory beside its payload, roughly.
const COMMAND_BYTES: usize = 512;

/// A command in the queue.
pub(super) struct Entry {
    pub(super) submission: Submission,
    pub(super) reply: oneshot::Sender<Result<Outcome, WriteError>>,
    pub(super) bytes: usize,
}

impl Entry {
    pub(super) fn new(submission: Submission, reply: oneshot::Sender<Result<Outcome, WriteError>>) -> Self {
        let bytes = size_of(&submission);
        Self {
            submission,
            reply,
            bytes,
        }
    }
}

/// The queue of a lane.
pub(super) struct Waiting {
    length_max: usize,
    bytes_max: usize,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    of: HashMap<TenantId, Part>,
    /// The tenants that have something waiting, in the order in which it is their turn.
    turns: VecDeque<TenantId>,
    length: usize,
    bytes: usize,
    closed: bool,
}

/// What waits for one tenant.
#[derive(Default)]
struct Part {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Waiting {
    pub(super) fn new(length_max: usize, bytes_max: usize) -> Self {
        Self {
            length_max,
            bytes_max,
            state: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// Puts a command at the end of its tenant's part, if fewer than `length_max` wait and the tenant has no more places
    /// than are left: a tenant that floods gets half of the queue, two get a third each, and there is always a place for
    /// whoever comes next. Of the memory that all of them take together it has no more either: a caller may be gone, and
    /// with it whoever counted its bytes, while its command still waits.
    pub(super) fn push(&self, entry: Entry, length_max: usize) -> Result<(), WriteError> {
        let mut state = self.lock();
        if state.closed {
            return Err(WriteError::Stopping);
        }
        let tenant = entry.submission.tenant_id;
        let bytes = entry.bytes;
        let (length, left) = (state.length, self.length_max.saturating_sub(state.length));
        let bytes_left = self.bytes_max.saturating_sub(state.bytes);
        let part = state.of.entry(tenant).or_default();
        if length >= length_max || part.entries.len() >= left || part.bytes + 2 * bytes > bytes_left {
            return Err(WriteError::Busy);
        }
        let is_first = part.entries.is_empty();
        part.entries.push_back(entry);
        part.bytes += bytes;
        if is_first {
            state.turns.push_back(tenant);
        }
        state.length += 1;
        state.bytes += bytes;
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes commands in turns, for as long as more are wanted.
    pub(super) fn take(&self, mut wants_more: impl FnMut(Entry) -> bool) {
        let mut state = self.lock();
        let state = &mut *state;
        while let Some(tenant) = state.turns.pop_front() {
            let part = state.of.entry(tenant).or_default();
            let Some(entry) = part.entries.pop_front() else {
                continue;
            };
            part.bytes -= entry.bytes;
            state.bytes -= entry.bytes;
            state.length -= 1;
            if part.entries.is_empty() {
                part.entries.shrink_to(PLACES_KEPT);
            } else {
                state.turns.push_back(tenant);
            }
            if !wants_more(entry) {
                return;
            }
        }
    }

    /// Waits until something has arrived since it was last waited for, or the queue was closed.
    pub(super) async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Takes no more commands. What waits can still be taken out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Lets go of what waits, whose callers learn that it was not written.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        *state = State {
            closed: true,
            ..State::default()
        };
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn length(&self) -> usize {
        self.lock().length
    }

    /// How much memory it takes, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size_of(submission: &Submission) -> usize {
    let payload = |claim: &Claim| claim.receipt.payload.0.len();
    let variable = match &submission.order {
        Order::Merchant {
            command: merchant::Command::ReceiveCallback(claim) | merchant::Command::RedriveCallback(claim, _),
            ..
        }
        | Order::CallbackByCodes { claim, .. }
        | Order::RedriveByCodes { claim, .. } => payload(claim),
        Order::Tenant(tenant::Command::ReceiveUnclaimed(receipt, _)) => receipt.payload.0.len(),
        Order::Merchant { .. } | Order::Register { .. } | Order::Adopt { .. } | Order::Tenant(_) => 0,
    };
    COMMAND_BYTES + variable
}

#[cfg(test)]
mod tests {
    use registry_domain::tenant::Command;
    use registry_domain::{Actor, CorrelationId};
    use uuid::Uuid;

    use super::*;
    use crate::submission::Origin;

    fn entry(tenant: u128, number: u128) -> Entry {
        let submission = Submission {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(tenant)),
            origin: Origin::of(Actor::Operator, CorrelationId::from_uuid(Uuid::from_u128(number))),
            idempotency: None,
            order: Order::Tenant(Command::Suspend),
        };
        Entry::new(submission, oneshot::channel().0)
    }

    /// What a tenant can put in until it is refused.
    fn flood(waiting: &Waiting, tenant: u128) -> usize {
        let refused = (0..10_000).find(|number| waiting.push(entry(tenant, *number), usize::MAX).is_err());
        usize::try_from(refused.unwrap()).unwrap()
    }

    fn taken(waiting: &Waiting, most: usize) -> Vec<(u128, u128)> {
        let mut taken = Vec::new();
        waiting.take(|entry| {
            let submission = entry.submission;
            taken.push((
                submission.tenant_id.as_uuid().as_u128(),
                submission.origin.correlation_id.as_uuid().as_u128(),
            ));
            taken.len() < most
        });
        taken
    }

    #[test]
    fn a_tenant_that_floods_leaves_places_for_others() {
        let waiting = Waiting::new(1_000, usize::MAX);
        assert_eq!((flood(&waiting, 1), flood(&waiting, 2)), (500, 250));
        assert_eq!(waiting.push(entry(3, 0), usize::MAX), Ok(()));
        assert_eq!(waiting.push(entry(1, 0), usize::MAX), Err(WriteError::Busy));
        assert_eq!(waiting.length(), 751);
    }

    #[test]
    fn a_tenant_that_floods_leaves_memory_for_others() {
        let waiting = Waiting::new(1_000, 100 * COMMAND_BYTES);
        assert_eq!((flood(&waiting, 1), flood(&waiting, 2)), (50, 25));
        assert_eq!(waiting.push(entry(3, 0), usize::MAX), Ok(()));
        taken(&waiting, usize::MAX);
        assert_eq!(flood(&waiting, 1), 50, "what was taken out takes no memory");
    }

    #[test]
    fn whoever_has_one_command_does_not_wait_for_whoever_has_many() {
        let waiting = Waiting::new(1_000, usize::MAX);
        flood(&waiting, 1);
        waiting.push(entry(2, 0), usize::MAX).unwrap();
        waiting.push(entry(3, 0), usize::MAX).unwrap();
        waiting.push(entry(2, 1), usize::MAX).unwrap();
        assert_eq!(taken(&waiting, 4), [(1, 0), (2, 0), (3, 0), (1, 1)]);
        assert_eq!(
            taken(&waiting, 3),
            [(2, 1), (1, 2), (1, 3)],
            "and each tenant's stay in order"
        );
        assert_eq!(waiting.length(), 496);
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_gives_what_it_has() {
        let waiting = Waiting::new(10, usize::MAX);
        waiting.push(entry(1, 0), usize::MAX).unwrap();
        waiting.close();
        assert_eq!(waiting.push(entry(1, 1), usize::MAX), Err(WriteError::Stopping));
        assert_eq!(taken(&waiting, 10), [(1, 0)]);
    }
}
