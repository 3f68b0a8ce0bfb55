//! Rows as a workbook. Every text is a text there, so nothing needs a mark in front; a code with zeros in front keeps them.

use std::io::{Seek, Write};

pub use rust_xlsxwriter::XlsxError;
use rust_xlsxwriter::{Format, Workbook, Worksheet};

use crate::cell::{Cell, in_korea};

/// Rows of a sheet, as far as the format goes.
pub const ROWS_MAX: u32 = 1_048_576;

/// How a text is shown that might look like a number.
const AS_TEXT: &str = "@";

/// How wide columns are, in characters.
const WIDTH: f64 = 16.0;

/// A workbook that is being written. Rows that were written are on disk and not in memory.
pub struct XlsxWriter {
    workbook: Workbook,
    name: String,
    next: u32,
    width: u16,
    text: Format,
    bold: Format,
    about: Vec<[String; 2]>,
    about_name: String,
}

impl XlsxWriter {
    /// The beginning of a workbook whose first sheet is called so, with its headings.
    pub fn begin(name: &str, headings: &[Cell]) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        let mut writer = Self {
            workbook,
            name: name.to_owned(),
            next: 0,
            width: u16::try_from(headings.len()).unwrap_or(u16::MAX),
            text: Format::new().set_num_format(AS_TEXT),
            bold: Format::new().set_bold(),
            about: Vec::new(),
            about_name: String::new(),
        };
        let bold = writer.bold.clone();
        let width = writer.width;
        let sheet = writer.sheet()?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, heading) in (0..width).zip(headings) {
            sheet.set_column_width(column, WIDTH)?;
            if let Cell::Text(text) = heading {
                sheet.write_string_with_format(0, column, text, &bold)?;
            }
        }
        writer.next = 1;
        Ok(writer)
    }

    fn sheet(&mut self) -> Result<&mut Worksheet, XlsxError> {
        self.workbook.worksheet_from_name(&self.name)
    }

    /// A row.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        let (row, text) = (self.next, self.text.clone());
        let sheet = self.sheet()?;
        for (column, cell) in (0..u16::MAX).zip(cells) {
            match cell {
                Cell::Empty => {}
                Cell::Text(value) => {
                    sheet.write_string_with_format(row, column, value, &text)?;
                }
                #[expect(clippy::cast_precision_loss, reason = "a spreadsheet knows no other numbers")]
                Cell::Number(value) => {
                    sheet.write_number(row, column, *value as f64)?;
                }
                Cell::Moment(value) => {
                    sheet.write_string(row, column, in_korea(*value))?;
                }
            }
        }
        self.next += 1;
        Ok(())
    }

    /// A second sheet that says what the first one is.
    #[must_use]
    pub fn about(mut self, name: &str, lines: Vec<[String; 2]>) -> Self {
        name.clone_into(&mut self.about_name);
        self.about = lines;
        self
    }

    /// Writes it all out.
    pub fn finish(mut self, into: impl Write + Seek + Send) -> Result<(), XlsxError> {
        let (last, width) = (self.next.saturating_sub(1), self.width);
        if width > 0 {
            self.sheet()?.autofilter(0, 0, last, width - 1)?;
        }
        if !self.about.is_empty() {
            let sheet = self.workbook.add_worksheet();
            sheet.set_name(&self.about_name)?;
            sheet.set_column_width(0, WIDTH)?;
            sheet.set_column_width(1, 4.0 * WIDTH)?;
            for (row, [what, text]) in (0..).zip(&self.about) {
                sheet.write_string_with_format(row, 0, what, &self.bold)?;
                sheet.write_string(row, 1, text)?;
            }
        }
        self.workbook.save_to_writer(into)
    }
}
