//! What no file may say, and what every crate says first.

use std::path::{Path, PathBuf};

use crate::repository::{expect_none, files, sources, text};

/// Folders of one machine. Each is written in two halves, so that this file does not find itself.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Hosts of package registries: where packages come from is the builder's configuration.
const PACKAGE_HOSTS: &[&str] = &[
    concat!("index.cr", "ates.io"),
    concat!("static.cr", "ates.io"),
    concat!("crates.io", "-index"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("registry.np", "mjs.org"),
    concat!("deb.deb", "ian.org"),
];

/// A lint is answered with `expect` and a reason, so that the answer goes when its cause does.
const ALLOWED_LINT: &str = concat!("[al", "low(");

/// An error as a field of a log line: written as JSON it shows its first part only.
const BARE_ERRORS: &[&str] = &[
    concat!("error = %er", "ror,"),
    concat!("error as &dyn Er", "ror"),
    concat!("error as &dyn std::error::Er", "ror"),
];

#[test]
fn no_file_names_a_folder_of_one_machine() {
    expect_none(
        &lines_with(&files(), MACHINE_PATHS),
        "Use a path inside the repository, a temporary directory or a placeholder:",
    );
}

#[test]
fn no_file_names_a_package_host() {
    let files: Vec<_> = files()
        .into_iter()
        .filter(|file| !file.ends_with("Cargo.lock"))
        .collect();
    expect_none(
        &lines_with(&files, PACKAGE_HOSTS),
        "Leave the host to the configuration of cargo, pip or apt:",
    );
}

#[test]
fn no_lint_is_switched_off_without_a_reason() {
    let advice = "Write #[expect(lint, reason = \"…\")], or better do what the lint says:";
    expect_none(&lines_with(&sources(), &[ALLOWED_LINT]), advice);
}

#[test]
fn log_lines_name_every_cause() {
    expect_none(&lines_with(&sources(), BARE_ERRORS), "Give the log `%causes(&error)`:");
}

#[test]
fn every_crate_starts_by_saying_what_it_is() {
    let is_first = |file: &Path| file.ends_with("src/lib.rs") || file.ends_with("src/main.rs");
    let mut wrong: Vec<_> = sources().into_iter().filter(|file| is_first(file)).collect();
    wrong.retain(|file| !text(file).expect("a source is text").starts_with("//! "));
    let wrong: Vec<_> = wrong.iter().map(|file| file.display().to_string()).collect();
    expect_none(
        &wrong,
        "The first line says `//!` which step of the flow the crate is, and what it must not know:",
    );
}

fn lines_with(files: &[PathBuf], unwanted: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        // What is not text, such as an image, says nothing.
        let content = text(file).unwrap_or_default();
        let lines = content
            .lines()
            .enumerate()
            .filter(|(_, line)| unwanted.iter().any(|word| line.contains(word)));
        found.extend(lines.map(|(index, _)| format!("{}:{}", file.display(), index + 1)));
    }
    found
}
