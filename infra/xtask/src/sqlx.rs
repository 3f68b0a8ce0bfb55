//! `cargo xtask sqlx`: the committed descriptions of all SQL statements, written anew from the migrations. With them the
//! compiler checks every statement without a database.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::binaries::{BUILD_LIMIT, SELECTION, build, cargo, program};
use crate::postgres::{Durability, PostgresServer};
use crate::process::{self, Interruption};
use crate::tools::{Given, Tools};

/// The crates that speak SQL, each with the name that descriptions have for its engine.
const ADAPTERS: [(&str, &str); 2] = [
    ("registry-journal-postgres", "PostgreSQL"),
    ("registry-journal-sqlite", "SQLite"),
];

/// Making an empty database takes no time.
const LIMIT: Duration = Duration::from_mins(1);

/// Whether to write or to compare.
#[derive(clap::Args)]
pub struct Sqlx {
    /// Write nothing; fail if the committed descriptions are not those of the statements.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    given: Given,
}

/// The descriptions in a folder, by file name.
type Descriptions = BTreeMap<OsString, Vec<u8>>;

/// Describes every statement against databases made from the migrations, and replaces or checks what is committed.
pub fn run(root: &Path, sqlx: &Sqlx, interruption: &Interruption) -> Result<ExitCode> {
    let tools = Tools {
        root,
        given: &sqlx.given,
        interruption,
    };
    let scratch = TempDir::with_prefix("registry-sqlx-").context("creating a temporary directory")?;
    let log = scratch.path().join("postgres.log");
    let postgres = PostgresServer::start(&tools.postgres()?, Durability::Fast, &log, interruption)?;
    let databases = Databases {
        postgres: postgres.url("schema"),
        sqlite: format!("sqlite://{}", scratch.path().join("schema.db").display()),
    };
    let programs = build(root, &[&SELECTION[..], &["--bin", "schema"]].concat(), interruption)?;
    for url in [&databases.postgres, &databases.sqlite] {
        let mut command = Command::new(program(&programs, "schema")?);
        let status = process::run("schema", command.arg(url), LIMIT, interruption)?;
        ensure!(status.success(), "schema failed with {status}");
    }
    let described = describe(root, scratch.path(), &databases, interruption)?;
    postgres.stop()?;
    for (adapter, engine) in ADAPTERS {
        let described = of_engine(&described, engine)?;
        let folder = root.join("libs").join(adapter).join(".sqlx");
        let committed = read(&folder)?;
        ensure!(
            !sqlx.check || described == committed,
            "{} is not what the statements need; run `cargo xtask sqlx`",
            folder.display()
        );
        replace(&folder, &committed, &described)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// An empty database of each engine, as a URL.
struct Databases {
    postgres: String,
    sqlite: String,
}

/// Has the compiler describe the statements into an empty folder, so that none stays of a statement that is gone. A file
/// is named after its statement: no two engines may have one in the same words.
fn describe(root: &Path, scratch: &Path, databases: &Databases, interruption: &Interruption) -> Result<Descriptions> {
    let folder = scratch.join("described");
    fs::create_dir(&folder).context("creating a folder for the descriptions")?;
    let mut command = cargo(root);
    command
        .args(["check", "--quiet"])
        .args(SELECTION)
        .arg("--lib")
        .env("POSTGRES_DATABASE_URL", &databases.postgres)
        .env("SQLITE_DATABASE_URL", &databases.sqlite)
        .env("SQLX_OFFLINE_DIR", &folder);
    let status = process::run("cargo check", &mut command, BUILD_LIMIT, interruption)?;
    ensure!(status.success(), "a statement does not fit the migrations");
    read(&folder)
}

/// Those of one engine: both are described in one go, into one folder.
fn of_engine(described: &Descriptions, engine: &str) -> Result<Descriptions> {
    let mut chosen = Descriptions::new();
    for (name, description) in described {
        let parsed: Value = serde_json::from_slice(description).context("a description is no JSON")?;
        if parsed["db_name"] == engine {
            chosen.insert(name.clone(), description.clone());
        }
    }
    ensure!(!chosen.is_empty(), "the compiler described no statement for {engine}");
    Ok(chosen)
}

fn replace(folder: &Path, committed: &Descriptions, described: &Descriptions) -> Result<()> {
    for name in committed.keys().filter(|name| !described.contains_key(*name)) {
        fs::remove_file(folder.join(name)).with_context(|| format!("removing from {}", folder.display()))?;
    }
    let changed = described
        .iter()
        .filter(|(name, description)| committed.get(*name) != Some(description));
    for (name, description) in changed {
        fs::write(folder.join(name), description).with_context(|| format!("writing into {}", folder.display()))?;
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Descriptions> {
    let reading = || format!("reading {}", folder.display());
    let mut descriptions = Descriptions::new();
    for file in fs::read_dir(folder).with_context(reading)? {
        let file = file.with_context(reading)?;
        descriptions.insert(file.file_name(), fs::read(file.path()).with_context(reading)?);
    }
    Ok(descriptions)
}
