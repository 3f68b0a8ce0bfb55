//! Why a file is not read.

use serde::{Deserialize, Serialize};

use crate::limits::{COLUMNS_MAX, FILE_BYTES_MAX, INFLATED_BYTES_MAX, ROW_BYTES_MAX, ROWS_MAX, TEXT_BYTES_MAX};

/// Why a file is not read, and where, as far as that can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It has more bytes than one may have.
    #[error("the file has more than {} MiB", FILE_BYTES_MAX / 1024 / 1024)]
    TooLarge,
    /// It is neither a table of texts nor a workbook.
    #[error("the file is neither CSV nor a workbook (.xlsx)")]
    UnknownFormat,
    /// Its bytes are no text in the encoding that was named or found.
    #[error("line {line} is no text in {encoding}")]
    NotInEncoding {
        /// The first such line.
        line: u32,
        /// The encoding.
        encoding: String,
    },
    /// It is a workbook that cannot be read.
    #[error("the workbook is damaged")]
    DamagedWorkbook,
    /// It is a workbook with a password.
    #[error("the workbook has a password")]
    HasPassword,
    /// It is a workbook with programs or with links to others.
    #[error("the workbook has macros or links to other workbooks")]
    HasMacros,
    /// It becomes too large when it is inflated, or has too many parts.
    #[error("the workbook would take more than {} MiB", INFLATED_BYTES_MAX / 1024 / 1024)]
    InflatesTooFar,
    /// It has more rows than one may have.
    #[error("the file has more than {ROWS_MAX} rows")]
    TooManyRows,
    /// A row has more columns than one may have.
    #[error("row {line} has more than {COLUMNS_MAX} columns")]
    TooManyColumns {
        /// The row.
        line: u32,
    },
    /// A row has more text than one may have.
    #[error("row {line} has more than {} kB of text", ROW_BYTES_MAX / 1024)]
    RowTooLong {
        /// The row.
        line: u32,
    },
    /// All rows together have more text than a file may have.
    #[error("the file has more than {} MiB of text", TEXT_BYTES_MAX / 1024 / 1024)]
    TooMuchText,
    /// Reading it took more memory or time than it may take.
    #[error("reading the file takes too much memory or time")]
    TooMuchWork,
}

impl Refusal {
    /// The stable word for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::UnknownFormat => "unknown_format",
            Self::NotInEncoding { .. } => "not_in_encoding",
            Self::DamagedWorkbook => "damaged_workbook",
            Self::HasPassword => "has_password",
            Self::HasMacros => "has_macros",
            Self::InflatesTooFar => "inflates_too_far",
            Self::TooManyRows => "too_many_rows",
            Self::TooManyColumns { .. } => "too_many_columns",
            Self::RowTooLong { .. } => "row_too_long",
            Self::TooMuchText => "too_much_text",
            Self::TooMuchWork => "too_much_work",
        }
    }

    /// In which line of the file.
    pub const fn line(&self) -> Option<u32> {
        match self {
            Self::NotInEncoding { line, .. } | Self::TooManyColumns { line } | Self::RowTooLong { line } => Some(*line),
            Self::Empty
            | Self::TooLarge
            | Self::UnknownFormat
            | Self::DamagedWorkbook
            | Self::HasPassword
            | Self::HasMacros
            | Self::InflatesTooFar
            | Self::TooManyRows
            | Self::TooMuchText
            | Self::TooMuchWork => None,
        }
    }
}
