//! Rows as CSV (RFC 4180) in UTF-8.
//!
//! It begins with a byte order mark: without one, Excel in Korea reads the file as CP949. A text that a spreadsheet would take for a
//! formula gets an apostrophe before it, and [`unguarded`] takes exactly that away again: what was written out and is read in again is
//! the same text.

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};

use crate::cell::{Cell, in_korea};

/// What tells a spreadsheet that the text is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a text begins with that a spreadsheet takes for a formula, also after it has made narrow letters of wide ones.
const FORMULA_BEGINS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// What stands before a text that is none.
const GUARD: char = '\'';

/// Writes rows into whatever takes bytes. A file is written in one go, or in pieces that follow each other.
pub struct CsvWriter<W: Write> {
    rows: Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// The beginning of a file.
    pub fn begin(mut into: W) -> io::Result<Self> {
        into.write_all(BYTE_ORDER_MARK)?;
        Ok(Self::go_on(into))
    }

    /// Another piece of a file that was begun.
    pub fn go_on(into: W) -> Self {
        let mut builder = WriterBuilder::new();
        // What stands above the headings has fewer cells than the rows below.
        builder.flexible(true).terminator(Terminator::CRLF);
        Self {
            rows: builder.from_writer(into),
        }
    }

    /// A row.
    pub fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        let texts = cells.iter().map(text_of);
        self.rows.write_record(texts).map_err(io::Error::from)
    }

    /// Gives back what was written into, with everything in it.
    pub fn finish(self) -> io::Result<W> {
        self.rows.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// A whole table, of which it is known that it is small.
pub fn table(rows: &[Vec<Cell>]) -> io::Result<Vec<u8>> {
    let mut writer = CsvWriter::begin(Vec::new())?;
    for row in rows {
        writer.row(row)?;
    }
    writer.finish()
}

fn text_of(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => guarded(text),
        Cell::Number(number) => number.to_string(),
        Cell::Moment(moment) => in_korea(*moment),
    }
}

/// A text that no spreadsheet takes for a formula.
pub fn guarded(text: &str) -> String {
    if is_dangerous(text) {
        format!("{GUARD}{text}")
    } else {
        text.to_owned()
    }
}

/// The inverse: what stood there before it was guarded.
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix(GUARD) {
        Some(rest) if is_dangerous(rest) => rest,
        Some(_) | None => text,
    }
}

/// One that stands behind apostrophes counts too: else nobody could tell whether the first was ours.
fn is_dangerous(text: &str) -> bool {
    text.trim_start_matches(GUARD).starts_with(FORMULA_BEGINS)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_begins_with_its_mark_and_runs_nothing() {
        let rows = vec![
            vec![Cell::from("acme"), Cell::from("기준 2026-11-29")],
            vec![
                Cell::from("=HYPERLINK(\"https://x\")"),
                Cell::Number(-5),
                Cell::Empty,
                Cell::Moment(DateTime::UNIX_EPOCH),
                Cell::from("a, \"b\"\nc"),
            ],
        ];
        let bytes = table(&rows).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "\u{feff}acme,기준 2026-11-29\r\n\"'=HYPERLINK(\"\"https://x\"\")\",-5,,1970-01-01 09:00:00,\"a, \"\"b\"\"\nc\"\r\n"
        );
    }

    #[test]
    fn whatever_a_spreadsheet_takes_for_a_formula_is_a_text() {
        for begin in FORMULA_BEGINS {
            assert_eq!(guarded(&format!("{begin}1")), format!("'{begin}1"));
        }
        for harmless in ["", "1+1", "'t is", "가-나", " =1"] {
            assert_eq!(guarded(harmless), harmless);
        }
        assert_eq!(guarded("'=1"), "''=1");
    }

    #[test]
    fn pieces_make_the_same_file_as_one_go() {
        let row = |text: &str| vec![Cell::from(text), Cell::Number(1)];
        let whole = table(&[row("a"), row("b")]).unwrap();
        let mut first = CsvWriter::begin(Vec::new()).unwrap();
        first.row(&row("a")).unwrap();
        let mut second = CsvWriter::go_on(Vec::new());
        second.row(&row("b")).unwrap();
        assert_eq!([first.finish().unwrap(), second.finish().unwrap()].concat(), whole);
    }

    proptest! {
        #[test]
        fn what_is_read_in_again_is_what_was_written_out(texts in prop::collection::vec("['=+@\t\r\n,\"＝a가-]{0,6}", 1..5)) {
            let cells: Vec<_> = texts.iter().map(|text| Cell::Text(text.clone())).collect();
            let bytes = table(&[cells]).unwrap();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[BYTE_ORDER_MARK.len()..]);
            let row = reader.records().next().unwrap().unwrap();
            let read: Vec<_> = row.iter().map(unguarded).collect();
            prop_assert_eq!(read, texts);
            for cell in &row {
                prop_assert!(!cell.starts_with(FORMULA_BEGINS), "{cell:?}");
            }
        }
    }
}
