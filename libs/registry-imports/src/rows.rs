//! Rows of a file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A row as it came.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// In which line of the file it begins, from 1; of a workbook, which row it is.
    pub line: u32,
    /// What stands in it.
    pub cells: Vec<String>,
    /// The places of cells that are numbers in the file. Of a code that a spreadsheet took for one, zeros in front are lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<u16>,
}

/// Names and numbers of businesses stand in it: no log line must hold one by accident.
impl fmt::Debug for FileRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileRow({} cells of line {})", self.cells.len(), self.line)
    }
}

/// Rows with what stands above them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRows {
    /// What stands above the columns.
    pub headings: FileRow,
    /// The rows below. Empty ones are left out.
    pub rows: Vec<FileRow>,
}
