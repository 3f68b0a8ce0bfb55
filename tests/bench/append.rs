//! Appending with its projection, without HTTP: the writer against the strongest rival, plain SQL. The rival takes each
//! callback in with one statement that commits by itself: a log with a unique key against repeats, and an upsert of the
//! merchant. It seals nothing, keeps no order that a reader could follow, and chains no hashes.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::installation::{Engine, Installation};
use crate::load::Outcome;
use crate::report::Figure;
use crate::seed::{self, STEPS, Target};
use crate::service::GROUPED;
use crate::write_path::{WritePath, shares};

/// Before anything is measured.
const WARM: Duration = Duration::from_secs(1);

/// The rival may choose: whatever suits it best counts.
const RIVAL_CONNECTIONS: [u32; 3] = [16, 32, 64];

const RIVAL_TABLES: &str = "
    CREATE TABLE rival_log (
        pos         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant_id   uuid        NOT NULL,
        dedup_key   bytea       NOT NULL,
        merchant_id uuid        NOT NULL,
        type        text        NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        payload     text        NOT NULL,
        UNIQUE (tenant_id, dedup_key)
    );
    CREATE TABLE rival_merchants (
        tenant_id   uuid        NOT NULL,
        merchant_id uuid        NOT NULL,
        version     bigint      NOT NULL,
        status      text        NOT NULL,
        updated_at  timestamptz NOT NULL,
        state       text        NOT NULL,
        PRIMARY KEY (tenant_id, merchant_id)
    ) WITH (fillfactor = 80)";

const RIVAL_APPEND: &str = "
    WITH appended AS (
        INSERT INTO rival_log (tenant_id, dedup_key, merchant_id, type, payload)
        VALUES ($1, $2, $3, 'callback.received', $4)
        ON CONFLICT (tenant_id, dedup_key) DO NOTHING
        RETURNING tenant_id, merchant_id, received_at, payload
    )
    INSERT INTO rival_merchants AS m (tenant_id, merchant_id, version, status, updated_at, state)
    SELECT tenant_id, merchant_id, 1, $5, received_at, payload FROM appended
    ON CONFLICT (tenant_id, merchant_id) DO UPDATE SET
        version = m.version + 1, status = excluded.status, updated_at = excluded.updated_at, state = excluded.state";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    #[arg(long, default_value_t = 10)]
    tenants: usize,
    /// Merchants of each tenant.
    #[arg(long, default_value_t = 1_000)]
    merchants: usize,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let seeded = Installation::empty(Engine::Postgres).await?;
    let targets = seed::fill(&seeded, args.tenants, args.merchants).await?;
    let length = Duration::from_secs(args.seconds);
    let mut figures = Vec::new();
    let ours = writer(&seeded, &targets, 256, length).await?;
    let mut best = 0.0_f64;
    for connections in RIVAL_CONNECTIONS {
        best = best.max(rival(&seeded, &targets, connections, 256, length).await?.rate());
    }
    let name = "append without HTTP, 256 tasks, against plain SQL";
    figures.push(Figure::at_least(name, ours.rate(), "1/s", best, 1.5).bar(">= 1.5x"));
    figures.push(Figure::plain("  median latency", ours.percentile(50), "ms"));
    let ours = writer(&seeded, &targets, 1, length).await?;
    let alone = rival(&seeded, &targets, 1, 1, length).await?;
    let name = "append without HTTP, 1 task, beside plain SQL";
    figures.push(Figure::beside(name, ours.rate(), "1/s", alone.rate()));
    figures.push(Figure::beside(
        "  median latency",
        ours.percentile(50),
        "ms",
        alone.percentile(50),
    ));
    seeded.remove().await?;
    Ok(figures)
}

pub(crate) async fn writer(
    seeded: &Installation,
    targets: &[Target],
    tasks: usize,
    length: Duration,
) -> anyhow::Result<Outcome> {
    let copy = seeded.copy().await?;
    let path = WritePath::open(&copy, GROUPED).await?;
    let outcome = path.load(targets, tasks, WARM, length).await?;
    path.close().await?;
    copy.remove().await?;
    Ok(outcome)
}

async fn rival(
    seeded: &Installation,
    targets: &[Target],
    connections: u32,
    tasks: usize,
    length: Duration,
) -> anyhow::Result<Outcome> {
    let copy = seeded.copy().await?;
    let options = PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(connections)
        .test_before_acquire(false);
    let pool = options.connect(copy.url()?).await?;
    sqlx::raw_sql(RIVAL_TABLES).execute(&pool).await?;
    // It has the same merchants as ours from the beginning.
    for target in targets {
        append(&pool, target, u64::MAX, STEPS[0]).await?;
    }
    copy.settle().await?;
    let begin = Instant::now() + WARM;
    let end = begin + length;
    let mut running = JoinSet::new();
    for share in shares(targets, tasks) {
        running.spawn(rival_task(pool.clone(), share, begin, end));
    }
    let mut latencies = Vec::new();
    while let Some(measured) = running.join_next().await {
        latencies.extend(measured??);
    }
    pool.close().await;
    copy.remove().await?;
    Ok(Outcome::of(latencies, length))
}

async fn rival_task(pool: PgPool, share: Vec<Target>, begin: Instant, end: Instant) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    for step in 0_u64.. {
        let place = usize::try_from(step)?;
        let target = &share[place % share.len()];
        let said = STEPS[place / share.len() % STEPS.len()];
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        append(&pool, target, step, said).await?;
        let answered = Instant::now();
        if sent >= begin && answered <= end {
            latencies.push(answered - sent);
        }
    }
    Ok(latencies)
}

async fn append(pool: &PgPool, target: &Target, step: u64, said: seed::Step) -> anyhow::Result<()> {
    let merchant: Uuid = target.merchant_id.as_uuid();
    let mut key = [0; 24];
    key[..16].copy_from_slice(merchant.as_bytes());
    key[16..].copy_from_slice(&step.to_be_bytes());
    sqlx::query(RIVAL_APPEND)
        .bind(target.tenant_id.as_uuid())
        .bind(key.as_slice())
        .bind(merchant)
        .bind(seed::body(target, said))
        .bind(said.0)
        .execute(pool)
        .await?;
    Ok(())
}
