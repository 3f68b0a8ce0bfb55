//! `cargo xtask storm`: many shops live in bad weather, against a registry that is running.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use registry_tests::storm::{Report, Storm};
use registry_tests::tenant::random;
use registry_tests::{Answer, Api};
use reqwest::Method;
use serde_json::{Value, json};

/// Most differing shops that are named.
const NAMED_MAX: usize = 50;

/// How long a claim is held where reading back is switched off: the shortest that may be set.
const HOLD_SECONDS: u32 = 60;

/// How long it is waited for held claims to be applied, and how often it is looked.
const HOLD_LIMIT: Duration = Duration::from_mins(2);
const HOLD_LOOK: Duration = Duration::from_secs(1);

#[derive(Parser)]
#[command(about = "Let many shops live in bad weather, then compare the registry with upstream")]
struct Arguments {
    /// The registry.
    #[arg(long)]
    registry_url: String,
    /// Its sandbox upstream.
    #[arg(long)]
    sandbox_url: String,
    /// A key of the tenant whose upstream is the sandbox.
    #[arg(long)]
    api_key: String,
    /// How many shops.
    #[arg(long)]
    merchants: usize,
    /// Where lives and weather come from.
    #[arg(long)]
    seed: u64,
    /// How much faster than real time the shops live.
    #[arg(long, default_value_t = 400_000.0)]
    speed: f64,
    /// How many seconds after the last change the registry may differ: one period of its reconciler.
    #[arg(long)]
    period_seconds: u64,
    /// Switch reading back off first: what is wrong then must not be called verified.
    #[arg(long)]
    without_read_back: bool,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let storm = Storm {
        registry: Api::new(arguments.registry_url.clone(), Some(arguments.api_key.clone())),
        sandbox: Api::new(arguments.sandbox_url.clone(), None),
        merchants: arguments.merchants,
        seed: arguments.seed,
        speed: arguments.speed,
        period: Duration::from_secs(arguments.period_seconds),
        prefix: format!("storm-{}", random(6)),
    };
    let settings = settings(&storm.registry).await?;
    if arguments.without_read_back {
        let blind = json!({ "read_back": { "enabled": false }, "hold_seconds": HOLD_SECONDS });
        change(&storm.registry, &blind).await?;
    }
    let raged = rage(&storm, arguments.without_read_back).await;
    change(&storm.registry, &settings).await?;
    let report = raged.context("a request of the storm failed")?;
    let is_gap_free = storm.is_gap_free().await.context("the feed could not be read")?;
    tell(&report, is_gap_free, arguments.json)?;
    let is_right = if arguments.without_read_back {
        report.differences.iter().all(|one| one.verification == "unverified")
    } else {
        report.differing == 0
    };
    let holds = is_right && is_gap_free && report.callbacks_refused == 0;
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets the storm rage. Where nobody can be asked, what is held is waited for until it is applied.
async fn rage(storm: &Storm, without_read_back: bool) -> reqwest::Result<Report> {
    let mut report = storm.rage().await?;
    let began = Instant::now();
    let is_held = |report: &Report| report.differences.iter().any(|one| one.verification == "held");
    while without_read_back && is_held(&report) && began.elapsed() < HOLD_LIMIT {
        tokio::time::sleep(HOLD_LOOK).await;
        let seconds = report.seconds + HOLD_LOOK.as_secs_f64();
        report = storm.look().await?;
        report.seconds = seconds;
    }
    Ok(report)
}

/// The settings that a storm changes, as they are.
async fn settings(registry: &Api) -> Result<Value> {
    let request = registry.request(Method::GET, "/v1/settings");
    let answer = Answer::try_to(request).await.context("the settings were not read")?;
    anyhow::ensure!(answer.status == 200, "the settings were not read: {}", answer.text);
    let enabled = &answer.body["read_back"]["enabled"];
    Ok(json!({ "read_back": { "enabled": enabled }, "hold_seconds": answer.body["hold_seconds"] }))
}

async fn change(registry: &Api, settings: &Value) -> Result<()> {
    let request = registry.request(Method::PATCH, "/v1/settings").json(settings);
    let answer = Answer::try_to(request).await.context("the settings were not changed")?;
    anyhow::ensure!(answer.status == 200, "the settings were not changed: {}", answer.text);
    Ok(())
}

fn tell(report: &Report, is_gap_free: bool, json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for difference in report.differences.iter().take(NAMED_MAX) {
        eprintln!("{} differs: {}", difference.merchant_id, difference.why);
    }
    if report.differing > NAMED_MAX {
        eprintln!("and {} others", report.differing - NAMED_MAX);
    }
    if report.callbacks_refused > 0 {
        eprintln!("{} callbacks were refused", report.callbacks_refused);
    }
    if !is_gap_free {
        eprintln!("the log has a gap");
    }
    if json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
        return Ok(out.flush()?);
    }
    let Report {
        merchants,
        callbacks_sent,
        lost,
        doubled,
        healed,
        differing,
        unverified,
        seconds,
        ..
    } = report;
    writeln!(
        out,
        "{merchants} shops, {callbacks_sent} callbacks sent, {lost} lost, {doubled} doubled, {healed} changes found by \
         asking; {differing} shops differ and {unverified} are unverified {seconds:.1} s after the last change"
    )?;
    Ok(out.flush()?)
}
