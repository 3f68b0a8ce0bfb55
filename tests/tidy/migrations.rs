//! Migrations: numbered without a gap, named alike for every engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::repository::{expect_none, files, text};

/// Every migration file by engine, which is the folder it lies in.
pub fn by_engine() -> BTreeMap<String, Vec<PathBuf>> {
    let mut engines: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files() {
        let parts: Vec<_> = file.iter().filter_map(|part| part.to_str()).collect();
        if let ["migrations", engine, ..] = parts.as_slice() {
            engines.entry((*engine).to_owned()).or_default().push(file);
        }
    }
    assert!(
        !engines.is_empty(),
        "No migrations found. They lie in migrations/<engine>/NNNN_what_it_does.sql."
    );
    for files in engines.values_mut() {
        files.sort();
    }
    engines
}

/// The text of one engine's migrations, in order.
pub fn script(files: &[PathBuf]) -> String {
    files
        .iter()
        .map(|file| text(file).expect("a migration is text"))
        .collect()
}

#[test]
fn files_are_numbered_from_1_without_a_gap_and_named_in_snake_case() {
    let mut wrong = Vec::new();
    for files in by_engine().values() {
        for (index, file) in files.iter().enumerate() {
            let name = name_of(file);
            let is_right = name
                .strip_prefix(&format!("{:04}_", index + 1))
                .is_some_and(is_snake_case_sql);
            if !is_right {
                wrong.push(format!("{} is not {:04}_what_it_does.sql", file.display(), index + 1));
            }
        }
    }
    expect_none(
        &wrong,
        "Name a migration by the next free number and, in snake case, what it does:",
    );
}

#[test]
fn every_engine_has_the_same_migrations() {
    let engines = by_engine();
    let names = |engine: &str| {
        engines[engine]
            .iter()
            .map(|file| name_of(file).to_owned())
            .collect::<Vec<_>>()
    };
    let first = engines.keys().next().expect("there is an engine");
    let different = engines.keys().filter(|engine| names(engine) != names(first));
    let wrong: Vec<_> = different
        .map(|engine| format!("migrations/{engine} and migrations/{first}"))
        .collect();
    expect_none(
        &wrong,
        "All engines move together: same numbers, same names. These folders differ:",
    );
}

fn name_of(file: &Path) -> &str {
    file.file_name()
        .and_then(|name| name.to_str())
        .expect("a file has a name")
}

fn is_snake_case_sql(rest: &str) -> bool {
    rest.strip_suffix(".sql").is_some_and(|words| {
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
        words.split('_').all(is_word)
    })
}
