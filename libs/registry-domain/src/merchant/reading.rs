//! What upstream says when it is asked.

use chrono::{DateTime, Utc};

use crate::review::{MappingStatus, Observation, ReadingSource};

/// An answer of upstream about one merchant.
///
/// A callback is a claim without a time. A reading has two: upstream can have made the answer at any moment between
/// question and answer, and at no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// On what occasion upstream was asked.
    pub source: ReadingSource,
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
