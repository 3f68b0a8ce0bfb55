//! `cargo xtask upgrade`: the version before, built from the history, beside this one on one PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::binaries::{SELECTION, build, program};
use crate::fixtures::{COMMIT, RELEASED};
use crate::process::{Interruption, output, run as run_to_end};
use crate::test::{self, Test};
use crate::tools::Given;

/// Where its sources and its program lie.
const BEFORE: &str = "target/before";

/// Unpacking the sources takes no time.
const LIMIT: Duration = Duration::from_mins(2);

/// Which tools to use.
#[derive(clap::Args)]
pub struct Upgrade {
    #[command(flatten)]
    given: Given,
}

/// Builds the version before and runs the tests that need it. The exit code is the test runner's.
pub fn run(root: &Path, upgrade: &Upgrade, interruption: &Interruption) -> Result<ExitCode> {
    let (version, commit) = last_release(root)?;
    let has_history = git(root, &["cat-file", "-e", &format!("{commit}^{{commit}}")], interruption).is_ok();
    if !has_history {
        eprintln!(
            "xtask: NOT TESTED: whether version {version} serves on while this one takes over. It is commit {commit}, \
             and this clone has no history that goes back to it"
        );
        return Ok(ExitCode::SUCCESS);
    }
    let before = program_of(root, &version, &commit, interruption)?;
    test::run(root, &Test::beside(upgrade.given.clone(), before), interruption)
}

/// The newest released version, and its commit.
fn last_release(root: &Path) -> Result<(String, String)> {
    let folder = root.join(RELEASED);
    let reading = || format!("reading {}", folder.display());
    let mut versions = Vec::new();
    for entry in fs::read_dir(&folder).with_context(reading)? {
        let name = entry.with_context(reading)?.file_name();
        let name = name.to_str().context("a version is text")?.to_owned();
        let numbers: Result<Vec<u64>, _> = name.split('.').map(str::parse).collect();
        versions.extend(numbers.ok().map(|numbers| (numbers, name)));
    }
    let (_, version) = versions.into_iter().max().context("nothing was released yet")?;
    let commit = fs::read_to_string(folder.join(&version).join(COMMIT)).with_context(reading)?;
    Ok((version, commit.trim().to_owned()))
}

/// Its program, built once. It shares what is built of others: only its own crates are compiled anew.
fn program_of(root: &Path, version: &str, commit: &str, interruption: &Interruption) -> Result<PathBuf> {
    let place = root.join(BEFORE).join(version);
    let kept = place.join(format!("registry-{commit}"));
    if kept.exists() {
        return Ok(kept);
    }
    eprintln!("xtask: building version {version}");
    let source = place.join("source");
    fs::create_dir_all(&source).with_context(|| format!("creating {}", source.display()))?;
    let archive = place.join("source.tar");
    let archive = archive.to_str().context("the repository has a name that is text")?;
    git(root, &["archive", "--output", archive, commit], interruption)?;
    let mut unpack = Command::new("tar");
    // As files of now: else cargo would take what it has once built of this version, at whatever commit, for theirs.
    unpack.arg("-xmf").arg(archive).arg("-C").arg(&source);
    ensure!(
        run_to_end("tar", &mut unpack, LIMIT, interruption)?.success(),
        "unpacking {archive} failed"
    );
    share_what_the_console_shows(root, &source)?;
    let target = root.join("target");
    let target = target.to_str().context("the repository has a name that is text")?;
    let arguments = [
        &SELECTION[..],
        &["--bin", "registry", "--locked", "--target-dir", target],
    ]
    .concat();
    let programs = build(&source, &arguments, interruption)?;
    // The next build of ours takes the name in the target directory for itself.
    let partial = place.join("registry.partial");
    fs::copy(program(&programs, "registry")?, &partial).context("keeping the program of the version before")?;
    fs::rename(&partial, &kept).context("keeping the program of the version before")?;
    fs::remove_dir_all(&source).context("removing the sources of the version before")?;
    fs::remove_file(archive).context("removing their archive")?;
    Ok(kept)
}

/// What npm has fetched for us is what it needs, unless a lock file has changed; then it fetches its own.
fn share_what_the_console_shows(root: &Path, source: &Path) -> Result<()> {
    let lock = "libs/registry-console/package-lock.json";
    let read = |folder: &Path| fs::read(folder.join(lock)).ok();
    let tools = source.join("target/tools");
    let fetched = root.join("target/tools/console");
    if !fetched.exists() || read(root) != read(source) || tools.join("console").exists() {
        return Ok(());
    }
    fs::create_dir_all(&tools).with_context(|| format!("creating {}", tools.display()))?;
    std::os::unix::fs::symlink(&fetched, tools.join("console")).context("sharing what npm has fetched")
}

/// The clone may belong to another user, as it does in many a container.
fn git(root: &Path, arguments: &[&str], interruption: &Interruption) -> Result<String> {
    let root = root.to_str().context("the repository has a name that is text")?;
    let arguments = [&["-c", "safe.directory=*", "-C", root], arguments].concat();
    output("git", &arguments, interruption)
}
