//! One peer from an empty database to its lines.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::callback::merchant_id;
use crate::check::{self, Found, LateCommit, Simultaneous};
use crate::database::{self, Database, Durability};
use crate::load::{self, Load};
use crate::peer::{Peer, Projection};

/// Tasks that register the merchants, and their connections.
const REGISTERING: usize = 64;
const REGISTERING_CONNECTIONS: u32 = 32;

/// For whoever follows a feed, and for us who watch.
const FEED_CONNECTIONS: u32 = 4;
const WATCHING_CONNECTIONS: u32 = 2;

/// For the probes, where rates do not matter.
const PROBE_CONNECTIONS: u32 = 16;

/// How many merchants get two callbacks at the same moment.
const PAIRS: usize = 1_000;

const LOCK_FILE: &str = include_str!("../Cargo.lock");

/// What to measure.
pub struct Plan {
    pub server: PgConnectOptions,
    pub tasks: Vec<usize>,
    pub connections: Vec<u32>,
    pub length: Duration,
    pub merchants: usize,
}

/// One line. Rates are per second.
#[derive(Serialize)]
struct Line {
    peer: &'static str,
    version: String,
    tasks: usize,
    /// Of the pool that did best.
    connections: u32,
    /// Callbacks accepted and answered.
    appends_per_second: f64,
    /// The same, or what reached the merchants' rows where that was less.
    appends_and_projection_per_second: f64,
    median_ms: f64,
    p99_ms: f64,
    accepted: u64,
    duplicates_sent: u64,
    duplicates_refused: u64,
    conflicts: u64,
    #[serde(flatten)]
    found: Found,
    /// How long the rows lagged behind the end of the load.
    projection_lag_seconds: f64,
    flushes_per_append: f64,
    projection: &'static str,
    order_safe_feed: &'static str,
    /// Events that never reached a row before the load began; the rows of those merchants differ ever after.
    updates_lost_while_registering: i64,
    late_commit: LateCommit,
    simultaneous: Simultaneous,
    feed: &'static str,
    deduplication: &'static str,
    /// Appends and projection with each pool that was tried.
    by_connections: Vec<(u32, f64)>,
    durability: Durability,
}

/// Measures one peer with each number of tasks, and prints a line for each.
pub async fn measure<P: Peer>(plan: &Plan) -> anyhow::Result<()> {
    let merchants: Vec<Uuid> = (0..).map(merchant_id).take(plan.merchants).collect();
    let template = template::<P>(plan, &merchants).await?;
    let probed = probe::<P>(&template, &merchants).await?;
    let mut lines = Vec::new();
    let mut lost = probed.lost_while_registering + probed.simultaneous.updates_lost;
    for tasks in &plan.tasks {
        let runs = with_each_pool::<P>(plan, &template, *tasks, &merchants).await?;
        lost += runs.iter().map(|run| run.found.updates_lost).sum::<i64>();
        let by_connections = runs.iter().map(|run| (run.connections, run.sustained())).collect();
        let best = runs
            .into_iter()
            .max_by(|one, other| one.sustained().total_cmp(&other.sustained()));
        lines.push(line::<P>(
            *tasks,
            best.context("no pool was tried")?,
            by_connections,
            &probed,
        )?);
    }
    for mut line in lines {
        line.order_safe_feed = order_safe(probed.late_commit, lost);
        println!("{}", serde_json::to_string(&line)?);
    }
    template.remove().await
}

/// What is found out apart from the load.
struct Probed {
    lost_while_registering: i64,
    late_commit: LateCommit,
    simultaneous: Simultaneous,
    durability: Durability,
}

async fn probe<P: Peer>(template: &Database, merchants: &[Uuid]) -> anyhow::Result<Probed> {
    let database = template.copy("probe").await?;
    let opened = Opened::<P>::on(&database, PROBE_CONNECTIONS).await?;
    let [one, other, rest @ ..] = merchants else {
        anyhow::bail!("there must be two merchants");
    };
    let probed = Probed {
        lost_while_registering: check::compare::<P>(&opened.watch).await?.updates_lost,
        durability: database::durability(&opened.watch).await?,
        late_commit: check::late_commit(&opened.peer, [*one, *other], &opened.watch).await?,
        simultaneous: check::simultaneous(&opened.peer, &rest[..rest.len().min(PAIRS)], &opened.watch).await?,
    };
    opened.close().await?;
    database.remove().await?;
    Ok(probed)
}

async fn with_each_pool<P: Peer>(
    plan: &Plan,
    template: &Database,
    tasks: usize,
    merchants: &[Uuid],
) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    for (number, connections) in plan.connections.iter().enumerate() {
        if number > 0 && tasks < usize::try_from(*connections)? {
            continue;
        }
        let database = template.copy(&format!("{tasks}_{connections}")).await?;
        runs.push(run::<P>(&database, tasks, *connections, plan.length, merchants).await?);
        database.remove().await?;
    }
    Ok(runs)
}

/// A database with the peer's tables, every merchant registered and projected.
async fn template<P: Peer>(plan: &Plan, merchants: &[Uuid]) -> anyhow::Result<Database> {
    let database = Database::empty(&plan.server, "template").await?;
    let pool = database.pool(1).await?;
    P::install(&pool).await?;
    pool.close().await;
    let opened = Opened::<P>::on(&database, REGISTERING_CONNECTIONS).await?;
    let mut running = JoinSet::new();
    for first in 0..REGISTERING {
        let share: Vec<Uuid> = merchants.iter().skip(first).step_by(REGISTERING).copied().collect();
        let peer = Arc::clone(&opened.peer);
        running.spawn(async move {
            for merchant in share {
                peer.register(merchant).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    check::settle::<P>(&opened.watch).await?;
    opened.close().await?;
    Ok(database)
}

/// A peer at work, and who watches it.
struct Opened<P> {
    peer: Arc<P>,
    pools: [PgPool; 2],
    watch: PgPool,
}

impl<P: Peer> Opened<P> {
    async fn on(database: &Database, connections: u32) -> anyhow::Result<Self> {
        let pool = database.pool(connections).await?;
        let feed_pool = database.pool(FEED_CONNECTIONS).await?;
        let peer = P::open(pool.clone(), feed_pool.clone()).await?;
        Ok(Self {
            peer: Arc::new(peer),
            pools: [pool, feed_pool],
            watch: database.pool(WATCHING_CONNECTIONS).await?,
        })
    }

    async fn close(self) -> anyhow::Result<()> {
        let peer = Arc::into_inner(self.peer).context("somebody still uses the peer")?;
        peer.close().await?;
        for pool in self.pools {
            pool.close().await;
        }
        self.watch.close().await;
        Ok(())
    }
}

/// One load with one size of the pool.
struct Run {
    connections: u32,
    load: Load,
    length: Duration,
    found: Found,
    lag: Duration,
    flushes: i64,
}

impl Run {
    fn appends(&self) -> f64 {
        approximate(self.load.latencies.len()) / self.length.as_secs_f64()
    }

    /// Appends, or what reached the rows where that was less.
    fn sustained(&self) -> f64 {
        let projected = self
            .load
            .projected
            .map(|events| approximate(events) / self.length.as_secs_f64());
        projected.map_or(self.appends(), |projected| projected.min(self.appends()))
    }
}

async fn run<P: Peer>(
    database: &Database,
    tasks: usize,
    connections: u32,
    length: Duration,
    merchants: &[Uuid],
) -> anyhow::Result<Run> {
    let opened = Opened::<P>::on(database, connections).await?;
    let watch = &opened.watch;
    // What was lost while the merchants were registered is not lost now.
    let before = check::compare::<P>(watch).await?;
    let flushes = database::flushes(watch).await?;
    let load = load::run(&opened.peer, merchants, tasks, length, watch).await?;
    let flushes = database::flushes(watch).await? - flushes;
    let lag = check::settle::<P>(watch).await?;
    let mut found = check::compare::<P>(watch).await?;
    found.updates_lost -= before.updates_lost;
    anyhow::ensure!(
        u64::try_from(found.log_events)? == load.accepted,
        "{} were accepted, and {} are in the log",
        load.accepted,
        found.log_events
    );
    opened.close().await?;
    Ok(Run {
        connections,
        load,
        length,
        found,
        lag,
        flushes,
    })
}

fn line<P: Peer>(tasks: usize, run: Run, by_connections: Vec<(u32, f64)>, probed: &Probed) -> anyhow::Result<Line> {
    Ok(Line {
        peer: P::CRATE,
        version: version(P::CRATE)?,
        tasks,
        connections: run.connections,
        appends_per_second: run.appends(),
        appends_and_projection_per_second: run.sustained(),
        median_ms: percentile(&run.load, 50),
        p99_ms: percentile(&run.load, 99),
        accepted: run.load.accepted,
        duplicates_sent: run.load.repeated,
        duplicates_refused: run.load.refused,
        conflicts: run.load.conflicts,
        projection_lag_seconds: rounded(run.lag.as_secs_f64()),
        flushes_per_append: rounded(approximate(run.flushes) / approximate(run.load.accepted)),
        projection: match P::PROJECTION {
            Projection::InTransaction => "in the transaction",
            Projection::AfterCommit => "after the commit, before the answer",
            Projection::FromFeed => "from the feed",
        },
        order_safe_feed: "none",
        found: run.found,
        updates_lost_while_registering: probed.lost_while_registering,
        late_commit: probed.late_commit,
        simultaneous: probed.simultaneous,
        feed: P::FEED,
        deduplication: P::DEDUPLICATION,
        by_connections,
        durability: probed.durability.clone(),
    })
}

/// Whether a reader of the feed gets every event, as far as was seen in all runs.
fn order_safe(late_commit: LateCommit, lost: i64) -> &'static str {
    match late_commit {
        LateCommit::NoFeed => "none",
        LateCommit::ReadersWait | LateCommit::WritersWait | LateCommit::ReadLater if lost == 0 => "yes",
        LateCommit::ReadersWait | LateCommit::WritersWait | LateCommit::ReadLater | LateCommit::Skipped => "no",
    }
}

fn percentile(load: &Load, percent: usize) -> f64 {
    let place = load.latencies.len() * percent / 100;
    load.latencies
        .get(place)
        .map_or(f64::NAN, |latency| rounded(latency.as_secs_f64() * 1_000.0))
}

#[expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]
fn approximate(number: impl TryInto<i64>) -> f64 {
    number.try_into().map_or(f64::NAN, |number: i64| number as f64)
}

/// To three places.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// The version that was built, from the lock file.
fn version(name: &str) -> anyhow::Result<String> {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = LOCK_FILE
        .split_once(&entry)
        .with_context(|| format!("{name} is not in the lock file"))?;
    let (version, _) = rest.split_once('"').context("the lock file is cut off")?;
    Ok(version.to_owned())
}
