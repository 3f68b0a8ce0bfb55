//! How a plan or a job stands, and what can be done to it then.

use crate::words::words;

/// How a plan or a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Its rows are being written down. Nobody sees it.
    Making,
    /// It is a plan: somebody may confirm it.
    Planned,
    /// It is to be begun, or to be gone on with.
    Queued,
    /// It is worked at.
    Running,
    /// Somebody has stopped it for a while.
    Paused,
    /// Somebody has given it up. What was begun comes to its end.
    Cancelled,
    /// Nothing of it is left to do.
    Finished,
}

words!(JobState {
    Making => "making",
    Planned => "planned",
    Queued => "queued",
    Running => "running",
    Paused => "paused",
    Cancelled => "cancelled",
    Finished => "finished",
});

/// What somebody can want of a plan or a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobWish {
    /// That the plan is carried out.
    Confirm,
    /// That it rests.
    Pause,
    /// That it goes on.
    Resume,
    /// That it is given up.
    Cancel,
}

impl JobWish {
    /// Every wish.
    pub const ALL: [Self; 4] = [Self::Confirm, Self::Pause, Self::Resume, Self::Cancel];
}

/// What is wanted does not fit how the job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that cannot be done to a job that is {}", .0.as_str())]
pub struct WrongState(pub JobState);

/// How a job stands once a wish is fulfilled; as it stood, if it was fulfilled already.
pub const fn follow(state: JobState, wish: JobWish) -> Result<JobState, WrongState> {
    match (wish, state) {
        (JobWish::Confirm, JobState::Planned) | (JobWish::Resume, JobState::Paused) => Ok(JobState::Queued),
        (
            JobWish::Confirm,
            JobState::Queued | JobState::Running | JobState::Paused | JobState::Cancelled | JobState::Finished,
        )
        | (JobWish::Resume, JobState::Queued | JobState::Running) => Ok(state),
        (JobWish::Pause, JobState::Queued | JobState::Running | JobState::Paused) => Ok(JobState::Paused),
        (JobWish::Cancel, JobState::Queued | JobState::Running | JobState::Paused | JobState::Cancelled) => {
            Ok(JobState::Cancelled)
        }
        (JobWish::Confirm | JobWish::Resume | JobWish::Pause | JobWish::Cancel, JobState::Making)
        | (JobWish::Resume | JobWish::Pause, JobState::Planned | JobState::Cancelled | JobState::Finished)
        | (JobWish::Cancel, JobState::Planned | JobState::Finished) => Err(WrongState(state)),
    }
}

/// Why a job that could go on does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeldUp {
    /// Paymint is down.
    UpstreamDown,
    /// Paymint refuses the tenant as a whole.
    UpstreamPaused,
    /// Whoever confirmed it may not do so any more, or the tenant is suspended.
    NotAllowed,
    /// The registry has too much to do.
    Overloaded,
}

words!(HeldUp {
    UpstreamDown => "upstream_down",
    UpstreamPaused => "upstream_paused",
    NotAllowed => "not_allowed",
    Overloaded => "overloaded",
});
