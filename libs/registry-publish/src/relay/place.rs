//! Where the relay stands with a tenant.

use super::position::Position;
use super::waiting::Waiting;

/// Where the relay stands, and the documents that it has yet to write.
pub(super) struct Place {
    pub(super) position: Position,
    pub(super) waiting: Waiting,
}
