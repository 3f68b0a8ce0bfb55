//! What the pages about files of shops say.

use super::{Names, With};

/// Shops from a file.
pub struct ImportWords {
    pub title: &'static str,
    pub hint: &'static str,
    pub file: &'static str,
    pub file_hint: &'static str,
    pub templates: &'static str,
    pub hand_over: &'static str,
    pub columns_title: &'static str,
    pub read_as: &'static str,
    pub rows: With,
    pub encoding: &'static str,
    pub separator: &'static str,
    pub by_itself: &'static str,
    pub read_again: &'static str,
    pub column: &'static str,
    pub field: &'static str,
    pub samples: &'static str,
    pub ignore: &'static str,
    pub existing: &'static str,
    pub links: &'static str,
    pub links_hint: &'static str,
    pub preview: &'static str,
    pub preview_hint: &'static str,
    pub line: &'static str,
    pub company: &'static str,
    pub number: &'static str,
    pub verdict: &'static str,
    pub take_rows: &'static str,
    pub all_refused: &'static str,
    pub encodings: Names,
    pub separators: Names,
    pub fields: Names,
    pub existings: Names,
}
