//! What is known when a command is decided on, beside the tenant and what the command says.

use crate::ids::TenantId;
use crate::merchant::QuarantineStanding;

/// What storage knows of a pair that nobody has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnclaimedStanding {
    /// No such pair was ever seen.
    #[default]
    Absent,
    /// It waits for somebody to decide.
    Open,
    /// It was adopted or dismissed.
    Settled,
}

/// What is known under the lock, as far as the command is about it. Whoever sends the command could only guess it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// Who has the slug already.
    pub slug_taken: Option<TenantId>,
    /// How the pair stands.
    pub pair: UnclaimedStanding,
    /// The pair is some merchant's by now.
    pub pair_is_registered: bool,
    /// How the callback stands that is given up.
    pub standing: QuarantineStanding,
}
