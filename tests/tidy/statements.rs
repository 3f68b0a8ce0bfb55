//! The wall between tenants: every statement on a tenant's table is bound to a tenant.
//!
//! Statements are read from the `.sqlx` folders that the compiler checks them against. So a statement that is not
//! compiled (text put together at run time) would escape: the places that make such are listed here too.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::migrations::{by_engine, script};
use crate::repository::{expect_none, files, packages, root, sources, text, without_test_module, words};

/// Tables that belong to the installation, each with the reason. Every other table has a `tenant_id`.
const INSTALLATION_TABLES: &[(&str, &str)] = &[
    (
        "installation",
        "one row, for what no tenant has: the check value of the master key",
    ),
    (
        "callback_keys",
        "a few rows, for what no tenant has: the check values of the keys that callback URLs are made with",
    ),
    (
        "write_probes",
        "one row, which is counted up to find out whether anything can be written",
    ),
    ("persons", "people are of no tenant: one may belong to several"),
    ("person_links", "a link is used before anybody is known"),
    (
        "sessions",
        "a session is of a person, who may belong to several tenants",
    ),
    ("sign_in_failures", "who fails to sign in is nobody yet"),
];

/// Statements that look across tenants on purpose: a part of the text, and the reason.
const ACROSS_TENANTS: &[(&str, &str)] = &[
    (
        "(SELECT count(*) FROM memberships)",
        "how many there are in the installation, for those who run it",
    ),
    (
        "FROM data_keys ORDER BY tenant_id, owner LIMIT 1",
        "the master key is tried on the oldest key of the installation, whoever's it is",
    ),
    (
        "FROM events WHERE tenant_id >",
        "finds the logs that are there, whose tenants' rows may be gone, and tells of each its tenant",
    ),
    (
        "FROM exports WHERE state IN ('queued', 'running')",
        "tells which files are to be made, of each tenant the oldest, and nothing of what stands in them",
    ),
    (
        "FROM exports\n            WHERE state IN ('queued', 'running')",
        "the same on a server",
    ),
    (
        "INSERT INTO write_probes",
        "asks whether the writer may write tables of tenants, and looks into none",
    ),
    (
        "FROM tenants WHERE slug = $1",
        "a slug is unique in the installation and leads to its tenant",
    ),
    (
        "FROM tenants WHERE slug = ?1",
        "a slug is unique in the installation and leads to its tenant",
    ),
    (
        "FROM tenants WHERE slug = wanted.slug",
        "a new tenant must not take a slug that another one has",
    ),
    (
        "FROM memberships AS m",
        "a person is told which tenants they belong to, and of each no more than its row",
    ),
    (
        "FROM role_mappings WHERE group_name",
        "a person who signs in has groups, and no tenant yet",
    ),
    (
        "ON t.slug = wanted.value",
        "a new tenant must not take a slug that another one has",
    ),
];

/// Files that put statements together at run time, and how each keeps to one tenant.
const MADE_AT_RUN_TIME: &[(&str, &str)] = &[
    (
        "libs/registry-journal-postgres/src/ask.rs",
        "begins transactions: the text is ours, and the tenant that the port was asked for",
    ),
    ("libs/registry-journal-postgres/src/batch.rs", "ends transactions"),
    (
        "libs/registry-journal-postgres/src/begin.rs",
        "begins transactions: a checked statement, and as text only the numbers of the locks and ids of ours",
    ),
    (
        "libs/registry-journal-postgres/src/list.rs",
        "every statement begins with WHERE tenant_id = and the tenant that the port was asked for",
    ),
    (
        "libs/registry-journal-postgres/tests/it/harness.rs",
        "tests only: makes databases; the hand inside one names the tenant of the row that it damages",
    ),
    (
        "libs/registry-journal-postgres/tests/it/list_plans.rs",
        "tests only: asks how lists would run",
    ),
    (
        "libs/registry-journal-postgres/tests/it/plans.rs",
        "tests only: asks how statements would run",
    ),
    (
        "libs/registry-journal-postgres/tests/it/processes.rs",
        "tests only: ends connections, and leaves a transaction open in a database of no tenant",
    ),
    (
        "libs/registry-journal-postgres/tests/it/schema.rs",
        "tests only: makes a role and a database on a server of its own",
    ),
    (
        "libs/registry-journal-postgres/tests/it/trouble.rs",
        "tests only: holds a table, and asks the server which locks of this database are held",
    ),
    (
        "libs/registry-journal-postgres/tests/it/walls.rs",
        "tests only: statements without a tenant, to see that they show nothing",
    ),
    (
        "libs/registry-journal-sqlite/src/list.rs",
        "every statement begins with WHERE tenant_id = and the tenant that the port was asked for",
    ),
    (
        "libs/registry-journal-sqlite/tests/harness/mod.rs",
        "tests only: the hand inside the file names the tenant of the row that it damages",
    ),
    (
        "libs/registry-journal-sqlite/tests/specifics.rs",
        "tests only: asks how statements would run, and damages the only tenant's row",
    ),
];

/// What such a file must use. The checked macros have an exclamation mark behind the name.
const UNCHECKED: &[&str] = &[
    "AssertSqlSafe",
    "QueryBuilder",
    "raw_sql(",
    "query(",
    "query_as(",
    "query_as::",
    "query_scalar(",
    "query_scalar::",
    "query_with(",
];

#[test]
fn every_table_has_a_tenant_or_a_reason() {
    let mut wrong = Vec::new();
    for (engine, files) in by_engine() {
        let tables = tables(&script(&files));
        assert!(!tables.is_empty(), "no `create table` found in migrations/{engine}");
        for (name, has_tenant) in &tables {
            if *has_tenant == is_of_installation(name) {
                wrong.push(format!("{engine}: {name}"));
            }
        }
        let gone = INSTALLATION_TABLES
            .iter()
            .filter(|(name, _)| tables.iter().all(|(table, _)| table != name));
        wrong.extend(gone.map(|(name, _)| format!("{engine}: {name} does not exist")));
    }
    expect_none(
        &wrong,
        "A table has a tenant_id, or stands in INSTALLATION_TABLES (tests/tidy/statements.rs), not both:",
    );
}

#[test]
fn every_statement_on_a_tenants_table_is_bound_to_a_tenant() {
    let statements = statements();
    let tables: Vec<_> = by_engine().values().flat_map(|files| tables(&script(files))).collect();
    let of_tenant = |word: &String| tables.iter().any(|(name, has_tenant)| *has_tenant && name == word);
    let mut wrong = Vec::new();
    for (file, statement) in &statements {
        let is_excused = ACROSS_TENANTS.iter().any(|(part, _)| statement.contains(part));
        if words(statement).iter().any(of_tenant) && !is_bound(statement) && !is_excused {
            wrong.push(format!("{file}: {statement}"));
        }
    }
    let unused = ACROSS_TENANTS
        .iter()
        .filter(|(part, _)| !statements.iter().any(|(_, text)| text.contains(part)));
    wrong.extend(unused.map(|(part, _)| format!("no statement has {part:?} any more: remove it from ACROSS_TENANTS")));
    expect_none(
        &wrong,
        "Name tenant_id in the condition or the key, or give the reason in ACROSS_TENANTS (tests/tidy/statements.rs):",
    );
}

#[test]
fn statements_are_compiled_except_where_listed() {
    let mut wrong = Vec::new();
    for adapter in adapters() {
        for file in sources().iter().filter(|file| file.starts_with(&adapter)) {
            let source = text(file).expect("a source is text");
            let makes_some = without_test_module(&source).iter().any(|line| is_unchecked(line));
            if makes_some != MADE_AT_RUN_TIME.iter().any(|(listed, _)| Path::new(listed) == file) {
                wrong.push(file.display().to_string());
            }
        }
    }
    let gone = MADE_AT_RUN_TIME.iter().filter(|(file, _)| !root().join(file).is_file());
    wrong.extend(gone.map(|(file, _)| format!("{file} does not exist")));
    expect_none(
        &wrong,
        "Use query!, query_as! or query_scalar!. A file that cannot stands in MADE_AT_RUN_TIME (tests/tidy/statements.rs), \
         and no other does:",
    );
}

#[test]
fn what_counts_as_bound() {
    assert!(is_bound("SELECT seq FROM events WHERE tenant_id = ?1"));
    assert!(is_bound(
        "select e.seq from json_each(?1) k join events e on e.tenant_id = k.value"
    ));
    assert!(is_bound("insert into events (tenant_id, seq) values (?, ?)"));
    assert!(!is_bound("select tenant_id, seq from events where seq = ?"));
    assert!(!is_bound("select seq from events -- where tenant_id = ?"));
    assert!(!is_bound("delete from events"));
}

/// The folders of the crates that speak SQL.
fn adapters() -> Vec<PathBuf> {
    let packages = packages();
    // The tests look into databases, and schema makes empty ones: neither serves a tenant.
    let with_sqlx = packages.iter().filter(|package| {
        !["registry-tests", "schema"].contains(&package.name.as_str())
            && package.dependencies.iter().any(|dependency| dependency.name == "sqlx")
    });
    let folders = with_sqlx.filter_map(|package| package.manifest_path.parent()?.strip_prefix(root()).ok());
    let folders: Vec<_> = folders.map(|folder| folder.as_std_path().to_owned()).collect();
    assert!(!folders.is_empty(), "no crate uses sqlx");
    folders
}

/// Every compiled statement with the file that holds it.
fn statements() -> Vec<(String, String)> {
    let files = files();
    let mut statements = Vec::new();
    for adapter in adapters() {
        let folder = adapter.join(".sqlx");
        let before = statements.len();
        for file in files.iter().filter(|file| file.starts_with(&folder)) {
            let content: Value = serde_json::from_str(&text(file).expect("JSON is text")).expect("it is JSON");
            let query = content["query"].as_str().expect("a .sqlx file has a query");
            statements.push((file.display().to_string(), query.to_owned()));
        }
        assert!(
            statements.len() > before,
            "{} is missing: build the crate with a database once",
            folder.display()
        );
    }
    statements
}

/// True if the tenant stands where it decides which rows are touched: in a condition or in an inserted row.
fn is_bound(statement: &str) -> bool {
    let words = words(&without_comments(statement));
    let deciding = ["where", "on", "using", "into"];
    let decided = words.iter().skip_while(|word| !deciding.contains(&word.as_str()));
    decided.into_iter().any(|word| word == "tenant_id")
}

fn is_unchecked(line: &str) -> bool {
    let code = line.trim_start();
    !code.starts_with("//")
        && UNCHECKED
            .iter()
            .any(|name| code.match_indices(name).any(|(at, _)| starts_word(code, at)))
}

fn starts_word(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
}

/// Each table that the script makes, and whether it has a tenant.
fn tables(script: &str) -> Vec<(String, bool)> {
    let script = without_comments(script).to_lowercase();
    script.split(';').filter_map(table).collect()
}

fn table(statement: &str) -> Option<(String, bool)> {
    let words = words(statement);
    let rest = words.strip_prefix(&["create".to_owned(), "table".to_owned()])?;
    let name = rest
        .iter()
        .find(|word| !["if", "not", "exists"].contains(&word.as_str()))?;
    Some((name.clone(), rest.iter().any(|word| word == "tenant_id")))
}

fn is_of_installation(table: &str) -> bool {
    INSTALLATION_TABLES.iter().any(|(name, _)| *name == table)
}

fn without_comments(sql: &str) -> String {
    let lines = sql
        .lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}
