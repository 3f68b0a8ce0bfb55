//! Which way through what happened to a merchant, a page at a time.

use registry_domain::merchant::Merchant;
use registry_domain::{TenantId, Version};
use registry_journal::port::{PageSize, StreamQuery};
use registry_journal::{Archive, ArchiveError, RecordedEvent, StreamId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Fault, Problem};
use crate::query::Parameters;

/// What `sort` says in the documentation.
pub const SORT: &str = "`version`: oldest first; `-version`: newest first. `version` if left out";

/// What `after_version` says in the documentation.
pub const AFTER: &str = "Only what happened after this version; when the oldest come first";

/// What `before_version` says in the documentation.
pub const BEFORE: &str = "Only what happened before this version; when the newest come first";

/// A way through a merchant's stream, and how far it has come. A stream has no gaps, so that one walked backwards is read
/// stretch by stretch as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// Forwards; this version and all before it lie behind.
    OldestFirst(Version),
    /// Backwards; this version and all after it lie behind. None at the beginning.
    NewestFirst(Option<Version>),
}

impl Walk {
    /// Reads `sort`, `after_version` and `before_version`.
    pub fn read(query: &mut Parameters) -> Self {
        // What is wrong with it is told; nothing else is blamed for not fitting it.
        let mut is_unknown = false;
        let is_newest_first = query.optional("sort", |word| match word {
            "version" => Ok(false),
            "-version" => Ok(true),
            _ => {
                is_unknown = true;
                Err(Fault::UnknownWord(&["version", "-version"]))
            }
        });
        let after = query.position("after_version", 0).map(Version);
        let before = query.position("before_version", 1).map(Version);
        if is_newest_first == Some(true) {
            if after.is_some() {
                query.blame("after_version", Fault::NotCombinable);
            }
            Self::NewestFirst(before)
        } else {
            if before.is_some() && !is_unknown {
                query.blame("before_version", Fault::NotCombinable);
            }
            Self::OldestFirst(after.unwrap_or(Version::ZERO))
        }
    }

    /// Fails if the walk begins behind the end of the merchant's stream: nothing would ever be found there. Backwards
    /// nothing is missed from there.
    pub fn require_reached(self, merchant: &Merchant) -> Result<(), Problem> {
        match self {
            Self::OldestFirst(seen) if seen > merchant.version => Err(Problem::beyond(merchant.version.0)),
            Self::OldestFirst(_) | Self::NewestFirst(_) => Ok(()),
        }
    }

    /// The events ahead, in the order of the walk, at most so many; and whether there is nothing behind them.
    pub async fn ahead(
        self,
        archive: &Archive,
        tenant: TenantId,
        merchant: &Merchant,
        limit: PageSize,
    ) -> Result<(Vec<RecordedEvent>, bool), ArchiveError> {
        let (after, until_version) = match self {
            Self::OldestFirst(seen) => (seen, None),
            Self::NewestFirst(seen) => {
                let last = seen
                    .map_or(merchant.version.0, |seen| seen.0 - 1)
                    .min(merchant.version.0);
                (
                    Version(last.saturating_sub(u64::from(limit.get()))),
                    Some(Version(last)),
                )
            }
        };
        let query = StreamQuery {
            stream: StreamId::Merchant(merchant.id),
            after,
            until_version,
            until_time: None,
            limit,
        };
        let mut events = archive.stream(tenant, &query).await?;
        let is_end = match self {
            Self::OldestFirst(_) => events.len() < limit.get() as usize,
            Self::NewestFirst(_) => {
                events.reverse();
                after == Version::ZERO
            }
        };
        Ok((events, is_end))
    }

    /// The walk once an event lies behind.
    #[must_use]
    pub fn past(self, event: &RecordedEvent) -> Self {
        match self {
            Self::OldestFirst(_) => Self::OldestFirst(event.stamp.version),
            Self::NewestFirst(_) => Self::NewestFirst(Some(event.stamp.version)),
        }
    }

    /// Where the next page begins.
    pub fn position(self) -> TimelinePosition {
        let (next_after_version, next_before_version) = match self {
            Self::OldestFirst(seen) => (Some(seen.0), None),
            Self::NewestFirst(seen) => (None, seen.map(|seen| seen.0).filter(|seen| *seen > 1)),
        };
        TimelinePosition {
            next_after_version,
            next_before_version,
        }
    }
}

/// Where the next page of a timeline begins.
#[derive(Serialize, ToSchema)]
pub struct TimelinePosition {
    /// The `after_version` of the next page. An empty page repeats the one it was asked for. Null when the newest come
    /// first.
    #[schema(required = true, example = 7)]
    next_after_version: Option<u64>,
    /// The `before_version` of the next page; null on the last, and when the oldest come first.
    #[schema(required = true)]
    next_before_version: Option<u64>,
}
