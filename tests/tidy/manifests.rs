//! What every crate takes from the workspace: version, edition, lints, and the version of each dependency.

use crate::repository::{expect_none, packages, root, text};

/// Lines that the `[package]` part of every manifest has.
const INHERITED: &[&str] = &[
    "version.workspace = true",
    "edition.workspace = true",
    "publish.workspace = true",
];

#[test]
fn every_crate_inherits_version_edition_and_lints() {
    let wrong = wrong_in_manifests(|manifest| {
        let mut wrong: Vec<_> = INHERITED
            .iter()
            .filter(|line| !part(manifest, "package").contains(line))
            .map(ToString::to_string)
            .collect();
        if part(manifest, "lints") != ["workspace = true"] {
            wrong.push("[lints] workspace = true".to_owned());
        }
        wrong
    });
    expect_none(&wrong, "Add the missing lines, as the other manifests have them:");
}

#[test]
fn versions_of_dependencies_stand_in_the_root_manifest() {
    let wrong = wrong_in_manifests(|manifest| {
        let parts = ["dependencies", "dev-dependencies", "build-dependencies"];
        let lines = parts.iter().flat_map(|name| part(manifest, name));
        lines
            .filter(|line| !line.contains("workspace = true"))
            .map(str::to_owned)
            .collect()
    });
    expect_none(
        &wrong,
        "Put version and features into [workspace.dependencies] and write `name.workspace = true`:",
    );
}

fn wrong_in_manifests(check: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in packages() {
        let path = package
            .manifest_path
            .strip_prefix(root())
            .expect("a manifest lies in the repository")
            .to_owned();
        let manifest = text(path.as_std_path()).expect("a manifest is text");
        wrong.extend(check(&manifest).into_iter().map(|what| format!("{path}: {what}")));
    }
    wrong
}

/// The lines of one `[part]`, without comments.
fn part<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let header = format!("[{name}]");
    let lines = manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != header)
        .skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}
