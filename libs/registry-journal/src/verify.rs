//! Checking a tenant's log: no position is missing, and no row was changed since it was written.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use registry_domain::{Seq, TenantId, Version};

use crate::chain::hash_of;
use crate::port::{Head, PageSize, ReadError, Reader};
use crate::record::{EventRow, StreamId};

/// The first row that does not fit, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// A position is missing.
    MissingSeq {
        /// The position that should have come.
        expected: Seq,
        /// The position that came.
        found: Seq,
    },
    /// A row's hash is not the hash of its content and the row before it.
    Altered {
        /// The row.
        seq: Seq,
    },
    /// A version of a stream is missing.
    MissingVersion {
        /// The row.
        seq: Seq,
        /// The stream.
        stream: StreamId,
        /// The version that should have come.
        expected: Version,
    },
    /// Time runs backwards.
    TimeRunsBack {
        /// The row.
        seq: Seq,
    },
    /// The log ends before an event that was published, or that the tenant's row is of.
    CutOff {
        /// The event.
        seq: Seq,
    },
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many rows fit.
    pub rows: u64,
    /// The hash of the last of them. Whoever notes it elsewhere can prove later that nothing before it was changed.
    pub end: [u8; 32],
    /// The first that does not.
    pub flaw: Option<Flaw>,
}

/// Reads a tenant's whole log, page by page, and stops at the first flaw.
pub async fn verify(reader: &dyn Reader, tenant: TenantId) -> Result<Report, ReadError> {
    // Before the log, which may grow meanwhile.
    let known = known_end(reader, tenant).await?;
    let mut check = Check::of_all();
    loop {
        let page = reader.events_after(tenant, check.seq, PageSize::MAX).await?;
        for row in &page {
            if let Some(flaw) = check.next(row) {
                return Ok(check.report(Some(flaw)));
            }
        }
        if page.len() < PageSize::MAX.get() as usize {
            let is_cut = check.seq < known;
            return Ok(check.report(is_cut.then_some(Flaw::CutOff { seq: known })));
        }
    }
}

/// The last event that is known of from outside the log.
async fn known_end(reader: &dyn Reader, tenant: TenantId) -> Result<Seq, ReadError> {
    let published = reader.publish_cursor(tenant).await?.seq;
    let row = reader.tenant(tenant).await?;
    Ok(row.map_or(published, |row| row.seq.max(published)))
}

/// A check at work: what the next row must fit to.
pub(crate) struct Check {
    seq: Seq,
    hash: [u8; 32],
    recorded_at: Option<DateTime<Utc>>,
    versions: HashMap<StreamId, Version>,
    /// The streams began before the first row that is checked.
    from_the_middle: bool,
}

impl Check {
    /// A check of a whole log.
    pub(crate) fn of_all() -> Self {
        Self::behind(Head::EMPTY)
    }

    /// A check of everything behind a row that is known to fit.
    pub(crate) fn behind(head: Head) -> Self {
        Self {
            seq: head.seq,
            hash: head.hash,
            recorded_at: (head.seq > Seq::ZERO).then_some(head.recorded_at),
            versions: HashMap::new(),
            from_the_middle: head.seq > Seq::ZERO,
        }
    }

    fn report(&self, flaw: Option<Flaw>) -> Report {
        Report {
            rows: self.seq.0,
            end: self.hash,
            flaw,
        }
    }

    /// The next row's flaw, if it has one.
    pub(crate) fn next(&mut self, row: &EventRow) -> Option<Flaw> {
        let expected = self.seq.next();
        if row.seq != expected {
            return Some(Flaw::MissingSeq {
                expected,
                found: row.seq,
            });
        }
        if hash_of(&self.hash, row) != row.hash {
            return Some(Flaw::Altered { seq: row.seq });
        }
        if self.recorded_at.is_some_and(|before| row.recorded_at < before) {
            return Some(Flaw::TimeRunsBack { seq: row.seq });
        }
        let before = if self.from_the_middle {
            Version(row.version.0.saturating_sub(1))
        } else {
            Version::ZERO
        };
        let version = self.versions.entry(row.stream).or_insert(before);
        if row.version != version.next() {
            return Some(Flaw::MissingVersion {
                seq: row.seq,
                stream: row.stream,
                expected: version.next(),
            });
        }
        *version = row.version;
        self.seq = row.seq;
        self.hash = row.hash;
        self.recorded_at = Some(row.recorded_at);
        None
    }
}
