//! Files from which shops are to be registered: what somebody hands over becomes rows of texts.
//!
//! The step before a plan. A file may be made to hurt whoever reads it, and this process takes callbacks: so [`Reader`] has it read by a
//! child process of the same program, with limits of memory and time. What the child does, [`read()`], is synchronous and knows bytes
//! only. A tenant is whoever has a place for a file, and nothing else; nothing here knows a merchant or the log. What a row means is the domain's business.
//!
//! Read in this order: [`Reader`] (has a file read), [`Places`] (whose file is read when), [`child`] (is that process), [`read()`] (bytes become rows), [`columns`] (which column
//! is what).

pub mod child;
pub mod columns;
mod limits;
mod places;
mod read;
mod reader;
mod refusal;
mod rows;

pub use limits::{COLUMNS_MAX, FILE_BYTES_MAX, ROW_BYTES_MAX, ROWS_MAX};
pub use places::{Places, Reading, ReadingLimits};
pub use read::{Encoding, Format, Separator, Table, Wish, read};
pub use reader::{Reader, ReaderError, ReaderParts};
pub use refusal::Refusal;
pub use rows::{FileRow, FileRows};
