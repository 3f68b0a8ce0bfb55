//! `cargo xtask dev`: everything that a person needs to see the product work, from one command.

use std::fs::{DirBuilder, File};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::binaries::{SELECTION, build, program};
use crate::nats::{NatsServer, Port};
use crate::process::{Interruption, Process, exit_code};
use crate::tools::{Given, Tools};

/// Where NATS is, unless somebody else is there: README's tour names it.
const NATS_PORT: u16 = 14222;

/// What to run, and where.
#[derive(clap::Args)]
pub struct Dev {
    /// Print one machine-readable line when ready, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
    /// Where everything is kept [default: data in the repository].
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The address to serve at; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Fill it with this many merchants: one in every state, and others that live.
    #[arg(long, value_name = "MERCHANTS")]
    demo: Option<u32>,
    /// Build with optimisation.
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    given: Given,
}

/// Runs the service until it ends or we are interrupted. The exit code is the service's.
pub fn run(root: &Path, dev: &Dev, interruption: &Interruption) -> Result<ExitCode> {
    let mut arguments = [&SELECTION[..], &["--bin", "registry", "--bin", "registry-dev"]].concat();
    arguments.extend(dev.release.then_some("--release"));
    let programs = build(root, &arguments, interruption)?;
    let data = std::path::absolute(dev.data_dir.clone().unwrap_or_else(|| root.join("data")))?;
    make_data_directory(&data)?;
    let _lock = lock(&data)?;

    let mut nats = if dev.given.nats_url().is_some() {
        None
    } else {
        start_nats(root, dev, &data, interruption)?
    };
    let nats_url = dev.given.nats_url().or(nats.as_ref().map(NatsServer::url));

    let mut command = Command::new(program(&programs, "registry-dev")?);
    command
        .arg("--data-dir")
        .arg(&data)
        .arg("--listen")
        .arg(dev.listen.to_string());
    if let Some(url) = nats_url {
        command.arg("--nats-url").arg(url);
    }
    if let Some(merchants) = dev.demo {
        command.arg("--demo").arg(merchants.to_string());
    }
    if dev.json {
        command.arg("--json");
    }
    let mut registry = Process::start("registry-dev", &mut command)?;
    let status = registry.supervise(None, interruption, &mut || {
        if let Some(nats) = &mut nats {
            nats.report_end();
        }
    })?;
    if let Some(nats) = nats {
        nats.stop()?;
    }
    Ok(exit_code(status))
}

/// A second run on the same files would damage the streams of the first.
fn lock(data: &Path) -> Result<File> {
    let path = data.join("dev.lock");
    let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    file.try_lock()
        .with_context(|| format!("another cargo xtask dev runs on {}", data.display()))?;
    Ok(file)
}

/// Without a server the product runs on: events wait in the log, and the feed serves them.
fn start_nats(root: &Path, dev: &Dev, data: &Path, interruption: &Interruption) -> Result<Option<NatsServer>> {
    let started = Tools {
        root,
        given: &dev.given,
        interruption,
    }
    .nats_server()
    .and_then(|binary| {
        let (store, log) = (data.join("nats"), data.join("nats-server.log"));
        NatsServer::start(&binary, Port::Usually(NATS_PORT), &store, &log, interruption)
    });
    interruption.check()?;
    Ok(started
        .inspect_err(|error| eprintln!("xtask: {error:#}\nxtask: going on without NATS; nothing is published"))
        .ok())
}

/// Closed to others: keys and messages lie in it.
fn make_data_directory(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("creating {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{NATS_PORT, make_data_directory};

    #[test]
    fn data_is_closed_to_others() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("new/data");
        make_data_directory(&data).unwrap();
        assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn readme_names_the_port_of_nats() {
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(&format!("NATS           nats://127.0.0.1:{NATS_PORT}\n")));
        assert!(readme.contains(&format!("--nats-url nats://127.0.0.1:{NATS_PORT} ")));
    }
}
