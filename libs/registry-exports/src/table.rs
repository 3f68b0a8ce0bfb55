//! Rows become the bytes of a file: CSV in pieces as they come, a workbook on the disk until it is whole.

use std::fs::File;
use std::io::{self, Read, Seek};

use chrono::{DateTime, Utc};
use encoding_rs::{EUC_KR, EncoderResult};
use registry_domain::exports::{ExportFault, ExportFormat};
use registry_tables::{Cell, CsvWriter, XlsxWriter, cell, merchants};
use registry_web::Language;

use crate::limits::PIECE_BYTES;
use crate::wish::{ExportWish, Whom};

/// Why a file cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// A letter of a row is none of the encoding's. Rows are counted from 1, without those that stand above them.
    #[error("row {row} has a letter that CP949 has not")]
    NotInCp949 {
        /// Which.
        row: u64,
    },
    /// The disk, or whatever the workbook is kept on.
    #[error("a row could not be written")]
    Write(#[source] io::Error),
    /// The same.
    #[error("the workbook could not be written")]
    Workbook(#[from] registry_tables::XlsxError),
}

impl TableError {
    /// What is told of it; none if it may go better another time.
    pub(crate) const fn fault(&self) -> Option<(ExportFault, Option<u64>)> {
        match self {
            Self::NotInCp949 { row } => Some((ExportFault::NotInCp949, Some(*row))),
            Self::Write(_) | Self::Workbook(_) => None,
        }
    }
}

/// What a file says of itself.
pub(crate) struct About<'a> {
    /// Whose it is.
    pub(crate) slug: &'a str,
    /// Of which moment it is.
    pub(crate) as_of: DateTime<Utc>,
    /// How many merchants the list had when the file was asked for.
    pub(crate) rows: u64,
}

impl About<'_> {
    fn texts(&self, wish: &ExportWish) -> [String; 4] {
        let moment = cell::in_korea(self.as_of);
        let filter = match &wish.whom {
            Whom::Listed(list) => list.query.clone(),
            Whom::These(_) => String::new(),
        };
        let is_chosen = matches!(wish.whom, Whom::These(_));
        let (as_of, filter, rows) = match wish.language {
            Language::English => (
                format!("As of {moment} KST"),
                match (is_chosen, filter.is_empty()) {
                    (true, _) => "Chosen one by one".to_owned(),
                    (false, true) => "All but archived".to_owned(),
                    (false, false) => format!("Filter: {filter}"),
                },
                format!("{} merchants", self.rows),
            ),
            Language::Korean => (
                format!("기준시점 {moment} KST"),
                match (is_chosen, filter.is_empty()) {
                    (true, _) => "직접 고른 가맹점".to_owned(),
                    (false, true) => "보관한 것 외 전체".to_owned(),
                    (false, false) => format!("조건: {filter}"),
                },
                format!("가맹점 {}곳", self.rows),
            ),
        };
        [self.slug.to_owned(), as_of, filter, rows]
    }
}

/// A file that is being written.
pub(crate) enum Table {
    Utf8,
    Cp949 { rows: u64 },
    Xlsx(Box<XlsxWriter>),
}

impl Table {
    /// Its beginning: what it is, and what its columns are. Returns what can be kept of it by now.
    pub(crate) fn begin(wish: &ExportWish, about: &About<'_>) -> Result<(Self, Vec<u8>), TableError> {
        let texts = about.texts(wish);
        let headings = merchants::headings(&wish.columns, wish.language);
        let above = || [texts.clone().map(Cell::from).to_vec(), headings.clone()];
        match wish.format {
            ExportFormat::Csv => {
                let mut writer = CsvWriter::begin(Vec::new()).map_err(TableError::Write)?;
                for row in above() {
                    writer.row(&row).map_err(TableError::Write)?;
                }
                Ok((Self::Utf8, writer.finish().map_err(TableError::Write)?))
            }
            ExportFormat::CsvCp949 => {
                let mut bytes = Vec::new();
                for row in above() {
                    encode(&csv(&[row])?, 0, &mut bytes)?;
                }
                Ok((Self::Cp949 { rows: 0 }, bytes))
            }
            ExportFormat::Xlsx => {
                let (sheet, second, names) = match wish.language {
                    Language::English => ("Merchants", "About", ["Tenant", "As of", "Filter", "Merchants"]),
                    Language::Korean => ("가맹점", "안내", ["테넌트", "기준시점", "조건", "가맹점"]),
                };
                let lines = names.map(str::to_owned).into_iter().zip(texts);
                let lines = lines.map(|(name, text)| [name, text]).collect();
                let writer = XlsxWriter::begin(sheet, &headings)?.about(second, lines);
                Ok((Self::Xlsx(Box::new(writer)), Vec::new()))
            }
        }
    }

    /// More rows of it.
    pub(crate) fn rows(&mut self, rows: &[Vec<Cell>]) -> Result<Vec<u8>, TableError> {
        match self {
            Self::Utf8 => csv(rows),
            Self::Cp949 { rows: count } => {
                let mut bytes = Vec::new();
                for row in rows {
                    *count += 1;
                    encode(&csv(std::slice::from_ref(row))?, *count, &mut bytes)?;
                }
                Ok(bytes)
            }
            Self::Xlsx(writer) => {
                for row in rows {
                    writer.row(row)?;
                }
                Ok(Vec::new())
            }
        }
    }

    /// Its end: what is left of it, to be read in pieces.
    pub(crate) fn finish(self) -> Result<Rest, TableError> {
        match self {
            Self::Utf8 | Self::Cp949 { .. } => Ok(Rest(None)),
            Self::Xlsx(writer) => {
                let mut file = tempfile::tempfile().map_err(TableError::Write)?;
                writer.finish(&mut file)?;
                file.rewind().map_err(TableError::Write)?;
                Ok(Rest(Some(file)))
            }
        }
    }
}

/// What is left of a file once all its rows are there.
pub(crate) struct Rest(Option<File>);

impl Rest {
    /// The next bytes of it; none at its end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, TableError> {
        let Some(file) = &mut self.0 else { return Ok(None) };
        let mut bytes = Vec::with_capacity(PIECE_BYTES);
        let size = PIECE_BYTES as u64;
        let read = file.take(size).read_to_end(&mut bytes).map_err(TableError::Write)?;
        Ok((read > 0).then_some(bytes))
    }
}

fn csv(rows: &[Vec<Cell>]) -> Result<Vec<u8>, TableError> {
    let mut writer = CsvWriter::go_on(Vec::new());
    for row in rows {
        writer.row(row).map_err(TableError::Write)?;
    }
    writer.finish().map_err(TableError::Write)
}

/// What the encoding lacks is refused: a file that lies about a name is worse than none.
fn encode(utf8: &[u8], row: u64, into: &mut Vec<u8>) -> Result<(), TableError> {
    let lacking = || TableError::NotInCp949 { row };
    let text = str::from_utf8(utf8).map_err(|_| lacking())?;
    let mut encoder = EUC_KR.new_encoder();
    let room = encoder.max_buffer_length_from_utf8_without_replacement(text.len());
    let begin = into.len();
    into.reserve(room.unwrap_or(text.len()));
    let (result, _) = encoder.encode_from_utf8_to_vec_without_replacement(text, into, true);
    match result {
        EncoderResult::InputEmpty => Ok(()),
        EncoderResult::OutputFull | EncoderResult::Unmappable(_) => {
            into.truncate(begin);
            Err(lacking())
        }
    }
}

/// What such a file is called, and what it is.
pub(crate) const fn kind(format: ExportFormat) -> (&'static str, &'static str) {
    match format {
        ExportFormat::Csv => ("csv", "text/csv; charset=utf-8"),
        ExportFormat::CsvCp949 => ("csv", "text/csv; charset=euc-kr"),
        ExportFormat::Xlsx => (
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    }
}

/// A row that cannot be read stands in its place, as the list names it too.
pub(crate) fn unreadable(id: &str, language: Language) -> Vec<Cell> {
    vec![match language {
        Language::English => format!("unreadable: {id}").into(),
        Language::Korean => format!("읽을 수 없음: {id}").into(),
    }]
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use registry_tables::Column;

    use super::*;
    use crate::wish::Listed;

    fn wish(format: ExportFormat) -> ExportWish {
        ExportWish {
            format,
            whom: Whom::Listed(Listed {
                query: "q=x&stage=in_review".to_owned(),
                today: NaiveDate::MIN,
                as_of: None,
            }),
            columns: vec![Column::CompanyName, Column::Stage],
            language: Language::Korean,
            with_numbers: false,
        }
    }

    fn about() -> About<'static> {
        About {
            slug: "acme",
            as_of: DateTime::UNIX_EPOCH,
            rows: 2,
        }
    }

    const ABOVE: &str = "acme,기준시점 1970-01-01 09:00:00 KST,조건: q=x&stage=in_review,가맹점 2곳\r\n사업장,단계\r\n";

    #[test]
    fn a_file_says_what_it_is_in_its_encoding() {
        let rows = [vec![Cell::from("=1 똠방각하"), Cell::from("심사중")]];
        let (mut table, begun) = Table::begin(&wish(ExportFormat::Csv), &about()).unwrap();
        assert_eq!(begun, format!("\u{feff}{ABOVE}").into_bytes());
        assert_eq!(table.rows(&rows).unwrap(), "'=1 똠방각하,심사중\r\n".as_bytes());
        assert!(table.finish().unwrap().next().unwrap().is_none());

        let (mut table, begun) = Table::begin(&wish(ExportFormat::CsvCp949), &about()).unwrap();
        assert_eq!(begun, EUC_KR.encode(ABOVE).0.into_owned());
        assert_eq!(
            table.rows(&rows).unwrap(),
            EUC_KR.encode("'=1 똠방각하,심사중\r\n").0.into_owned()
        );
    }

    #[test]
    fn what_an_encoding_lacks_is_told_with_its_row() {
        let (mut table, _) = Table::begin(&wish(ExportFormat::CsvCp949), &about()).unwrap();
        table.rows(&[vec![Cell::from("가")], vec![Cell::from("나")]]).unwrap();
        let refused = table
            .rows(&[vec![Cell::from("다")], vec![Cell::from("커피☕🍵")]])
            .unwrap_err();
        assert_eq!(refused.fault(), Some((ExportFault::NotInCp949, Some(4))));
    }

    #[test]
    fn a_workbook_comes_whole_in_the_end() {
        let (mut table, begun) = Table::begin(&wish(ExportFormat::Xlsx), &about()).unwrap();
        assert!(begun.is_empty());
        assert!(table.rows(&[vec![Cell::from("가")]]).unwrap().is_empty());
        let mut rest = table.finish().unwrap();
        let bytes = rest.next().unwrap().unwrap();
        assert!(bytes.starts_with(b"PK"));
        assert!(rest.next().unwrap().is_none());
    }
}
