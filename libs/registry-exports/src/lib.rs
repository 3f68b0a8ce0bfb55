//! Lists of merchants as files: somebody wants one, it is made while they do something else, and is kept for a while to be taken.
//!
//! The step behind the desk, beside the jobs. A file is of one moment: its rows are read in one statement, and handed on a few at a
//! time, so that memory holds a few however long the list is. What is made is kept in pieces of one size, sealed, so that any process can
//! hand out any part of it. This crate knows no HTTP and no page; how a filter is read, [`ReadList`] says.
//!
//! Read in this order: [`ExportWish`] (what is wanted), [`ExportDesk`] (what people and programs do with it), [`ExportRunner`] (whose
//! file is made when), `make` (one file), `table` (rows become bytes), `pieces` (bytes become pieces).

mod desk;
mod limits;
mod make;
mod numbers;
mod pieces;
mod runner;
mod table;
mod wish;

pub use desk::{ExportDesk, ExportDeskParts, ExportError, Taking};
pub use limits::{ExportLimits, NAMED_MAX, PIECE_BYTES};
pub use numbers::{ExportCounts, ExportNumbers};
pub use runner::{ExportRunner, ExportRunnerParts};
pub use wish::{ExportWish, Listed, ReadList, Whom, WishError};
