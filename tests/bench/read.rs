//! Reading one merchant over HTTP, against a bare server that selects its row by the primary key.

use std::net::SocketAddr;
use std::time::Duration;

use crate::installation::{Engine, Installation};
use crate::load::{self, Script};
use crate::report::Figure;
use crate::seed::{self, Target};
use crate::service::{Service, Start, api_key};

/// How many ask at once.
const CONNECTIONS: usize = 64;

/// Before anything is measured.
const WARM: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    #[arg(long, default_value_t = 10_000)]
    merchants: usize,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for engine in Engine::ALL {
        let installation = Installation::empty(engine).await?;
        let targets = seed::fill(&installation, 1, args.merchants).await?;
        let key = api_key(&installation, &seed::slug(0))?;
        let length = Duration::from_secs(args.seconds);
        let bare = bare(&installation, &targets).await?;
        let service = Service::start(&installation, Start::default()).await?;
        let ask = async |server: &Service| {
            let scripts = scripts(&targets, server.address, &key);
            load::run(server.address, scripts, WARM, length).await
        };
        let mut turns = Vec::with_capacity(load::TURNS);
        for _ in 0..load::TURNS {
            turns.push((ask(&service).await?, ask(&bare).await?));
        }
        let (ours, theirs) = load::middle(turns, |(ours, theirs)| ours.rate() / theirs.rate());
        let name = format!(
            "GET one merchant on {}, against bare axum and a select by primary key",
            engine.name()
        );
        figures.push(Figure::at_least(name, ours.rate(), "1/s", theirs.rate(), 0.70).bar(">= 0.70"));
        figures.push(Figure::beside(
            "  median latency",
            ours.percentile(50),
            "ms",
            theirs.percentile(50),
        ));
        drop((service, bare));
        installation.remove().await?;
    }
    Ok(figures)
}

async fn bare(installation: &Installation, targets: &[Target]) -> anyhow::Result<Service> {
    let url = match installation.engine {
        Engine::Postgres => installation.url()?.to_owned(),
        Engine::Sqlite => format!("sqlite://{}", installation.file().display()),
    };
    let tenant = targets[0].tenant_id.as_uuid().to_string();
    Service::bare(&["select", &url, &tenant]).await
}

fn scripts(targets: &[Target], address: SocketAddr, key: &str) -> Vec<Script> {
    let request = |target: &Target| {
        let id = target.merchant_id;
        format!("GET /v1/merchants/{id} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n")
            .into_bytes()
    };
    (0..CONNECTIONS)
        .map(|first| targets.iter().skip(first).step_by(CONNECTIONS).map(request).collect())
        .collect()
}
