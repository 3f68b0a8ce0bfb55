//! What the Rust crates for event sourcing on PostgreSQL do with the work of the registry's writer: append one callback to
//! the stream of its merchant unless it came before, and keep the merchant's state in a row. One line of JSON per run.

mod callback;
mod check;
mod database;
mod load;
mod peer;
mod peers;
mod run;

use std::time::Duration;

use clap::{Parser, ValueEnum};
use sqlx::postgres::PgConnectOptions;

use crate::run::Plan;

#[derive(Parser)]
struct Cli {
    /// Whom to measure.
    peer: Name,
    /// A superuser's URL of the server to measure on. Databases are made on it and dropped.
    #[arg(long)]
    url: PgConnectOptions,
    /// How many tasks hand callbacks in at a time; several numbers make several runs.
    #[arg(long, value_delimiter = ',', default_value = "256")]
    tasks: Vec<usize>,
    /// Sizes of the connection pool: whichever suits the peer best counts. A pool that is larger than the first is left
    /// out where there are no more tasks than the first has connections.
    #[arg(long, value_delimiter = ',', default_value = "8,16,32,64")]
    connections: Vec<u32>,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 5_000)]
    merchants: usize,
}

/// The peers, by the names of their crates.
#[derive(Clone, Copy, ValueEnum)]
enum Name {
    PostgresEs,
    DisintegratePostgres,
    Esrs,
    EventcorePostgres,
    EsEntity,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let plan = Plan {
        server: cli.url,
        tasks: cli.tasks,
        connections: cli.connections,
        length: Duration::from_secs(cli.seconds),
        merchants: cli.merchants,
    };
    match cli.peer {
        Name::PostgresEs => run::measure::<peers::postgres_es::Store>(&plan).await,
        Name::DisintegratePostgres => run::measure::<peers::disintegrate::Store>(&plan).await,
        Name::Esrs => run::measure::<peers::esrs::Store>(&plan).await,
        Name::EventcorePostgres => run::measure::<peers::eventcore::Store>(&plan).await,
        Name::EsEntity => run::measure::<peers::es_entity::Store>(&plan).await,
    }
}
