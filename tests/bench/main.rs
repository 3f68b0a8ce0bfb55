//! Figures, each beside its baseline, taken in one run on one machine. Absolute numbers mean little; ratios do.

mod append;
mod bare;
mod bulk;
mod console;
mod document;
mod export;
mod feeds;
mod growth;
mod ingest;
mod installation;
mod list;
mod load;
mod peers;
mod read;
mod rebuild;
mod reconcile;
mod relay;
mod report;
mod seed;
mod service;
mod start;
mod worklist;
mod write_path;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

use report::Figure;

/// The registry's: what it is compared with shall have no worse one.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Measures the registry.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
    /// One line of JSON for each figure.
    #[arg(long, global = true)]
    json: bool,
    /// Puts the figures into the tables of tests/bench/README.md too.
    #[arg(long, global = true)]
    markdown: bool,
}

#[derive(Subcommand)]
enum What {
    /// Callbacks per second: HTTP in, durable, answered 0000.
    Ingest(ingest::Args),
    /// The same without HTTP, against plain SQL.
    Append(append::Args),
    /// The same, against the Rust crates for event sourcing.
    Peers(peers::Args),
    /// Reading one merchant.
    Read(read::Args),
    /// A page of the list where there are many merchants.
    List(list::Args),
    /// Pages of the console, and callbacks while some are open.
    Console(console::Args),
    /// Searches, filters and counts where there are many merchants.
    Worklist(worklist::Args),
    /// A list as a file, and the memory that it takes.
    Export(export::Args),
    /// What streams cost that are followed and tell nothing.
    Feeds(feeds::Args),
    /// Callbacks per second where the log is long.
    Growth(growth::Args),
    /// Folding the log anew.
    Rebuild(rebuild::Args),
    /// Callbacks while upstream is asked about many merchants.
    Reconcile(reconcile::Args),
    /// Carrying the log to NATS.
    Relay(relay::Args),
    /// From start to ready where the log is long.
    Start(start::Args),
    /// All of these, as they are by default.
    All,
    /// One of the servers that the registry is compared with.
    #[command(hide = true)]
    Bare(bare::Args),
}

/// Says that a file is to be measured.
const SQLITE: &str = "--sqlite";

/// Everything there is to measure, the ingest on both engines.
const ALL: [&[&str]; 16] = [
    &["ingest"],
    &["ingest", SQLITE],
    &["append"],
    &["peers"],
    &["read"],
    &["list"],
    &["worklist"],
    &["console"],
    &["export"],
    &["feeds"],
    &["growth"],
    &["rebuild"],
    &["reconcile"],
    &["reconcile", SQLITE],
    &["relay"],
    &["start"],
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if !matches!(cli.what, What::All) {
        let typed: Vec<_> = std::env::args().skip(1).filter(|word| word != "--markdown").collect();
        return show(cli, &typed.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    if cli.markdown {
        // Before hours are spent.
        ALL.iter()
            .try_for_each(|words| document::expect_place(&place_of(words)))?;
    }
    for words in ALL {
        let Cli { json, markdown, .. } = cli;
        let what = Cli::try_parse_from(["bench"].iter().chain(words))?.what;
        show(Cli { what, json, markdown }, words).await?;
    }
    Ok(())
}

/// By what a table is found: the figure, and the engine if it is not the usual one.
fn place_of(typed: &[&str]) -> String {
    let engine = typed.iter().find(|word| **word == SQLITE);
    typed
        .iter()
        .take(1)
        .chain(engine)
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Measures, and shows what came of it.
async fn show(cli: Cli, typed: &[&str]) -> anyhow::Result<()> {
    let what = place_of(typed);
    if cli.markdown {
        document::expect_place(&what)?;
    }
    let figures = measure(cli.what).await?;
    report::print(&figures, cli.json)?;
    if cli.markdown {
        let measured = document::Measured {
            what: &what,
            typed: &typed.join(" "),
        };
        document::write(measured, &figures).await?;
    }
    Ok(())
}

async fn measure(what: What) -> anyhow::Result<Vec<Figure>> {
    match what {
        What::Ingest(args) => ingest::run(args).await,
        What::Append(args) => append::run(args).await,
        What::Peers(args) => peers::run(args).await,
        What::Read(args) => read::run(args).await,
        What::List(args) => list::run(args).await,
        What::Console(args) => console::run(args).await,
        What::Worklist(args) => worklist::run(args).await,
        What::Export(args) => export::run(args).await,
        What::Feeds(args) => feeds::run(args).await,
        What::Growth(args) => growth::run(args).await,
        What::Rebuild(args) => rebuild::run(args).await,
        What::Reconcile(args) => reconcile::run(args).await,
        What::Relay(args) => relay::run(args).await,
        What::Start(args) => start::run(args).await,
        What::Bare(args) => bare::run(args).await.map(|()| Vec::new()),
        What::All => anyhow::bail!("all of them are measured one by one"),
    }
}
