//! What the pages about files of lists say.

use super::{Count, Names};

/// Lists as files.
pub struct ExportWords {
    pub title: &'static str,
    pub hint: &'static str,
    pub none: (&'static str, &'static str),
    pub new_title: &'static str,
    pub new_hint: &'static str,
    pub chosen: Count,
    pub all: &'static str,
    pub filtered: &'static str,
    pub format: &'static str,
    pub formats: Names,
    pub reason_hint: &'static str,
    pub make: &'static str,
    pub these: &'static str,
    pub take: &'static str,
    pub when: &'static str,
    pub size: &'static str,
    pub expires: &'static str,
    pub numbers: &'static str,
    pub numbers_whole: &'static str,
    pub numbers_masked: &'static str,
    pub cancel: &'static str,
    pub at_row: Count,
    pub states: Names,
    pub errors: Names,
}
