//! `cargo xtask storm`: thousands of shops live in bad weather, and then the registry is compared with upstream.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::binaries::{build, program};
use crate::process::{Interruption, POLL, Process, exit_code};

/// The longest storm.
const LIMIT: Duration = Duration::from_hours(2);

/// How long the service may take until it is ready.
const READY_LIMIT: Duration = Duration::from_mins(1);

/// The pace of the service that is started here: a round over all shops is short, so that nobody waits for a day.
const FIRST_SECONDS: u64 = 2;
const LONGEST_SECONDS: u64 = 15;
const CALLS_PER_SECOND: u64 = 1_000;

/// What is added to a round: a tenth by chance, and one question that failed.
const SLACK_SECONDS: u64 = 15;

/// What to do.
#[derive(clap::Args)]
pub struct Storm {
    /// How many shops.
    #[arg(long, default_value_t = 1_000)]
    merchants: u64,
    /// Where lives and weather come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
    /// Switch reading back off: what is wrong then must not be called verified.
    #[arg(long)]
    without_read_back: bool,
    /// Build with optimisation.
    #[arg(long)]
    release: bool,
    /// A registry that is running already, as `cargo xtask dev --json` tells it. Without it one is started.
    #[arg(long, requires_all = ["sandbox_url", "api_key", "period_seconds"])]
    registry_url: Option<String>,
    /// Its sandbox.
    #[arg(long)]
    sandbox_url: Option<String>,
    /// A key of the tenant whose upstream is the sandbox.
    #[arg(long)]
    api_key: Option<String>,
    /// The period of its reconciler, in seconds.
    #[arg(long)]
    period_seconds: Option<u64>,
}

/// Where a registry and its sandbox are.
struct Ready {
    base_url: String,
    sandbox_url: String,
    api_key: String,
}

/// Runs the storm; the exit code is its own.
pub fn run(root: &Path, storm: &Storm, interruption: &Interruption) -> Result<ExitCode> {
    let mut arguments = vec!["--package", "registry-dev", "--package", "registry-tests"];
    arguments.extend(["--bin", "registry-dev", "--bin", "storm"]);
    arguments.extend(storm.release.then_some("--release"));
    let programs = build(root, &arguments, interruption)?;
    let scratch = TempDir::with_prefix("registry-storm-").context("creating a temporary directory")?;
    let (given, mut service) = if let Some(given) = given(storm) {
        (given, None)
    } else {
        let (ready, service) = start(program(&programs, "registry-dev")?, scratch.path(), interruption)?;
        (ready, Some(service))
    };
    let in_turn = storm.merchants / CALLS_PER_SECOND + 1;
    let period = storm
        .period_seconds
        .unwrap_or(LONGEST_SECONDS + in_turn + SLACK_SECONDS);
    let mut command = Command::new(program(&programs, "storm")?);
    command
        .args(["--registry-url", &given.base_url, "--sandbox-url", &given.sandbox_url])
        .args(["--api-key", &given.api_key])
        .args(["--merchants", &storm.merchants.to_string()])
        .args(["--seed", &storm.seed.to_string()])
        .args(["--period-seconds", &period.to_string()]);
    command.args(storm.without_read_back.then_some("--without-read-back"));
    command.args(storm.json.then_some("--json"));
    let status = Process::start("storm", &mut command)?.supervise(Some(LIMIT), interruption, &mut || {})?;
    if let Some(service) = &mut service {
        service.stop(rustix::process::Signal::INT)?;
    }
    Ok(exit_code(status))
}

fn given(storm: &Storm) -> Option<Ready> {
    Some(Ready {
        base_url: storm.registry_url.clone()?,
        sandbox_url: storm.sandbox_url.clone()?,
        api_key: storm.api_key.clone()?,
    })
}

/// Starts a service of our own on empty files, and waits until it is ready.
fn start(registry: &Path, scratch: &Path, interruption: &Interruption) -> Result<(Ready, Process)> {
    let said = scratch.join("ready.json");
    let mut command = Command::new(registry);
    command
        .args(["--json", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(scratch.join("data"))
        .env("REGISTRY_RECONCILE_FIRST_SECONDS", FIRST_SECONDS.to_string())
        .env("REGISTRY_RECONCILE_LONGEST_SECONDS", LONGEST_SECONDS.to_string())
        .env("REGISTRY_RECONCILE_CALLS_PER_SECOND", CALLS_PER_SECOND.to_string())
        .env("REGISTRY_LOG", "warn")
        .stdout(File::create(&said).context("creating a file for what the service says")?);
    let mut service = Process::start("registry-dev", &mut command)?;
    let began = Instant::now();
    loop {
        interruption.check()?;
        let line = fs::read_to_string(&said).unwrap_or_default();
        if line.ends_with('\n') {
            return Ok((read(&line)?, service));
        }
        if service.ended()?.is_some() || began.elapsed() > READY_LIMIT {
            bail!("the service did not become ready");
        }
        thread::sleep(POLL);
    }
}

fn read(line: &str) -> Result<Ready> {
    let said: Value = serde_json::from_str(line).context("reading what the service says")?;
    let text = |name: &str| {
        let text = said.get(name).and_then(Value::as_str).map(str::to_owned);
        text.with_context(|| format!("the service does not say its {name}"))
    };
    Ok(Ready {
        base_url: text("base_url")?,
        sandbox_url: text("sandbox_url")?,
        api_key: text("api_key")?,
    })
}
