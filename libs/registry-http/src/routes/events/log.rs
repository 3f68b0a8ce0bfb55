//! Reading a tenant's log for somebody who follows it.

use std::time::Duration;

use registry_domain::{Seq, TenantId};
use registry_journal::Archive;
use registry_journal::port::PageSize;
use registry_publish::{PublicEvent, public_event};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::problem::{Fault, Problem};
use crate::state::AppState;

/// How often a follower looks although nobody woke it: other processes write too.
const POLL_TIME: Duration = Duration::from_secs(1);

/// How long a follower rests after a look: a busy log must not cost every follower a read per commit.
const REST_TIME: Duration = Duration::from_millis(50);

/// How many rows are read at once when some of them may not be wanted.
const SCAN_ROWS: u32 = 500;

/// How many times one request reads on for wanted rows.
const SCANS_MAX: u32 = 4;

/// Most event types of a filter.
const TYPES_MAX: usize = 50;

/// Longest event type, in bytes.
const TYPE_LENGTH_MAX: usize = 64;

/// The wanted part of a stretch of the log.
pub struct Slice {
    /// The wanted events.
    pub events: Vec<PublicEvent>,
    /// Everything up to here was looked at.
    pub seen: Seq,
    /// There was nothing after it.
    pub at_end: bool,
}

/// Follows a tenant's log.
pub struct Follower {
    archive: Archive,
    tenant_id: TenantId,
    types: Vec<String>,
    commits: watch::Receiver<u64>,
    stopping: CancellationToken,
    looked_at: Instant,
}

impl Follower {
    /// A follower of some event types; of all if there are none.
    pub fn new(state: &AppState, tenant_id: TenantId, types: Vec<String>) -> Self {
        Self {
            archive: state.archive.clone(),
            tenant_id,
            types,
            commits: state.commits.clone(),
            stopping: state.stopping.clone(),
            looked_at: Instant::now(),
        }
    }

    /// Reads on after a position, until there are enough events, or no more, or enough was looked at.
    pub async fn read(&mut self, after: Seq, limit: PageSize) -> Result<Slice, Problem> {
        // Whatever is committed from now on wakes us, so nothing can fall between this look and the next wait.
        self.commits.mark_unchanged();
        self.looked_at = Instant::now();
        let wanted = limit.get() as usize;
        let rows = if self.types.is_empty() {
            limit
        } else {
            PageSize::clamped(SCAN_ROWS)
        };
        let mut slice = Slice {
            events: Vec::new(),
            seen: after,
            at_end: false,
        };
        for _ in 0..SCANS_MAX {
            let recorded = self.archive.events_after(self.tenant_id, slice.seen, rows).await?;
            slice.at_end = recorded.len() < rows.get() as usize;
            for event in &recorded {
                if slice.events.len() == wanted {
                    slice.at_end = false;
                    return Ok(slice);
                }
                slice.seen = event.stamp.seq;
                if self.types.is_empty() || self.types.contains(&event.event_type) {
                    slice.events.push(public_event(event));
                }
            }
            if slice.at_end || slice.events.len() == wanted {
                break;
            }
        }
        Ok(slice)
    }

    /// Waits until it makes sense to look again, but not longer than until `deadline`. False once there is no point in
    /// waiting on: the deadline has come, or the process is stopping.
    pub async fn wait(&mut self, deadline: Instant) -> bool {
        let rested = self.looked_at + REST_TIME;
        let polled = self.looked_at + POLL_TIME;
        let commits = &mut self.commits;
        let woken = async move {
            sleep_until(rested).await;
            if commits.changed().await.is_err() {
                // The writer is gone; other processes may still write.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = woken => true,
            () = sleep_until(polled) => true,
            () = sleep_until(deadline) => false,
            () = self.stopping.cancelled() => false,
        }
    }
}

/// Reads the event types of a filter. Types are an open list, so one that does not exist only matches nothing.
pub fn read_types(text: &str) -> Result<Vec<String>, Fault> {
    let types: Vec<_> = text.split(',').map(str::trim).take(TYPES_MAX + 1).collect();
    if types.len() > TYPES_MAX {
        return Err(Fault::TooMany);
    }
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_type = |text: &&str| {
        let words = text.split_once('.');
        text.len() <= TYPE_LENGTH_MAX && words.is_some_and(|(group, event)| is_word(group) && is_word(event))
    };
    if types.iter().all(is_type) {
        Ok(types.into_iter().map(str::to_owned).collect())
    } else {
        Err(Fault::UnknownWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_two_words() {
        assert_eq!(
            read_types("review.changed, link.issued").unwrap(),
            ["review.changed", "link.issued"]
        );
        for bad in [
            "",
            "review",
            "review.",
            ".changed",
            "review.changed,",
            "a.b.c",
            "Review.Changed",
            "review.*",
        ] {
            assert_eq!(read_types(bad), Err(Fault::UnknownWord), "{bad}");
        }
        assert_eq!(read_types(&["a.b"; 51].join(",")), Err(Fault::TooMany));
    }
}
