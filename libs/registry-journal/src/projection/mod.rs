//! What follows from events in rows, whoever appends or reads them: the write path projects by it as it writes, and so does
//! whoever folds a log anew.

mod callbacks;
mod history;

pub use callbacks::{Callbacks, Place, approval_digest, approval_row, place_of};
pub use history::{Seen, begun, joined, reached, renamed, seen};
