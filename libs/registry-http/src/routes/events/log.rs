//! Reading a tenant's log for somebody who follows it.

use std::sync::Arc;

use registry_documents::{EventData, PublicEvent, Sight, event_shown};
use registry_domain::{Seq, TenantId};
use registry_journal::Archive;
use registry_journal::port::PageSize;
use registry_shares::room::{Holder, Place, Room};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::caller::Caller;
use crate::heads::Heads;
use crate::position::require_reached;
use crate::problem::{Code, Fault, Problem};
use crate::query::{POSITION_MAX, Parameters};
use crate::state::AppState;

/// How many rows are read at once when some of them may not be wanted.
const SCAN_ROWS: u32 = 500;

/// How many times one request reads on for wanted rows.
const SCANS_MAX: u32 = 4;

/// After how many seconds a client that found all places taken should come back.
const PLACES_TAKEN_SECONDS: u32 = 30;

/// Most event types of a filter.
const TYPES_MAX: usize = 100;

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
    sight: Sight,
    types: Vec<String>,
    heads: Arc<Heads>,
    head: watch::Receiver<Option<Seq>>,
    stopping: CancellationToken,
    /// Its place among those that wait.
    place: Option<Place>,
}

impl Follower {
    /// A follower of some event types; of all if there are none.
    pub fn new(state: &AppState, caller: &Caller, types: Vec<String>) -> Self {
        Self {
            archive: state.archive.clone(),
            tenant_id: caller.tenant_id(),
            sight: caller.sight(),
            types,
            head: state.heads.follow(caller.tenant_id()),
            heads: Arc::clone(&state.heads),
            stopping: state.stopping.clone(),
            place: None,
        }
    }

    /// Takes a place among those that wait, unless it has one; fails if the tenant may have no more.
    pub fn take_place(&mut self, room: &Room) -> Result<(), Problem> {
        if self.place.is_none() {
            self.place = Some(place(room, self.tenant_id)?);
        }
        Ok(())
    }

    /// Where the log ends now.
    pub async fn head(&self) -> Result<Seq, Problem> {
        Ok(self.archive.reader().head(self.tenant_id).await?.seq)
    }

    /// Fails if the log ends before a position: whoever waits there misses what is written meanwhile.
    pub async fn require_reached(&self, position: Seq) -> Result<(), Problem> {
        require_reached(self.archive.reader(), self.tenant_id, position).await
    }

    /// Reads on after a position, until there are enough events, or no more, or enough was looked at.
    pub async fn read(&mut self, after: Seq, limit: PageSize) -> Result<Slice, Problem> {
        self.heads.count_read();
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
                    slice.events.push(event_shown(event, self.sight));
                }
            }
            if slice.at_end || slice.events.len() == wanted {
                break;
            }
        }
        Ok(slice)
    }

    /// Waits until the log is known to end behind a position, but not longer than until `deadline`. False if it does not: the
    /// deadline has come, or the process is stopping.
    pub async fn wait(&mut self, after: Seq, deadline: Instant) -> bool {
        let grows = async {
            let is_behind = |head: &Option<Seq>| head.is_some_and(|head| head > after);
            if self.head.wait_for(is_behind).await.is_err() {
                // Nobody looks any more: the process is stopping.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = grows => true,
            () = sleep_until(deadline) => false,
            () = self.stopping.cancelled() => false,
        }
    }

    /// Whether the log seems to end before a position. It was looked at a moment ago: a position that was reached since is
    /// behind that end as well.
    pub fn seems_beyond(&self, position: Seq) -> bool {
        self.head.borrow().is_some_and(|head| head < position)
    }
}

/// A place among those that wait for events, if a tenant may have one more.
pub fn place(room: &Room, tenant: TenantId) -> Result<Place, Problem> {
    let place = room.take(Holder::Tenant(tenant));
    place.map_err(|_| {
        // While there are others, it is the tenant that has too many.
        let code = if room.taken() < room.most() {
            Code::TooManyOwnStreams
        } else {
            Code::TooManyStreams
        };
        Problem::from(code).retry_after(PLACES_TAKEN_SECONDS)
    })
}

/// Where a client begins to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Behind a position.
    After(Seq),
    /// At the end of the log as it is now.
    Latest,
}

/// Reads `after` and `types`: from the beginning, and all of them, where they are left out.
pub fn read_wanted(query: &mut Parameters) -> (Start, Vec<String>) {
    let start = query.optional("after", read_start);
    let types = query.optional("types", read_types);
    (start.unwrap_or(Start::After(Seq::ZERO)), types.unwrap_or_default())
}

/// Reads `after`.
fn read_start(text: &str) -> Result<Start, Fault> {
    if text == "latest" {
        return Ok(Start::Latest);
    }
    let position = read_position(text).ok_or(Fault::NotAPosition)?;
    Ok(Start::After(position))
}

/// A position in a log: digits alone, no more than storage can hold.
pub fn read_position(text: &str) -> Option<Seq> {
    // `parse` would take a plus sign.
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let position = text
        .parse()
        .ok()
        .filter(|position| is_number && *position <= POSITION_MAX);
    position.map(Seq)
}

/// Reads the event types of a filter. A misspelt one would keep events back without a word.
fn read_types(text: &str) -> Result<Vec<String>, Fault> {
    let types: Vec<_> = text.split(',').map(str::trim).take(TYPES_MAX + 1).collect();
    if types.len() > TYPES_MAX {
        return Err(Fault::TooMany);
    }
    if types.iter().all(|word| EventData::TYPES.contains(word)) {
        Ok(types.into_iter().map(str::to_owned).collect())
    } else {
        Err(Fault::UnknownEventType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_a_position_or_the_end() {
        assert_eq!(read_start("0"), Ok(Start::After(Seq::ZERO)));
        assert_eq!(read_start("41"), Ok(Start::After(Seq(41))));
        assert_eq!(read_start("latest"), Ok(Start::Latest));
        for bad in ["", "-1", "+1", "1.0", "Latest", "9223372036854775808"] {
            assert_eq!(read_start(bad), Err(Fault::NotAPosition), "{bad}");
        }
    }

    #[test]
    fn types_are_those_there_are() {
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
            "review.change",
            "link.issued,link.isued",
        ] {
            assert_eq!(read_types(bad), Err(Fault::UnknownEventType), "{bad}");
        }
        let all = EventData::TYPES.join(",");
        assert_eq!(read_types(&all).unwrap().len(), EventData::TYPES.len());
        assert_eq!(read_types(&["link.issued"; 101].join(",")), Err(Fault::TooMany));
    }
}
