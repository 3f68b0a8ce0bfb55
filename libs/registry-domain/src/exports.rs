//! Lists of merchants that are taken out as files. A file is no fact; that somebody had it made, and that somebody took it, is one.

use crate::words::words;

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// Values separated by commas, in UTF-8 with a byte order mark.
    Csv,
    /// The same in CP949, which spreadsheets of another age take every CSV for.
    CsvCp949,
    /// A workbook.
    Xlsx,
}

words!(ExportFormat {
    Csv => "csv",
    CsvCp949 => "csv_cp949",
    Xlsx => "xlsx",
});

/// How a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportState {
    /// It is to be made.
    Queued,
    /// It is being made.
    Running,
    /// It can be taken.
    Ready,
    /// It could not be made.
    Failed,
    /// Somebody gave it up. Nothing of it is kept.
    Cancelled,
}

words!(ExportState {
    Queued => "queued",
    Running => "running",
    Ready => "ready",
    Failed => "failed",
    Cancelled => "cancelled",
});

impl ExportState {
    /// Whether anything is still to be done.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Queued | Self::Running => true,
            Self::Ready | Self::Failed | Self::Cancelled => false,
        }
    }

    /// Whether there is a file.
    pub const fn can_be_taken(self) -> bool {
        match self {
            Self::Ready => true,
            Self::Queued | Self::Running | Self::Failed | Self::Cancelled => false,
        }
    }
}

/// Why a file could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFault {
    /// A row has a letter that CP949 has not.
    NotInCp949,
    /// The list has more merchants than a file may.
    TooManyRows,
    /// The file has more bytes than one may.
    TooLarge,
    /// It was begun several times and never came to its end.
    TooSlow,
    /// Something is wrong here.
    Internal,
}

words!(ExportFault {
    NotInCp949 => "not_in_cp949",
    TooManyRows => "too_many_rows",
    TooLarge => "too_large",
    TooSlow => "too_slow",
    Internal => "internal",
});
