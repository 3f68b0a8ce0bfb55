//! Bytes become rows.

mod rows;
mod separated;
mod workbook;

use serde::{Deserialize, Serialize};

use crate::limits::FILE_BYTES_MAX;
use crate::refusal::Refusal;
use crate::rows::FileRows;

macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $name {
            /// The word of every value.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word for it in every contract.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The inverse.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Texts with separators between them.
    Csv,
    /// A workbook, as spreadsheets write them since 2007.
    Xlsx,
}

words!(Format {
    Csv => "csv",
    Xlsx => "xlsx",
});

/// How bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without a mark.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// What a Korean spreadsheet writes that knows no Unicode.
    Cp949,
}

words!(Encoding {
    Utf8 => "utf8",
    Utf16Le => "utf16le",
    Utf16Be => "utf16be",
    Cp949 => "cp949",
});

/// What stands between two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
}

words!(Separator {
    Comma => "comma",
    Semicolon => "semicolon",
    Tab => "tab",
});

impl Separator {
    const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// How a file is to be read, where somebody knows better than what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// How bytes become text.
    pub encoding: Option<Encoding>,
    /// What stands between two texts.
    pub separator: Option<Separator>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What kind of file it is.
    pub format: Format,
    /// How its bytes became text; none of a workbook.
    pub encoding: Option<Encoding>,
    /// What stood between two texts; none of a workbook.
    pub separator: Option<Separator>,
    /// What stands in it.
    pub file: FileRows,
}

/// Reads a file. Whoever calls it must be able to die of it: see [`crate::child`].
pub fn read(bytes: &[u8], wish: Wish) -> Result<Table, Refusal> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    match bytes {
        [] => Err(Refusal::Empty),
        [b'P', b'K', 3 | 5, ..] => workbook::read(bytes),
        // What holds workbooks of old, and those with a password.
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(workbook::of_old(bytes)),
        _ => separated::read(bytes, wish),
    }
}
