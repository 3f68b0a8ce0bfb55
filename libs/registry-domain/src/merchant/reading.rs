//! What upstream says when it is asked.

use chrono::{DateTime, Utc};

use crate::ids::Seq;
use crate::review::{MappingStatus, Observation, ReadingSource};

/// An answer of upstream about one merchant.
///
/// A callback is a claim without a time. Upstream can have made a reading at any moment between question and answer, and
/// at no other. What it is newer than is told by the log, never by clocks: those of two machines differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// On what occasion upstream was asked.
    pub source: ReadingSource,
    /// The end of what the asker knew of the tenant's log before the question was sent. A claim that stands behind it
    /// may be older or newer than the answer; every other one is older.
    pub asked_seq: Seq,
    /// When the question was sent.
    pub asked_at: DateTime<Utc>,
    /// When the answer arrived.
    pub read_at: DateTime<Utc>,
    /// What it said.
    pub answer: Answer,
}

/// What upstream answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It knows the merchant.
    Found {
        /// What it says about it. Absent fields say nothing; a list has neither review letter nor deletion mark.
        observation: Box<Observation>,
        /// 하위 사업장 상태, if the answer has it.
        mapping_status: Option<MappingStatus>,
    },
    /// It does not know the merchant (`PARTNER_004`), or the merchant is not in the list.
    Missing,
}
