//! Texts with separators between them.

use csv::ReaderBuilder;
use encoding_rs::{EUC_KR, UTF_16BE, UTF_16LE};
use registry_tables::csv::unguarded;

use super::rows::Gathered;
use super::{Encoding, Format, Separator, Table, Wish};
use crate::refusal::Refusal;
use crate::rows::FileRow;

pub(super) fn read(bytes: &[u8], wish: Wish) -> Result<Table, Refusal> {
    let (encoding, text) = text_of(bytes, wish.encoding)?;
    // Whatever a table of texts holds, it is not that.
    if text.contains('\0') {
        return Err(Refusal::UnknownFormat);
    }
    let separator = wish.separator.unwrap_or_else(|| separator_of(&text));
    let mut reader = ReaderBuilder::new()
        .delimiter(separator.byte())
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut gathered = Gathered::default();
    let mut lines = Lines::of(&text);
    for record in reader.records() {
        let record = record.map_err(|_| Refusal::UnknownFormat)?;
        let begin = record.position().map_or(0, csv::Position::byte);
        gathered.add(FileRow {
            line: lines.at(usize::try_from(begin).unwrap_or(usize::MAX)),
            // The mark that an export sets before what a spreadsheet would run is taken away again.
            cells: record.iter().map(|cell| unguarded(cell).to_owned()).collect(),
            numbers: Vec::new(),
        })?;
    }
    Ok(Table {
        format: Format::Csv,
        encoding: Some(encoding),
        separator: Some(separator),
        file: gathered.finish()?,
    })
}

/// In which line of a text something stands. The reader of rows counts those that it passes over to the row before.
struct Lines<'a> {
    text: &'a [u8],
    place: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            place: 0,
            line: 1,
        }
    }

    /// The line of the first thing at or behind a place. Places only grow.
    fn at(&mut self, begin: usize) -> u32 {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        while let Some(byte) = self.text.get(self.place) {
            if self.place >= begin && !is_break(byte) {
                break;
            }
            self.line += u32::from(*byte == b'\n');
            self.place += 1;
        }
        self.line
    }
}

/// The text in an encoding. Its mark tells which; else it is UTF-8 if it can be, and else what Korean spreadsheets write.
fn text_of(bytes: &[u8], wanted: Option<Encoding>) -> Result<(Encoding, String), Refusal> {
    if let Some(encoding) = wanted {
        return in_encoding(bytes, encoding).map(|text| (encoding, text));
    }
    let marked = match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some(Encoding::Utf8),
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
        _ => None,
    };
    if let Some(encoding) = marked {
        return in_encoding(bytes, encoding).map(|text| (encoding, text));
    }
    in_encoding(bytes, Encoding::Utf8)
        .map(|text| (Encoding::Utf8, text))
        .or_else(|refusal| match in_encoding(bytes, Encoding::Cp949) {
            Ok(text) => Ok((Encoding::Cp949, text)),
            Err(_neither) => Err(refusal),
        })
}

fn in_encoding(bytes: &[u8], encoding: Encoding) -> Result<String, Refusal> {
    let (known, mark): (_, &[u8]) = match encoding {
        Encoding::Utf8 => (encoding_rs::UTF_8, &[0xef, 0xbb, 0xbf]),
        Encoding::Utf16Le => (UTF_16LE, &[0xff, 0xfe]),
        Encoding::Utf16Be => (UTF_16BE, &[0xfe, 0xff]),
        // Under this name the web means all of code page 949.
        Encoding::Cp949 => (EUC_KR, &[]),
    };
    let bytes = bytes.strip_prefix(mark).unwrap_or(bytes);
    let text = known.decode_without_bom_handling_and_without_replacement(bytes);
    let text = text.map(std::borrow::Cow::into_owned);
    text.ok_or_else(|| Refusal::NotInEncoding {
        line: first_bad_line(bytes, known),
        encoding: encoding.as_str().to_owned(),
    })
}

fn first_bad_line(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> u32 {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let bad = text.find(char::REPLACEMENT_CHARACTER).unwrap_or(text.len());
    let lines = text[..bad].matches('\n').count() + 1;
    u32::try_from(lines).unwrap_or(u32::MAX)
}

/// What stands most often in one of the first lines.
fn separator_of(text: &str) -> Separator {
    let first: Vec<_> = text.lines().take(crate::limits::LINES_ABOVE_MAX).collect();
    let most = |separator: &Separator| {
        let byte = char::from(separator.byte());
        first.iter().map(|line| line.matches(byte).count()).max().unwrap_or(0)
    };
    let mut best = Separator::Comma;
    for separator in Separator::ALL {
        if most(&separator) > most(&best) {
            best = separator;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> (Table, Vec<Vec<String>>) {
        let table = read(bytes, Wish::default()).expect("a table");
        let rows = table.file.rows.iter().map(|row| row.cells.clone()).collect();
        (table, rows)
    }

    const TEXT: &str = "member_code,매장코드,상호\r\nacad-12,store-3,\"가나다, 학원\"\r\n\r\nacad-12,store-4,'=1\r\n";

    #[test]
    fn korean_spreadsheets_are_read_in_every_encoding_that_they_write() {
        let expected = [["acad-12", "store-3", "가나다, 학원"], ["acad-12", "store-4", "=1"]];
        let utf16 = |to: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}"
                .encode_utf16()
                .chain(TEXT.encode_utf16())
                .flat_map(to)
                .collect()
        };
        for (bytes, encoding) in [
            (TEXT.as_bytes().to_vec(), Encoding::Utf8),
            (format!("\u{feff}{TEXT}").into_bytes(), Encoding::Utf8),
            (utf16(u16::to_le_bytes), Encoding::Utf16Le),
            (utf16(u16::to_be_bytes), Encoding::Utf16Be),
            (EUC_KR.encode(TEXT).0.into_owned(), Encoding::Cp949),
        ] {
            let (table, rows) = cells(&bytes);
            assert_eq!(table.encoding, Some(encoding));
            assert_eq!(rows, expected, "{encoding:?}");
            assert_eq!(table.file.rows[1].line, 4);
        }
    }

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let bad = b"member_code,merchant_code\na,b\nc,\xff\xff\n";
        assert_eq!(
            read(bad, Wish::default()),
            Err(Refusal::NotInEncoding {
                line: 3,
                encoding: "utf8".to_owned()
            })
        );
        let wish = Wish {
            encoding: Some(Encoding::Cp949),
            ..Wish::default()
        };
        assert!(matches!(
            read("가,나\n😀,x".as_bytes(), wish),
            Err(Refusal::NotInEncoding { .. })
        ));
        assert_eq!(read(b"\x7fELF\0\0\0", Wish::default()), Err(Refusal::UnknownFormat));
    }

    #[test]
    fn separators_and_what_stands_above_the_headings_are_found() {
        let (table, rows) = cells("acme;기준 2026\n\n매장 코드;회원 코드\nstore-1;acad-1\n".as_bytes());
        assert_eq!(table.separator, Some(Separator::Semicolon));
        assert_eq!(table.file.headings.cells, ["매장 코드", "회원 코드"]);
        assert_eq!(rows, [["store-1", "acad-1"]]);
        let (table, _) = cells("매장코드\t회원코드\na\tb".as_bytes());
        assert_eq!(table.separator, Some(Separator::Tab));
    }
}
