//! Jobs: one wish for many shops. First a plan says for which of them it can be fulfilled; once somebody has confirmed it, it is a
//! job and is done row by row. Plans, jobs and their rows are no facts about shops and stand in rows of their own; that somebody
//! confirmed, stopped or ended one is a fact, and so is what each row does to its shop.

mod action;
mod import;
mod rights;
mod row;
mod state;
#[cfg(test)]
mod tests;

pub use action::{Action, ActionKind, Obstacle, obstacle, tags_after};
pub use import::{
    CellError, CellFault, ColumnsError, Existing, ImportColumns, ImportErrand, ImportField, ImportRow, ImportWish,
};
pub use rights::may_still;
pub use row::{RowCode, RowState};
pub use state::{HeldUp, JobState, JobWish, WrongState, follow};

use crate::ids::JobId;
use crate::text::{Label, LabelError};

/// Longest reason for which a job is run, in characters.
pub const REASON_LENGTH_MAX: usize = 200;

/// Why somebody has a job run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(Label);

impl Reason {
    /// Reads a reason.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        Self::of(Label::parse(text)?)
    }

    /// Reads one that was written down.
    pub fn recorded(text: &str) -> Result<Self, LabelError> {
        Self::of(Label::recorded(text)?)
    }

    fn of(label: Label) -> Result<Self, LabelError> {
        if label.as_str().chars().count() > REASON_LENGTH_MAX {
            return Err(LabelError::TooLong);
        }
        Ok(Self(label))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What became of the rows of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Done.
    pub done: u64,
    /// Tried, and it did not work.
    pub failed: u64,
    /// Not begun when the job was cancelled.
    pub cancelled: u64,
}

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobAct {
    /// Somebody has confirmed its plan.
    Confirmed {
        /// What it does.
        action: ActionKind,
        /// To how many shops.
        rows: u64,
        /// Why. Not known any more once the tenant's secrets are destroyed.
        reason: Option<Reason>,
    },
    /// Somebody has stopped it for a while.
    Paused,
    /// Somebody has let it go on.
    Resumed,
    /// Somebody has given it up.
    Cancelled,
    /// Nothing of it is left to do.
    Finished(Outcomes),
}

/// Something happened to a job. Who caused it stands beside the fact, as with every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFact {
    /// Which.
    pub id: JobId,
    /// What.
    pub act: JobAct,
}
