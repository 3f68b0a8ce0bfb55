//! Documents: as long as readers have patience for, and the same in both languages.

use std::path::Path;

use crate::repository::{expect_none, text};

/// How many lines each may have.
const LONGEST: [(&str, usize); 3] = [("README.md", 160), ("README.ko.md", 160), ("ARCHITECTURE.md", 200)];

#[test]
fn no_document_is_too_long() {
    let length = |file: &str| text(Path::new(file)).expect("a document is text").lines().count();
    let long = LONGEST.iter().filter(|(file, longest)| length(file) > *longest);
    let wrong: Vec<_> = long
        .map(|(file, longest)| format!("{file}: {} lines, at most {longest}", length(file)))
        .collect();
    expect_none(
        &wrong,
        "Move what only some readers need: integrating to openapi/, operating to infra/, figures to tests/bench/:",
    );
}

/// Documents that there are in both languages.
const TWINS: [(&str, &str); 2] = [
    ("README.md", "README.ko.md"),
    ("openapi/README.md", "openapi/README.ko.md"),
];

#[test]
fn both_languages_have_the_same_commands() {
    let differences = TWINS.iter().flat_map(|(english, korean)| differences(english, korean));
    expect_none(&differences.collect::<Vec<_>>(), "The twins show different commands:");
}

fn differences(english_file: &str, korean_file: &str) -> Vec<String> {
    let read = |file: &str| blocks(&text(Path::new(file)).expect("it is text"));
    let (english, korean) = (read(english_file), read(korean_file));
    let pairs = english.iter().zip(&korean);
    let mut wrong: Vec<_> = pairs
        .filter(|(english, korean)| english != korean)
        .map(|(english, korean)| format!("{korean_file}: {english}\n    and\n  {korean}"))
        .collect();
    if english.len() != korean.len() {
        wrong.push(format!("{korean_file}: {} blocks and {}", english.len(), korean.len()));
    }
    wrong
}

/// What stands between fences, without what is said behind a command.
fn blocks(document: &str) -> Vec<String> {
    let blocks = document.split("\n```").skip(1).step_by(2);
    let without_comment = |line: &str| line.split("  #").next().unwrap_or_default().trim_end().to_owned();
    let lines = |block: &str| block.lines().map(without_comment).collect::<Vec<_>>().join("\n");
    blocks.map(lines).collect()
}

/// The bench finds the place of its tables by these.
#[test]
fn every_part_of_the_bench_has_its_table() {
    let program = text(Path::new("tests/bench/main.rs")).expect("a source is text");
    let all = program.split_once("const ALL").expect("it lists its parts").1;
    let all = all
        .split_once("\n];")
        .expect("the list ends")
        .0
        .replace("SQLITE", "\"--sqlite\"");
    let parts = all
        .lines()
        .filter_map(|line| line.trim().strip_prefix("&[\"")?.strip_suffix("\"],"));
    let parts: Vec<_> = parts.map(|part| part.replace("\", \"", " ")).collect();
    assert!(parts.len() > 10, "{parts:?}");
    let document = text(Path::new("tests/bench/README.md")).expect("a document is text");
    let has_table = |part: &String| document.contains(&format!("\n<!-- bench {part} -->\n"));
    let wrong: Vec<_> = parts.into_iter().filter(|part| !has_table(part)).collect();
    expect_none(&wrong, "tests/bench/README.md has no markers for the tables of:");
}
