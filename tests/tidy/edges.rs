//! Which crate may know which. Arrows go down only; the lists are the architecture.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Package};

use crate::repository::{expect_none, packages};

/// Every crate of the workspace with the crates of ours that it uses, in reading order.
const EDGES: &[(&str, &[&str])] = &[
    ("paymint-client", &[]),
    ("registry-domain", &[]),
    ("registry-journal", &["registry-domain"]),
    ("registry-urls", &["registry-domain"]),
    ("registry-shares", &["registry-domain"]),
    ("registry-journal-rows", &["registry-domain", "registry-journal"]),
    (
        "registry-journal-postgres",
        &["registry-domain", "registry-journal", "registry-journal-rows"],
    ),
    (
        "registry-journal-sqlite",
        &["registry-domain", "registry-journal", "registry-journal-rows"],
    ),
    ("registry-maintenance", &["registry-domain", "registry-journal"]),
    ("registry-alerts", &["registry-domain", "registry-journal"]),
    (
        "registry-journal-contract",
        &["registry-domain", "registry-journal", "registry-maintenance"],
    ),
    (
        "registry-upstream",
        &[
            "paymint-client",
            "registry-domain",
            "registry-journal",
            "registry-shares",
            "registry-urls",
        ],
    ),
    (
        "registry-shop",
        &[
            "registry-domain",
            "registry-journal",
            "registry-upstream",
            "registry-urls",
            "registry-web",
        ],
    ),
    (
        "registry-ingest",
        &[
            "paymint-client",
            "registry-domain",
            "registry-journal",
            "registry-upstream",
            "registry-urls",
        ],
    ),
    (
        "registry-jobs",
        &[
            "registry-domain",
            "registry-imports",
            "registry-ingest",
            "registry-journal",
            "registry-upstream",
        ],
    ),
    (
        "registry-exports",
        &[
            "registry-documents",
            "registry-domain",
            "registry-journal",
            "registry-tables",
            "registry-web",
        ],
    ),
    (
        "registry-imports",
        &["registry-domain", "registry-shares", "registry-tables"],
    ),
    ("registry-documents", &["registry-domain", "registry-journal"]),
    (
        "registry-deliveries",
        &["registry-documents", "registry-domain", "registry-journal"],
    ),
    ("registry-web", &["registry-domain", "registry-shares"]),
    ("registry-tables", &["registry-documents", "registry-web"]),
    (
        "registry-publish",
        &["registry-documents", "registry-domain", "registry-journal"],
    ),
    (
        "registry-publish-nats",
        &["registry-documents", "registry-domain", "registry-publish"],
    ),
    ("registry-people", &["registry-domain", "registry-journal"]),
    (
        "registry-http",
        &[
            "registry-deliveries",
            "registry-documents",
            "registry-domain",
            "registry-exports",
            "registry-imports",
            "registry-ingest",
            "registry-jobs",
            "registry-journal",
            "registry-people",
            "registry-publish",
            "registry-shares",
            "registry-shop",
            "registry-tables",
            "registry-upstream",
            "registry-urls",
            "registry-web",
        ],
    ),
    (
        "registry-console",
        &[
            "registry-documents",
            "registry-people",
            "registry-tables",
            "registry-web",
        ],
    ),
    ("paymint-sandbox", &[]),
    (
        "registry",
        &[
            "registry-alerts",
            "registry-console",
            "registry-deliveries",
            "registry-documents",
            "registry-domain",
            "registry-exports",
            "registry-http",
            "registry-imports",
            "registry-ingest",
            "registry-jobs",
            "registry-journal",
            "registry-journal-postgres",
            "registry-journal-sqlite",
            "registry-maintenance",
            "registry-people",
            "registry-publish",
            "registry-publish-nats",
            "registry-shares",
            "registry-shop",
            "registry-upstream",
            "registry-urls",
            "registry-web",
        ],
    ),
    (
        "registry-dev",
        &[
            "paymint-sandbox",
            "registry",
            "registry-domain",
            "registry-http",
            "registry-journal",
            "registry-people",
            "registry-upstream",
            "registry-urls",
        ],
    ),
    ("schema", &[]),
    ("xtask", &[]),
];

/// What the tests of one crate use of another.
const TEST_EDGES: &[(&str, &str)] = &[
    ("paymint-sandbox", "paymint-client"),
    ("registry-journal-postgres", "registry-journal-contract"),
    ("registry-journal-sqlite", "registry-journal-contract"),
    ("registry-journal-sqlite", "registry-maintenance"),
    ("registry-upstream", "paymint-sandbox"),
    ("registry-upstream", "registry-journal-contract"),
    ("registry-upstream", "registry-journal-sqlite"),
];

/// May use every crate except xtask, and every library.
const TESTS: &str = "registry-tests";

/// Libraries that stand for a technology, with the crates that alone may name it.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("async-nats", &["registry-publish-nats"]),
    (
        "axum",
        &[
            "paymint-sandbox",
            "registry-console",
            "registry-http",
            "registry-shop",
            "registry-web",
        ],
    ),
    ("lettre", &["registry-deliveries"]),
    (
        "reqwest",
        &[
            "paymint-client",
            "paymint-sandbox",
            "registry-deliveries",
            "registry-people",
        ],
    ),
    (
        "sqlx",
        &["registry-journal-postgres", "registry-journal-sqlite", "schema"],
    ),
];

/// The domain is pure and synchronous, and its events are not what is stored.
const NOT_IN_THE_DOMAIN: &[&str] = &["serde", "serde_json", "sqlx", "tokio"];

#[test]
fn every_crate_is_listed() {
    let listed: BTreeSet<_> = EDGES
        .iter()
        .map(|(name, _)| *name)
        .chain([TESTS])
        .map(str::to_owned)
        .collect();
    let members: BTreeSet<_> = packages().iter().map(|package| package.name.to_string()).collect();
    let wrong: Vec<_> = listed.symmetric_difference(&members).cloned().collect();
    expect_none(
        &wrong,
        "The crates of the workspace and EDGES in tests/tidy/edges.rs differ. Add or remove in EDGES:",
    );
}

#[test]
fn crates_use_what_is_listed_and_nothing_else() {
    let found = edges(DependencyKind::Normal);
    let listed: BTreeSet<_> = EDGES
        .iter()
        .flat_map(|(from, to)| to.iter().map(|to| edge(from, to)))
        .collect();
    compare(&found, &listed, "EDGES");
}

#[test]
fn tests_of_a_crate_use_what_is_listed_and_nothing_else() {
    let found = edges(DependencyKind::Development);
    let listed: BTreeSet<_> = TEST_EDGES.iter().map(|(from, to)| edge(from, to)).collect();
    compare(&found, &listed, "TEST_EDGES");
}

#[test]
fn nothing_uses_xtask_or_the_tests() {
    let wrong: Vec<_> = packages()
        .iter()
        .flat_map(|package| package.dependencies.iter().map(|to| edge(&package.name, &to.name)))
        .filter(|edge| edge.ends_with(" -> xtask") || edge.ends_with(&format!(" -> {TESTS}")))
        .collect();
    expect_none(
        &wrong,
        "These crates are ends, not parts. Move what is shared into a crate of its own:",
    );
}

#[test]
fn a_technology_is_named_only_by_its_adapters() {
    let packages = packages();
    let found: BTreeSet<_> = packages
        .iter()
        .filter(|package| package.name != TESTS)
        .flat_map(|package| normal(package).map(|library| edge(&package.name, library)))
        .filter(|edge| {
            LIBRARIES
                .iter()
                .any(|(library, _)| edge.ends_with(&format!(" -> {library}")))
        })
        .collect();
    let listed: BTreeSet<_> = LIBRARIES
        .iter()
        .flat_map(|(library, crates)| crates.iter().map(|from| edge(from, library)))
        .collect();
    compare(&found, &listed, "LIBRARIES");
}

#[test]
fn the_domain_is_pure() {
    let packages = packages();
    let domain = packages
        .iter()
        .find(|package| package.name == "registry-domain")
        .expect("there is a domain crate");
    let wrong: Vec<_> = normal(domain)
        .filter(|library| NOT_IN_THE_DOMAIN.contains(library))
        .map(str::to_owned)
        .collect();
    expect_none(
        &wrong,
        "registry-domain must not know these; convert in the crate that reads or writes:",
    );
}

fn edge(from: &str, to: &str) -> String {
    format!("{from} -> {to}")
}

fn normal(package: &Package) -> impl Iterator<Item = &str> {
    let normal = package
        .dependencies
        .iter()
        .filter(|it| it.kind != DependencyKind::Development);
    normal.map(|dependency| dependency.name.as_str())
}

/// The edges between crates of ours, without those from the tests. A build dependency counts as a normal one.
fn edges(kind: DependencyKind) -> BTreeSet<String> {
    let packages = packages();
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    let is_of_kind = |it: DependencyKind| (it == DependencyKind::Development) == (kind == DependencyKind::Development);
    packages
        .iter()
        .filter(|package| package.name != TESTS)
        .flat_map(|package| package.dependencies.iter().map(move |dependency| (package, dependency)))
        .filter(|(_, dependency)| is_of_kind(dependency.kind) && is_ours(&dependency.name))
        .map(|(package, dependency)| edge(&package.name, &dependency.name))
        .collect()
}

fn compare(found: &BTreeSet<String>, listed: &BTreeSet<String>, list: &str) {
    let new: Vec<_> = found.difference(listed).cloned().collect();
    expect_none(
        &new,
        "These dependencies are not allowed. Turn them round or move the code; see ARCHITECTURE.md:",
    );
    let gone: Vec<_> = listed.difference(found).cloned().collect();
    expect_none(
        &gone,
        &format!("{list} in tests/tidy/edges.rs lists what no manifest has any more. Remove there:"),
    );
}
