//! How the relay is doing, for the readiness check and the metrics.

/// How the relay is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RelayStatus {
    /// There is a connection to the message broker.
    pub connected: bool,
    /// Tenants whose logs this process carries; another process carries the others.
    pub held_tenants: u64,
    /// Events in their logs that the relay has not read yet. Without a connection nothing is held: then those of all
    /// tenants.
    pub lag: u64,
    /// Events published since the process started.
    pub published_total: u64,
    /// How often the relay looked at what the broker really holds since the process started.
    pub resumed_total: u64,
    /// How often a stream ended with an event that does not stand so in the log, since the process started: the log was
    /// begun anew, restored from a backup or rewritten.
    pub diverged_total: u64,
    /// Tenants whose last attempt failed.
    pub failing_tenants: u64,
    /// Tenants that are being carried at this moment.
    pub steps: u64,
    /// What the last failed attempt was about; none while nothing fails.
    pub failure: Option<RelayFailure>,
}

impl RelayStatus {
    /// Whether events reach the message broker: there is a connection, and no attempt fails.
    pub fn works(&self) -> bool {
        self.connected && self.failing_tenants == 0 && self.failure.is_none()
    }
}

/// What an attempt failed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayFailure {
    /// Storage could not be read or written.
    Storage,
    /// Another publisher wrote, or the broker lost data. The next attempt looks.
    OutOfStep,
    /// The broker does not answer.
    Unavailable,
    /// The broker refuses.
    Refused,
    /// The broker cannot be used as it is: it is too old, or takes only messages that are too small.
    Unfit,
}

impl RelayFailure {
    /// The word for it in metrics and readiness answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::OutOfStep => "out_of_step",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Unfit => "unfit",
        }
    }
}
