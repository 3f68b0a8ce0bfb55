//! How long a file may be.

use std::path::Path;

use crate::repository::{expect_none, sources, text, without_test_module};

/// Lines of a file, not counting a test module at its end or in a file of its own.
const LONGEST: usize = 400;

#[test]
fn no_source_file_is_too_long() {
    let mut wrong = Vec::new();
    for file in sources().into_iter().filter(|file| !is_test_module(file)) {
        let lines = without_test_module(&text(&file).expect("a source is text")).len();
        if lines > LONGEST {
            wrong.push(format!("{}: {lines} lines", file.display()));
        }
    }
    expect_none(
        &wrong,
        &format!("A file has at most {LONGEST} lines. Split these along what a reader looks for:"),
    );
}

/// Tests of a crate's inside, written beside the file they test instead of at its end.
fn is_test_module(file: &Path) -> bool {
    file.ends_with("tests.rs") && file.iter().any(|part| part == "src")
}
