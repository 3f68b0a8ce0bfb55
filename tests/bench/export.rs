//! A list as a file where there are many merchants: how fast its rows are written, and how much memory that takes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use registry_tests::api::http_client;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::bulk;
use crate::installation::{Engine, Installation};
use crate::list::live_in_part;
use crate::load::approximate;
use crate::report::Figure;
use crate::seed::{self, STEPS};
use crate::service::{Service, Start, api_key};

/// What files there are.
const FORMATS: [&str; 2] = ["csv", "xlsx"];

/// How often memory is looked at while a file is made or taken.
const LOOK: Duration = Duration::from_millis(20);

/// Longest that a file may take.
const LIMIT: Duration = Duration::from_mins(10);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rows of a file.
    #[arg(long, default_value_t = 1_000_000)]
    merchants: usize,
    /// On SQLite only.
    #[arg(long)]
    sqlite: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for engine in Engine::ALL
        .into_iter()
        .filter(|engine| !args.sqlite || *engine == Engine::Sqlite)
    {
        let installation = Installation::empty(engine).await?;
        live_in_part(&installation).await?;
        bulk::merchants(&installation, args.merchants - STEPS.len() - 1).await?;
        let key = api_key(&installation, &seed::slug(0))?;
        for format in FORMATS {
            // What one file took shall not be counted for the next.
            let service = Service::start(&installation, Start::default()).await?;
            service.idle().await?;
            let portal = Portal {
                client: http_client(),
                address: service.address,
                key: key.clone(),
            };
            let measured = measure(&service, &portal, format, args.merchants).await?;
            let name = format!(
                "a file of {} merchants as {format} on {}: growth in memory while it is made",
                args.merchants,
                engine.name()
            );
            figures.push(Figure::at_most(name, measured.grown_making, "MiB", 128.0).bar("<= 128"));
            figures.push(Figure::at_most("  and while it is taken", measured.grown_taking, "MiB", 128.0).bar("<= 128"));
            figures.push(Figure::plain("  rows made", measured.rows_per_second, "1/s"));
            figures.push(Figure::plain("  length", measured.mebibytes, "MiB"));
        }
        installation.remove().await?;
    }
    Ok(figures)
}

struct Measured {
    grown_making: f64,
    grown_taking: f64,
    rows_per_second: f64,
    mebibytes: f64,
}

async fn measure(service: &Service, portal: &Portal, format: &str, merchants: usize) -> anyhow::Result<Measured> {
    let idle = service.resident_mebibytes()?;
    let began = Instant::now();
    let (export, most) = with_most(service, portal.made(format)).await?;
    let seconds = began.elapsed().as_secs_f64();
    ensure!(export["rows"] == merchants, "these were not all: {export}");
    let path = format!("/v1/exports/{}/file", export["id"].as_str().context("it has no id")?);
    let (bytes, most_taking) = with_most(service, portal.taken(&path)).await?;
    ensure!(export["bytes"] == bytes, "{bytes} of {} bytes came", export["bytes"]);
    Ok(Measured {
        grown_making: most - idle,
        grown_taking: most_taking - idle,
        rows_per_second: approximate(merchants) / seconds,
        mebibytes: approximate(bytes) / 1_048_576.0,
    })
}

/// What comes of something, and the most memory that the service had meanwhile.
async fn with_most<T>(service: &Service, what: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<(T, f64)> {
    let mut what = std::pin::pin!(what);
    let mut most = service.resident_mebibytes()?;
    loop {
        tokio::select! {
            done = &mut what => return Ok((done?, most.max(service.resident_mebibytes()?))),
            () = sleep(LOOK) => most = most.max(service.resident_mebibytes()?),
        }
    }
}

/// Who wants a file.
struct Portal {
    client: Client,
    address: SocketAddr,
    key: String,
}

impl Portal {
    async fn made(&self, format: &str) -> anyhow::Result<Value> {
        let wish = json!({ "format": format, "filter": "sort=name", "reason": "bench" });
        let url = format!("http://{}/v1/exports", self.address);
        let asked = self.client.post(&url).bearer_auth(&self.key).json(&wish).send().await?;
        let mut export: Value = asked.error_for_status()?.json().await?;
        let url = format!("{url}/{}", export["id"].as_str().context("it has no id")?);
        let began = Instant::now();
        while export["ended_at"].is_null() {
            ensure!(began.elapsed() < LIMIT, "it is not made: {export}");
            sleep(Duration::from_millis(200)).await;
            let asked = self.client.get(&url).bearer_auth(&self.key).send().await?;
            export = asked.error_for_status()?.json().await?;
        }
        ensure!(export["state"] == "ready", "it could not be made: {export}");
        Ok(export)
    }

    /// How many bytes come.
    async fn taken(&self, path: &str) -> anyhow::Result<usize> {
        let url = format!("http://{}{path}", self.address);
        let request = self.client.get(url).bearer_auth(&self.key).timeout(LIMIT);
        let mut file = request.send().await?.error_for_status()?;
        let mut bytes = 0;
        while let Some(part) = file.chunk().await? {
            bytes += part.len();
        }
        Ok(bytes)
    }
}
