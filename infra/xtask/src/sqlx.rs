//! `cargo xtask sqlx`: the committed descriptions of all SQL statements, written anew from the migrations. With them the
//! compiler checks every statement without a database.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::binaries::{BUILD_LIMIT, build, cargo, program};
use crate::process::{self, Interruption};

/// The crate that speaks SQL.
const ADAPTER: &str = "registry-journal-sqlite";

/// Making an empty database takes no time.
const LIMIT: Duration = Duration::from_mins(1);

/// Whether to write or to compare.
#[derive(clap::Args)]
pub struct Sqlx {
    /// Write nothing; fail if the committed descriptions are not those of the statements.
    #[arg(long)]
    check: bool,
}

/// The descriptions in a folder, by file name.
type Descriptions = BTreeMap<OsString, Vec<u8>>;

/// Describes every statement against a database made from the migrations, and replaces or checks what is committed.
pub fn run(root: &Path, sqlx: &Sqlx, interruption: &Interruption) -> Result<ExitCode> {
    let scratch = TempDir::with_prefix("registry-sqlx-").context("creating a temporary directory")?;
    let database = scratch.path().join("schema.db");
    let programs = build(root, &["--package", "schema"], interruption)?;
    let mut command = Command::new(program(&programs, "schema")?);
    command.arg(&database);
    let status = process::run("schema", &mut command, LIMIT, interruption)?;
    ensure!(status.success(), "schema failed with {status}");

    let described = describe(root, scratch.path(), &database, interruption)?;
    let folder = root.join("libs").join(ADAPTER).join(".sqlx");
    let committed = read(&folder)?;
    if described == committed {
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(
        !sqlx.check,
        "{} is not what the statements need; run `cargo xtask sqlx`",
        folder.display()
    );
    for name in committed.keys().filter(|name| !described.contains_key(*name)) {
        fs::remove_file(folder.join(name)).with_context(|| format!("removing from {}", folder.display()))?;
    }
    for (name, description) in &described {
        fs::write(folder.join(name), description).with_context(|| format!("writing into {}", folder.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the compiler describe the statements into an empty folder, so that none stays of a statement that is gone.
fn describe(root: &Path, scratch: &Path, database: &Path, interruption: &Interruption) -> Result<Descriptions> {
    let folder = scratch.join("described");
    fs::create_dir(&folder).context("creating a folder for the descriptions")?;
    let mut command = cargo(root);
    command
        .args(["check", "--quiet", "--package", ADAPTER, "--lib"])
        .env("SQLITE_DATABASE_URL", format!("sqlite://{}", database.display()))
        .env("SQLX_OFFLINE_DIR", &folder);
    let status = process::run("cargo check", &mut command, BUILD_LIMIT, interruption)?;
    ensure!(status.success(), "a statement does not fit the migrations");
    let described = read(&folder)?;
    ensure!(!described.is_empty(), "the compiler described no statement");
    Ok(described)
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
