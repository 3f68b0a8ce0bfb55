//! How large a file may be, in every way in which one can be large.

/// Bytes of a file.
pub const FILE_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Rows below the headings.
pub const ROWS_MAX: usize = 20_000;

/// Columns.
pub const COLUMNS_MAX: usize = 64;

/// Bytes of all texts of a row.
pub const ROW_BYTES_MAX: usize = 16 * 1024;

/// Bytes of all texts of a file: a text that stands there once can be meant by every cell.
pub const TEXT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How far down the headings may stand: above them a file may say what it is.
pub const LINES_ABOVE_MAX: usize = 10;

/// Parts of a workbook.
pub const PARTS_MAX: usize = 200;

/// Bytes of all parts of a workbook, once they are inflated.
pub const INFLATED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Texts that a workbook says it shares.
pub const SHARED_TEXTS_MAX: u64 = 500_000;

/// Address space of the process that reads a file, in bytes: what a file of the largest size needs, and some.
pub const MEMORY_MAX: u64 = 512 * 1024 * 1024;

/// Seconds of a processor for reading a file.
pub const PROCESSOR_SECONDS_MAX: u64 = 20;
