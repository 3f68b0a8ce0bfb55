//! A page of the list with a filter and a sort, over HTTP, where there are many merchants and where there are few.

use std::net::SocketAddr;
use std::time::Duration;

use crate::bulk;
use crate::installation::{Engine, Installation};
use crate::load::{self, Outcome, Script};
use crate::report::Figure;
use crate::seed::{self, STEPS};
use crate::service::{GROUPED, Service, Start, api_key};
use crate::write_path::WritePath;

/// Where there are few.
const FEW: usize = 10_000;

/// Before anything is measured.
const WARM: Duration = Duration::from_secs(1);

/// What operations people look at.
const PAGES: [&str; 6] = [
    "stage=documents_required&sort=stage_since",
    "stage=documents_required&sort=-updated_at",
    "stage=rejected&sort=-created_at",
    "status=in_review&sort=stage_since",
    "status=opened&sort=-updated_at",
    "stage=in_review,documents_required&sort=stage_since",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many are many.
    #[arg(long, default_value_t = 1_000_000)]
    merchants: usize,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let length = Duration::from_secs(args.seconds);
    for engine in Engine::ALL {
        let installation = Installation::empty(engine).await?;
        live_in_part(&installation).await?;
        bulk::merchants(&installation, FEW).await?;
        let key = api_key(&installation, &seed::slug(0))?;
        let few = measure(&installation, &key, &PAGES, length).await?;
        bulk::merchants(&installation, args.merchants - FEW).await?;
        let many = measure(&installation, &key, &PAGES, length).await?;
        let name = format!(
            "list with filter and sort on {}, p95 at {} merchants, against {FEW}",
            engine.name(),
            args.merchants
        );
        figures.push(Figure::at_most_times(name, many.percentile(95), "ms", few.percentile(95), 2.0).bar("<= 2x"));
        figures.push(Figure::beside(
            "  median latency",
            many.percentile(50),
            "ms",
            few.percentile(50),
        ));
        for page in PAGES {
            let one = measure(&installation, &key, &[page], Duration::from_secs(1)).await?;
            figures.push(Figure::plain(format!("  p95 of {page}"), one.percentile(95), "ms"));
        }
        installation.remove().await?;
    }
    Ok(figures)
}

/// A few merchants in every stage, to be copied.
pub(crate) async fn live_in_part(installation: &Installation) -> anyhow::Result<()> {
    let targets = seed::fill(installation, 1, STEPS.len() + 1).await?;
    let path = WritePath::open(installation, GROUPED).await?;
    for (steps, target) in targets.iter().enumerate() {
        for step in 0..steps {
            let _written = path
                .writer
                .report(seed::submission(target, &path.ambient, step))
                .await?;
        }
    }
    path.close().await
}

/// One who asks for page after page.
async fn measure(installation: &Installation, key: &str, pages: &[&str], length: Duration) -> anyhow::Result<Outcome> {
    let service = Service::start(installation, Start::default()).await?;
    let scripts = vec![script(service.address, key, pages)];
    load::run(service.address, scripts, WARM, length).await
}

fn script(address: SocketAddr, key: &str, pages: &[&str]) -> Script {
    let request = |page: &&str| {
        format!("GET /v1/merchants?{page}&limit=50 HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n")
            .into_bytes()
    };
    pages.iter().map(request).collect()
}
