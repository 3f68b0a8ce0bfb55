//! Workbooks. A zip says of itself how large it is, and may lie: so every part is inflated into nothing and counted before anybody
//! reserves room for what it says.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader as _, Xlsx};
use zip::ZipArchive;

use super::rows::Gathered;
use super::{Format, Table};
use crate::limits::{COLUMNS_MAX, INFLATED_BYTES_MAX, LINES_ABOVE_MAX, PARTS_MAX, ROWS_MAX, SHARED_TEXTS_MAX};
use crate::refusal::Refusal;
use crate::rows::FileRow;

/// As much of a part is inflated at once.
const PIECE: usize = 64 * 1024;

/// Numbers above this are not whole any more in a spreadsheet.
const WHOLE_MAX: f64 = 1e15;

/// What holds encrypted workbooks names this part.
const ENCRYPTED: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";

/// Why what holds workbooks of old is not read.
pub(super) fn of_old(bytes: &[u8]) -> Refusal {
    if bytes.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED) {
        Refusal::HasPassword
    } else {
        Refusal::UnknownFormat
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Table, Refusal> {
    guard(bytes)?;
    let damaged = |_| Refusal::DamagedWorkbook;
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let sheet = workbook.sheet_names().first().cloned().ok_or(Refusal::Empty)?;
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(damaged)?;
    let mut gathered = Gathered::default();
    let mut row: Option<FileRow> = None;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (index, column) = cell.get_position();
        let line = index.saturating_add(1);
        if index as usize > 4 * (ROWS_MAX + LINES_ABOVE_MAX) {
            return Err(Refusal::TooManyRows);
        }
        let Some((text, is_number)) = text_of(cell.get_value()) else {
            continue;
        };
        if column as usize >= COLUMNS_MAX {
            return Err(Refusal::TooManyColumns { line });
        }
        let mut current = match row.take() {
            Some(row) if row.line == line => row,
            // Rows come in their order; one that comes twice is no row.
            Some(row) if row.line > line => return Err(Refusal::DamagedWorkbook),
            before => {
                if let Some(before) = before {
                    gathered.add(before)?;
                }
                FileRow {
                    line,
                    cells: Vec::new(),
                    numbers: Vec::new(),
                }
            }
        };
        let place = column as usize;
        if current.cells.len() <= place {
            current.cells.resize(place + 1, String::new());
        }
        current.cells[place] = text;
        if is_number {
            current.numbers.extend(u16::try_from(column));
        }
        row = Some(current);
    }
    if let Some(row) = row {
        gathered.add(row)?;
    }
    Ok(Table {
        format: Format::Xlsx,
        encoding: None,
        separator: None,
        file: gathered.finish()?,
    })
}

/// The text of a cell, and whether it is a number there. None of an empty one.
fn text_of(value: &DataRef<'_>) -> Option<(String, bool)> {
    let text = match value {
        DataRef::Empty => return None,
        DataRef::Int(number) => return Some((number.to_string(), true)),
        DataRef::Float(number) => return Some((number_text(*number), true)),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::Error(error) => error.to_string(),
    };
    Some((text, false))
}

/// A whole number has neither a fraction nor an exponent, as nobody typed one.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < WHOLE_MAX {
        format!("{number:.0}")
    } else {
        number.to_string()
    }
}

/// Refuses what would take more than a file may take, or is more than a table.
fn guard(bytes: &[u8]) -> Result<(), Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Refusal::DamagedWorkbook)?;
    if archive.len() > PARTS_MAX {
        return Err(Refusal::InflatesTooFar);
    }
    let mut left = INFLATED_BYTES_MAX;
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).map_err(|_| Refusal::DamagedWorkbook)?;
        let name = part.name().map_err(|_| Refusal::DamagedWorkbook)?.to_ascii_lowercase();
        if name.ends_with("vbaproject.bin") || name.starts_with("xl/externallinks/") {
            return Err(Refusal::HasMacros);
        }
        let mut head = Vec::new();
        let mut piece = vec![0; PIECE];
        loop {
            let length = part.read(&mut piece).map_err(|_| Refusal::DamagedWorkbook)?;
            if length == 0 {
                break;
            }
            left = left.checked_sub(length as u64).ok_or(Refusal::InflatesTooFar)?;
            if head.len() < PIECE {
                head.extend_from_slice(&piece[..length]);
            }
        }
        if name.ends_with("sharedstrings.xml") && shared_texts(&head) > SHARED_TEXTS_MAX {
            return Err(Refusal::InflatesTooFar);
        }
    }
    Ok(())
}

/// How many texts a workbook says that it shares.
fn shared_texts(head: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(head);
    let claims = ["uniqueCount", "count"].into_iter().filter_map(|name| {
        let (_, rest) = text.split_once(&format!(" {name}"))?;
        let (_, rest) = rest.split_once(['"', '\''])?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        // What has more digits than a number can have is more than anything.
        Some(digits.parse().unwrap_or(u64::MAX))
    });
    claims.max().unwrap_or(0)
}
