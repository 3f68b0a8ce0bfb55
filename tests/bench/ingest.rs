//! Callbacks per second, from the socket to the disk and back.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use crate::installation::{Engine, Installation};
use crate::load::{self, Outcome};
use crate::report::Figure;
use crate::seed::{self, Target};
use crate::service::{GROUPED, REMEMBERED, Service, Start};
use crate::write_path;

/// Before anything is measured.
const WARM: Duration = Duration::from_secs(1);

/// How many bare inserts are measured.
const INSERTS: usize = 2_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// On SQLite, the embedded default.
    #[arg(long)]
    sqlite: bool,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    #[arg(long, default_value_t = 10)]
    tenants: usize,
    /// Merchants of each tenant.
    #[arg(long, default_value_t = 1_000)]
    merchants: usize,
}

/// How the write path of a measurement works.
#[derive(Clone, Copy)]
pub(crate) struct How {
    batch_length_max: usize,
    remembered_max: usize,
}

impl How {
    /// As it is.
    pub(crate) const DEFAULT: Self = Self {
        batch_length_max: GROUPED,
        remembered_max: REMEMBERED,
    };
    /// As most would write it: each callback begins a transaction, locks, reads what it needs, writes, commits.
    const PLAIN: Self = Self {
        batch_length_max: 1,
        remembered_max: 0,
    };
    /// The same without the reading, where it can.
    const ALONE: Self = Self {
        batch_length_max: 1,
        ..Self::DEFAULT
    };
}

/// What came of one measurement.
pub(crate) struct Measured {
    pub(crate) outcome: Outcome,
    batch: f64,
    memory_idle: f64,
    memory_loaded: f64,
    ready_after: Duration,
}

/// What every measurement starts from.
struct Bench {
    seeded: Installation,
    targets: Vec<Target>,
    length: Duration,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let engine = Engine::of(args.sqlite);
    let length = Duration::from_secs(args.seconds);
    let bench = Bench::seed(engine, args.tenants, args.merchants, length).await?;
    let mut figures = Vec::new();
    let (grouped, single) = bench.in_turns().await?;
    bench.against_single(&grouped, single, &mut figures).await?;
    if engine == Engine::Postgres {
        bench.against_limits(&grouped, &mut figures).await?;
        let one = Bench::seed(engine, 1, args.tenants * args.merchants, length).await?;
        one.of_one_tenant(&mut figures).await?;
        one.seeded.remove().await?;
    }
    bench.fewer_connections(&mut figures).await?;
    figures.push(Figure::at_most("resident memory, idle", grouped.memory_idle, "MiB", 64.0).bar("<= 64"));
    figures
        .push(Figure::at_most("resident memory, under that load", grouped.memory_loaded, "MiB", 256.0).bar("<= 256"));
    let ready = grouped.ready_after.as_secs_f64();
    figures.push(Figure::at_most("start to ready", ready, "s", 1.0).bar("<= 1"));
    bench.seeded.remove().await?;
    Ok(figures)
}

impl Bench {
    async fn seed(engine: Engine, tenants: usize, merchants_each: usize, length: Duration) -> anyhow::Result<Self> {
        let seeded = Installation::empty(engine).await?;
        let targets = seed::fill(&seeded, tenants, merchants_each).await?;
        Ok(Self {
            seeded,
            targets,
            length,
        })
    }

    fn name(&self) -> &'static str {
        self.seeded.engine.name()
    }

    async fn measure(&self, connections: usize, how: How) -> anyhow::Result<Measured> {
        let copy = self.seeded.copy().await?;
        let measured = measure(&copy, &self.targets, connections, how, self.length).await?;
        copy.remove().await?;
        Ok(measured)
    }

    async fn load(&self, service: &Service, connections: usize) -> anyhow::Result<Outcome> {
        let scripts = seed::scripts(&self.targets, service.address, connections);
        load::run(service.address, scripts, WARM, self.length).await
    }

    /// Batches, and the rate of one transaction for each callback.
    async fn in_turns(&self) -> anyhow::Result<(Measured, f64)> {
        let mut turns = Vec::with_capacity(load::TURNS);
        for _ in 0..load::TURNS {
            let grouped = self.measure(256, How::DEFAULT).await?;
            let single = self.measure(256, How::PLAIN).await?.outcome.rate();
            turns.push((grouped, single));
        }
        Ok(load::middle(turns, |(grouped, single)| grouped.outcome.rate() / single))
    }

    async fn against_single(&self, grouped: &Measured, single: f64, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
        let remembering = self.measure(256, How::ALONE).await?.outcome.rate();
        let (times, bar) = self.times_of_single();
        let name = format!(
            "callbacks on {}, 256 connections, against one transaction each",
            self.name()
        );
        figures.push(Figure::at_least(name, grouped.outcome.rate(), "1/s", single, times).bar(bar));
        let name = "  against one transaction each that remembers";
        figures.push(Figure::beside(name, grouped.outcome.rate(), "1/s", remembering));
        figures.push(Figure::plain("  median latency", grouped.outcome.percentile(50), "ms"));
        figures.push(Figure::plain("  p99 latency", grouped.outcome.percentile(99), "ms"));
        figures.push(Figure::plain("  callbacks in a transaction", grouped.batch, "1"));
        Ok(())
    }

    /// One tenant has one order, so its transactions follow one another on either side: what batches alone bring.
    async fn of_one_tenant(&self, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
        let (grouped, single) = self.in_turns().await?;
        let (times, bar) = self.times_of_single();
        let name = "  of one tenant, against one transaction each";
        figures.push(Figure::at_least(name, grouped.outcome.rate(), "1/s", single, times).bar(bar));
        Ok(())
    }

    /// How many times the rate of one transaction for each callback batches are to reach.
    fn times_of_single(&self) -> (f64, &'static str) {
        match self.seeded.engine {
            Engine::Sqlite => (5.0, ">= 5x"),
            Engine::Postgres => (8.0, ">= 8x"),
        }
    }

    /// What the network, and what the database would allow.
    async fn against_limits(&self, grouped: &Measured, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
        let rate = grouped.outcome.rate();
        let empty = Service::bare(&["empty"]).await?;
        let empty_rate = self.load(&empty, 256).await?.rate();
        drop(empty);
        let name = "  against an empty axum route";
        figures.push(Figure::at_least(name, rate, "1/s", empty_rate, 0.10).bar(">= 0.10"));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a batch has at most a thousand commands"
        )]
        let batch = (grouped.batch.round() as usize).clamp(1, GROUPED);
        let statements = write_path::statements_alone(&self.seeded, &self.targets, batch).await?;
        let name = "  against the same statements without HTTP and decide";
        figures.push(Figure::at_least(name, rate, "1/s", statements, 0.5).bar(">= 0.5"));
        Ok(())
    }

    async fn fewer_connections(&self, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
        for connections in [64, 16, 1] {
            let measured = self.measure(connections, How::DEFAULT).await?.outcome;
            let name = format!("callbacks on {}, {connections} connections", self.name());
            figures.push(Figure::plain(name, measured.rate(), "1/s"));
            let median = measured.percentile(50);
            let name = "  median latency";
            figures.push(match self.seeded.engine {
                Engine::Postgres if connections == 1 => {
                    let insert = bare_insert(&self.seeded).await?;
                    Figure::at_most_times(format!("{name} against one bare INSERT"), median, "ms", insert, 5.0)
                        .bar("<= 5x")
                }
                Engine::Postgres | Engine::Sqlite => Figure::plain(name, median, "ms"),
            });
        }
        Ok(())
    }
}

/// Sends callbacks to the real program, serving from this installation.
pub(crate) async fn measure(
    installation: &Installation,
    targets: &[Target],
    connections: usize,
    how: How,
    length: Duration,
) -> anyhow::Result<Measured> {
    let start = Start {
        batch_length_max: how.batch_length_max,
        remembered_max: how.remembered_max,
        ..Start::default()
    };
    let service = Service::start(installation, start).await?;
    service.idle().await?;
    let memory_idle = service.resident_mebibytes()?;
    let scripts = seed::scripts(targets, service.address, connections);
    let outcome = load::run(service.address, scripts, WARM, length).await?;
    let doubted = installation.doubted().await?;
    anyhow::ensure!(
        doubted == 0,
        "{doubted} merchants have callbacks that wait for upstream"
    );
    Ok(Measured {
        outcome,
        batch: service.commands_in_a_batch().await?,
        memory_idle,
        memory_loaded: service.resident_mebibytes()?,
        ready_after: service.ready_after,
    })
}

/// The median time of an INSERT of one small row that commits by itself, in ms.
async fn bare_insert(seeded: &Installation) -> anyhow::Result<f64> {
    let copy = seeded.copy().await?;
    let mut connection = PgConnection::connect(copy.url()?).await?;
    sqlx::raw_sql("CREATE TABLE bare (id bigint PRIMARY KEY, body text NOT NULL)")
        .execute(&mut connection)
        .await?;
    let mut latencies = Vec::with_capacity(INSERTS);
    let started = Instant::now();
    for id in 0..i64::try_from(INSERTS)? {
        let sent = Instant::now();
        sqlx::query("INSERT INTO bare VALUES ($1, $2)")
            .bind(id)
            .bind("what a callback says")
            .execute(&mut connection)
            .await?;
        latencies.push(sent.elapsed());
    }
    connection.close().await?;
    copy.remove().await?;
    Ok(Outcome::of(latencies, started.elapsed()).percentile(50))
}
