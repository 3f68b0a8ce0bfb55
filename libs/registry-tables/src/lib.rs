//! Tables as files, after the documents: a merchant becomes a row of cells, and rows become CSV that opens in Excel and that nothing
//! in it runs.
//!
//! It must not know where rows come from, who asks for them, or how long a file may get: whoever streams one into an answer and whoever
//! writes one to a disk use the same columns, the same cells and the same writer.
//!
//! Read in this order: [`cell`] (what stands in one place of a table), [`merchants`] (the columns of a list of merchants),
//! [`csv`] (rows as bytes).

pub mod cell;
pub mod csv;
pub mod merchants;
mod names;
pub mod row_names;
pub mod xlsx;

pub use self::csv::CsvWriter;
pub use cell::Cell;
pub use merchants::Column;
pub use names::stage_name;
pub use xlsx::{XlsxError, XlsxWriter};
