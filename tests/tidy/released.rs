//! What released versions wrote is what databases out there hold. Nobody changes it, so that it goes on being read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::repository::{expect_none, files, root, text};

/// Every released version, the oldest first, with the digest of what it wrote: `tests/fixtures/upgrade/<version>`.
const RELEASED: &[(&str, &str)] = &[(
    "0.1.0",
    "e8109a9a4f10313c7ad0569f4eea8d169050a4900f2223f194d649ce3e6d1490",
)];

#[test]
fn what_a_released_version_wrote_is_as_it_was() {
    let found = digests();
    let mut wrong: Vec<_> = RELEASED
        .iter()
        .filter(|(version, digest)| found.get(*version).is_none_or(|found| found != digest))
        .map(|(version, _)| format!("{version} is not as it was, but {:?}", found.get(*version)))
        .collect();
    let listed = |version: &String| RELEASED.iter().any(|(listed, _)| listed == version);
    let unlisted = found.iter().filter(|(version, _)| !listed(version));
    wrong.extend(unlisted.map(|(version, digest)| format!("{version} is new: {digest}")));
    expect_none(
        &wrong,
        "What a released version wrote is not changed: put the files back, and have this version read them. \
         A new release gets a line of its own in tests/tidy/released.rs:",
    );
}

#[test]
fn a_version_is_released_once_and_the_changelog_says_so() {
    let manifest = text(Path::new("Cargo.toml")).expect("a manifest is text");
    let current = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    let current = numbers(current.expect("the workspace has a version").trim_matches('"'));
    let changelog = text(Path::new("CHANGELOG.md")).expect("a changelog is text");
    let mut wrong = Vec::new();
    for (version, _) in RELEASED {
        if numbers(version) >= current {
            wrong.push(format!("{version}: give the workspace a later version in Cargo.toml"));
        }
        if !changelog
            .lines()
            .any(|line| line.starts_with(&format!("## {version} ")))
        {
            wrong.push(format!("{version}: CHANGELOG.md has no part for it"));
        }
    }
    expect_none(&wrong, "These versions are released:");
}

/// The digest of each folder: of the names and contents of its files, in order.
fn digests() -> BTreeMap<String, String> {
    let mut folders: BTreeMap<String, Sha256> = BTreeMap::new();
    let mut files = files();
    files.sort();
    for file in files {
        let parts: Vec<_> = file.iter().filter_map(|part| part.to_str()).collect();
        if let ["tests", "fixtures", "upgrade", version, rest @ ..] = parts.as_slice()
            && !rest.is_empty()
        {
            let content = fs::read(root().join(&file)).expect("a file of ours");
            let digest = folders.entry((*version).to_owned()).or_default();
            digest.update(rest.join("/"));
            digest.update([0]);
            digest.update(Sha256::digest(content));
        }
    }
    let digests = folders.into_iter();
    digests
        .map(|(version, digest)| (version, hex::encode(digest.finalize())))
        .collect()
}

/// `0.10.0` is later than `0.9.0`.
fn numbers(version: &str) -> Vec<u64> {
    let numbers = version
        .split('.')
        .map(|number| number.parse().expect("a version has numbers"));
    numbers.collect()
}
