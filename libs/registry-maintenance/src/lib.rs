//! Walking whole logs: checking one, folding one anew, moving one into another storage.
//!
//! Beside the flow, not in it: nothing here is needed to take a callback in. This crate knows storage's port, the archive, and the rows that follow
//! from events ([`registry_journal::projection`], by which the write path writes them too). It knows no database, and it decides
//! nothing: what it writes stands in the log already.
//!
//! Read in this order: [`mod@verify`] (is the log whole?), `fold` (what a merchant's events come to), [`rebuild`] (are the rows what the log
//! says?), [`copy`] (another storage).

pub mod copy;
mod fold;
pub mod rebuild;
pub mod verify;
