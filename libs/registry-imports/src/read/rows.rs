//! Rows are gathered within their limits, and the headings found among the first.

use crate::columns::fields_of;
use crate::limits::{COLUMNS_MAX, LINES_ABOVE_MAX, ROW_BYTES_MAX, ROWS_MAX, TEXT_BYTES_MAX};
use crate::refusal::Refusal;
use crate::rows::{FileRow, FileRows};
use registry_domain::jobs::ImportField;

/// Rows as they are read.
#[derive(Default)]
pub(super) struct Gathered {
    rows: Vec<FileRow>,
    bytes: usize,
}

impl Gathered {
    /// Another row. One with nothing in it is none.
    pub(super) fn add(&mut self, mut row: FileRow) -> Result<(), Refusal> {
        while row.cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            row.cells.pop();
        }
        if row.cells.is_empty() {
            return Ok(());
        }
        let line = row.line;
        if row.cells.len() > COLUMNS_MAX {
            return Err(Refusal::TooManyColumns { line });
        }
        let bytes: usize = row.cells.iter().map(String::len).sum();
        if bytes > ROW_BYTES_MAX {
            return Err(Refusal::RowTooLong { line });
        }
        self.bytes += bytes;
        if self.bytes > TEXT_BYTES_MAX {
            return Err(Refusal::TooMuchText);
        }
        self.rows.push(row);
        if self.rows.len() > ROWS_MAX + LINES_ABOVE_MAX {
            return Err(Refusal::TooManyRows);
        }
        Ok(())
    }

    /// The rows below the headings. These are the first that name both codes; where nothing does, the first row.
    pub(super) fn finish(mut self) -> Result<FileRows, Refusal> {
        let names_both = |row: &FileRow| {
            let fields = fields_of(&row.cells);
            let mut codes = ImportField::ALL.iter().filter(|field| field.is_code());
            codes.all(|code| fields.contains(&Some(*code)))
        };
        let place = self.rows.iter().take(LINES_ABOVE_MAX).position(names_both);
        if self.rows.is_empty() {
            return Err(Refusal::Empty);
        }
        let rows = self.rows.split_off(place.unwrap_or(0) + 1);
        if rows.len() > ROWS_MAX {
            return Err(Refusal::TooManyRows);
        }
        let headings = self.rows.pop().ok_or(Refusal::Empty)?;
        Ok(FileRows { headings, rows })
    }
}
