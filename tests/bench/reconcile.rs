//! Asking upstream about many merchants, and what the callbacks that come meanwhile notice of it.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::ensure;
use registry_tests::TestSandbox;
use tempfile::NamedTempFile;

use crate::bulk;
use crate::installation::{Engine, Installation};
use crate::load::{self, Outcome, approximate};
use crate::report::Figure;
use crate::seed::{self, Target};
use crate::service::{self, Service, Start};

/// Before anything is measured.
const WARM: Duration = Duration::from_secs(2);

/// Merchants to which callbacks come meanwhile: so many that none hears the same twice, which would be doubtful, and a
/// question of its own.
const CALLED: usize = 15_000;

/// The call that asks about one merchant.
const READ_BACK: &str = "auth/mapping-status";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// On SQLite, the embedded default.
    #[arg(long)]
    sqlite: bool,
    /// Merchants whose question is due.
    #[arg(long, default_value_t = 10_000)]
    pending: usize,
    /// Questions a second that the tenant may ask.
    #[arg(long, default_value_t = 10)]
    calls_per_second: u32,
    /// Connections over which callbacks come.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 12)]
    seconds: u64,
}

/// What came of one measurement.
struct Measured {
    outcome: Outcome,
    questions: u64,
    seconds: f64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let engine = Engine::of(args.sqlite);
    let seeded = Installation::empty(engine).await?;
    let targets = seed::fill(&seeded, 1, args.pending + CALLED).await?;
    let (called, pending) = targets.split_at(CALLED);
    let sandbox = TestSandbox::start().await;
    for target in pending {
        sandbox.link(&target.member, &target.merchant).await;
    }
    configure(&seeded, &sandbox)?;
    bulk::plan_questions(&seeded, false).await?;
    let quiet = measure(&seeded, called, &args, &sandbox).await?;
    ensure!(quiet.questions == 0, "nothing was due, and yet upstream was asked");
    bulk::plan_questions(&seeded, true).await?;
    let busy = measure(&seeded, called, &args, &sandbox).await?;
    ensure!(busy.questions > 0, "nothing was asked");
    seeded.remove().await?;
    sandbox.stop().await;

    let cap = args.calls_per_second;
    let name = format!(
        "p99 of callbacks on {} while {} merchants are asked about, against none",
        engine.name(),
        args.pending
    );
    let (with, without) = (&busy.outcome, &quiet.outcome);
    // A second's worth may go at once.
    let questions = busy.questions.saturating_sub(u64::from(cap));
    let rate = approximate(usize::try_from(questions)?) / busy.seconds;
    Ok(vec![
        Figure::at_most_times(name, with.percentile(99), "ms", without.percentile(99), 1.5).bar("<= 1.5x"),
        Figure::beside("  median latency", with.percentile(50), "ms", without.percentile(50)),
        Figure::beside("  callbacks", with.rate(), "1/s", without.rate()),
        Figure::at_most_times("  questions, against the cap", rate, "1/s", f64::from(cap), 1.0).bar("<= 1x"),
    ])
}

/// Lets the only tenant ask the sandbox.
fn configure(installation: &Installation, sandbox: &TestSandbox) -> anyhow::Result<()> {
    let mut key = NamedTempFile::new()?;
    key.write_all(sandbox.partner_key(0).as_bytes())?;
    let done = service::registry(installation)?
        .args([
            "tenant",
            "upstream",
            "--tenant",
            &seed::slug(0),
            "--url",
            &sandbox.partner_url(),
        ])
        .arg("--api-key-file")
        .arg(key.path())
        .output()?;
    ensure!(
        done.status.success(),
        "the upstream was not configured: {}",
        done.status
    );
    Ok(())
}

async fn measure(
    seeded: &Installation,
    called: &[Target],
    args: &Args,
    sandbox: &TestSandbox,
) -> anyhow::Result<Measured> {
    let copy = seeded.copy().await?;
    let start = Start {
        calls_per_second: args.calls_per_second,
        ..Start::default()
    };
    let (before, began) = (sandbox.calls(READ_BACK).await, Instant::now());
    let service = Service::start(&copy, start).await?;
    let scripts = seed::scripts(called, service.address, args.connections);
    let outcome = load::run(service.address, scripts, WARM, Duration::from_secs(args.seconds)).await?;
    let (after, seconds) = (sandbox.calls(READ_BACK).await, began.elapsed().as_secs_f64());
    drop(service);
    copy.remove().await?;
    Ok(Measured {
        outcome,
        questions: after - before,
        seconds,
    })
}
