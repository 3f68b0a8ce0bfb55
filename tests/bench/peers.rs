//! The writer against the Rust crates for event sourcing: the same callbacks, the same number of merchants, on the same
//! server in the same run. The program `peers` measures the crates; it is a workspace of its own, because they want an
//! older sqlx. What it prints says more than the figures: whether rows were lost, whether a feed is order-safe, who finds
//! a repeat. Those lines go to standard error.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use tokio::process::Command;

use crate::append::writer;
use crate::installation::{Engine, Installation, server_url};
use crate::load;
use crate::report::Figure;
use crate::seed;

/// The program that measures the crates, as `cargo xtask bench` sets it.
const PROGRAM: &str = "TEST_PEERS_BIN";

/// The crates, by the names that the program has for them.
const CRATES: [&str; 5] = [
    "es-entity",
    "esrs",
    "postgres-es",
    "eventcore-postgres",
    "disintegrate-postgres",
];

/// Whom one task alone is measured against: its way from callback to commit is the shortest.
const ALONE: &str = "es-entity";

const MANY: usize = 256;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    #[arg(long, default_value_t = 10)]
    tenants: usize,
    /// Merchants of each tenant.
    #[arg(long, default_value_t = 500)]
    merchants: usize,
}

/// What the figures need of a line.
#[derive(Deserialize)]
struct Measured {
    peer: String,
    version: String,
    tasks: usize,
    appends_and_projection_per_second: f64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let seeded = Installation::empty(Engine::Postgres).await?;
    let targets = seed::fill(&seeded, args.tenants, args.merchants).await?;
    let length = Duration::from_secs(args.seconds);
    let mut turns = Vec::with_capacity(load::TURNS);
    for _ in 0..load::TURNS {
        let mut turn = Turn {
            many: writer(&seeded, &targets, MANY, length).await?.rate(),
            alone: writer(&seeded, &targets, 1, length).await?.rate(),
            measured: Vec::new(),
        };
        for name in CRATES {
            turn.measured.extend(peer(name, &args).await?);
        }
        turns.push(turn);
    }
    seeded.remove().await?;
    figures(&turns)
}

/// All of them once, one after the other.
struct Turn {
    many: f64,
    alone: f64,
    measured: Vec<Measured>,
}

impl Turn {
    /// The rates of ours and of the best crate, with many tasks.
    fn of_many(&self) -> anyhow::Result<(f64, f64)> {
        let crowd = self.measured.iter().filter(|line| line.tasks == MANY);
        let rates = crowd.map(|line| line.appends_and_projection_per_second);
        Ok((
            self.many,
            rates.max_by(f64::total_cmp).context("no crate was measured")?,
        ))
    }

    /// The rates of ours and of one crate.
    fn of_crate(&self, tasks: usize, peer: &str) -> anyhow::Result<(f64, f64)> {
        let ours = if tasks == 1 { self.alone } else { self.many };
        let mut lines = self.measured.iter();
        let line = lines.find(|line| line.tasks == tasks && line.peer == peer);
        let line = line.with_context(|| format!("{peer} was not measured with {tasks} tasks"))?;
        Ok((ours, line.appends_and_projection_per_second))
    }
}

/// Of each comparison the turn with the middle ratio.
fn figures(turns: &[Turn]) -> anyhow::Result<Vec<Figure>> {
    let middle = |rates: &dyn Fn(&Turn) -> anyhow::Result<(f64, f64)>| -> anyhow::Result<(f64, f64)> {
        let rates: Vec<_> = turns.iter().map(rates).collect::<Result<_, _>>()?;
        Ok(load::middle(rates, |(ours, theirs)| ours / theirs))
    };
    let (many, best) = middle(&Turn::of_many)?;
    let name = "append without HTTP, 256 tasks, against the best crate";
    let mut figures = vec![Figure::at_least(name, many, "1/s", best, 4.0).bar(">= 4x")];
    let (alone, single) = middle(&|turn| turn.of_crate(1, ALONE))?;
    let name = "append without HTTP, 1 task, against es-entity";
    figures.push(Figure::at_least(name, alone, "1/s", single, 1.0).bar(">= 1x"));
    for line in &turns.first().context("nothing was measured")?.measured {
        let (ours, theirs) = middle(&|turn| turn.of_crate(line.tasks, &line.peer))?;
        let tasks = if line.tasks == 1 {
            "1 task".to_owned()
        } else {
            format!("{} tasks", line.tasks)
        };
        let name = format!("  beside {} {}, {tasks}", line.peer, line.version);
        figures.push(Figure::beside(name, ours, "1/s", theirs));
    }
    Ok(figures)
}

/// One crate with many tasks and with one.
async fn peer(name: &str, args: &Args) -> anyhow::Result<Vec<Measured>> {
    let mut command = Command::new(program()?);
    command
        .arg(name)
        .args(["--url", server_url()?.as_str()])
        .arg(format!("--tasks={MANY},1"))
        .arg(format!("--seconds={}", args.seconds))
        .arg(format!("--merchants={}", args.tenants * args.merchants))
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    let output = command.output().await.context("running the program peers")?;
    anyhow::ensure!(output.status.success(), "{name}: {}", output.status);
    let lines = String::from_utf8(output.stdout)?;
    eprint!("{lines}");
    let lines = lines.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().context("reading what peers printed")
}

#[expect(clippy::disallowed_methods, reason = "where the program is, is told from outside")]
fn program() -> anyhow::Result<String> {
    std::env::var(PROGRAM).with_context(|| format!("{PROGRAM} is not set; run cargo xtask bench"))
}
