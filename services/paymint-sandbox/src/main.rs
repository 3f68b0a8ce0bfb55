//! `paymint-sandbox`: the stand-in for the upstream as a program of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use paymint_sandbox::{PartnerKey, Sandbox, SandboxConfig};
use tracing_subscriber::EnvFilter;
use url::Url;

/// A stand-in for Paymint's Partner API: registration page, review desk, callbacks, faults. It holds made-up data only.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The address under which browsers reach the sandbox.
    #[arg(long)]
    public_url: Option<Url>,
    /// A made-up partner key; repeat it for several partners.
    #[arg(long = "api-key", default_value = "sandbox-key")]
    api_keys: Vec<PartnerKey>,
    /// Where what it knows is kept for the next start; without it everything is forgotten.
    #[arg(long)]
    state_file: Option<PathBuf>,
    /// Where all chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    let config = SandboxConfig {
        listen: arguments.listen,
        public_url: arguments.public_url,
        api_keys: arguments.api_keys,
        seed: arguments.seed,
        state_file: arguments.state_file,
    };
    let sandbox = Sandbox::start(config).await.context("the sandbox did not start")?;
    let site = sandbox.site_url().as_str().trim_end_matches('/').to_owned();
    println!("Partner API  {}", sandbox.base_url());
    println!("Review desk  {site}/desk");
    println!("Control API  {site}/_sandbox/mappings");
    tokio::signal::ctrl_c()
        .await
        .context("the stop signal could not be awaited")?;
    sandbox.shutdown().await;
    Ok(())
}
