//! Checking a tenant's log: no position is missing, no row was changed since it was written, what somebody noted of it is
//! still so, and what is sealed opens.

mod sealed;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use registry_domain::{Seq, TenantId, Version};
use registry_journal::archive::Archive;
use registry_journal::chain::{GENESIS, hash_of};
use registry_journal::keyring::OpenError;
use registry_journal::port::{Head, PageSize, ReadError, Reader};
use registry_journal::record::{EventRow, StreamId};

use sealed::SealedCheck;

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
    /// The log ends before an event that was published, that the tenant's row is of, or that somebody noted.
    CutOff {
        /// The event.
        seq: Seq,
    },
    /// The chain is whole and is another one than somebody noted: the log was written anew up to here, or further.
    Rewritten {
        /// The position that was noted.
        seq: Seq,
    },
    /// The personal part of an event does not open: its key does not unwrap, or is another one.
    Shut {
        /// The event.
        seq: Seq,
        /// Why.
        source: OpenError,
    },
    /// The key of a stream is not there, and its merchant was never erased.
    KeyLost {
        /// An event that was sealed under it.
        seq: Seq,
    },
    /// An event opens and cannot be read.
    Unreadable {
        /// Why, with every cause.
        error: String,
    },
}

/// A position of a log with its hash: everything up to there is as it was when it was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogEnd {
    /// The position; 0 for an empty log.
    pub seq: Seq,
    /// The hash of the event there.
    pub hash: [u8; 32],
}

/// Why a text is no [`LogEnd`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the end of a log is its position, a colon and the 64 hexadecimal digits of its hash")]
pub struct LogEndError;

impl fmt::Display for LogEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, hex::encode(self.hash))
    }
}

impl FromStr for LogEnd {
    type Err = LogEndError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (seq, digits) = text.split_once(':').ok_or(LogEndError)?;
        let is_number = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
        let seq = Seq(seq.parse().ok().filter(|_| is_number).ok_or(LogEndError)?);
        let mut hash = GENESIS;
        hex::decode_to_slice(digits, &mut hash).map_err(|_| LogEndError)?;
        // Of an empty log there is one end only.
        if seq == Seq::ZERO && hash != GENESIS {
            return Err(LogEndError);
        }
        Ok(Self { seq, hash })
    }
}

/// How much of what is sealed is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// Of each stream the newest event: its key unwraps and is the right one.
    #[default]
    Newest,
    /// Every event, and each is read as what it says that it is.
    Every,
}

/// What a check is to prove beside the chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demands {
    /// Ends that were noted earlier.
    pub expected: Vec<LogEnd>,
    /// How much is opened.
    pub depth: Depth,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many rows fit.
    pub rows: u64,
    /// The last of them. Whoever notes it elsewhere can prove later that nothing before it was changed.
    pub end: LogEnd,
    /// Streams that have something sealed; 0 if it was left shut.
    pub sealed_streams: u64,
    /// Those of them whose key is not there; without a flaw, because an erasure destroyed it.
    pub erased_streams: u64,
    /// The first that does not.
    pub flaw: Option<Flaw>,
}

/// Reads a tenant's whole log, page by page, and stops at the first flaw. What is sealed stays shut.
pub async fn verify(reader: &dyn Reader, tenant: TenantId) -> Result<Report, ReadError> {
    walk(reader, None, tenant, &Demands::default()).await
}

/// The same, and opens what is sealed, and compares with what was noted.
pub async fn prove(archive: &Archive, tenant: TenantId, demands: &Demands) -> Result<Report, ReadError> {
    let sealed = SealedCheck::new(archive, tenant, demands.depth);
    walk(archive.reader(), Some(sealed), tenant, demands).await
}

async fn walk(
    reader: &dyn Reader,
    mut sealed: Option<SealedCheck<'_>>,
    tenant: TenantId,
    demands: &Demands,
) -> Result<Report, ReadError> {
    // Before the log, which may grow meanwhile.
    let known = known_end(reader, tenant).await?;
    let noted = demands.expected.iter().map(|end| end.seq).max().unwrap_or(Seq::ZERO);
    let mut check = Check::of_all();
    let flaw = loop {
        let page = reader.events_after(tenant, check.seq, PageSize::MAX).await?;
        let of_chain = page.iter().find_map(|row| check.next_noted(row, &demands.expected));
        if of_chain.is_some() {
            break of_chain;
        }
        if let Some(sealed) = &mut sealed {
            let shut = sealed.page(&page).await?;
            if shut.is_some() {
                break shut;
            }
        }
        if page.len() < PageSize::MAX.get() as usize {
            let end = known.max(noted);
            let is_cut = check.seq < end;
            let lost = || sealed.as_ref().and_then(SealedCheck::lost);
            break is_cut.then_some(Flaw::CutOff { seq: end }).or_else(lost);
        }
    };
    Ok(check.report(flaw, sealed.as_ref()))
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

    fn report(&self, flaw: Option<Flaw>, sealed: Option<&SealedCheck<'_>>) -> Report {
        Report {
            rows: self.seq.0,
            end: LogEnd {
                seq: self.seq,
                hash: self.hash,
            },
            sealed_streams: sealed.map_or(0, SealedCheck::streams),
            erased_streams: sealed.map_or(0, SealedCheck::erased),
            flaw,
        }
    }

    /// The next row's flaw, if it has one or is not what was noted.
    fn next_noted(&mut self, row: &EventRow, noted: &[LogEnd]) -> Option<Flaw> {
        let flaw = self.next(row);
        let is_other = |end: &LogEnd| end.seq == row.seq && end.hash != row.hash;
        flaw.or_else(|| noted.iter().any(is_other).then_some(Flaw::Rewritten { seq: row.seq }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_reads_back() {
        let end = LogEnd {
            seq: Seq(94),
            hash: [0xab; 32],
        };
        assert_eq!(end.to_string(), format!("94:{}", "ab".repeat(32)));
        assert_eq!(end.to_string().parse(), Ok(end));
        let digits = "ab".repeat(32);
        for text in [
            "",
            "94",
            ":",
            &format!("94:{}", "ab"),
            &format!(":{digits}"),
            &format!("+9:{digits}"),
            &format!("x:{digits}"),
        ] {
            assert_eq!(text.parse::<LogEnd>(), Err(LogEndError), "{text}");
        }
    }
}
