//! `registry tail`.

use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use registry_domain::tenant::Slug;
use registry_publish_nats::{NatsConfig, TailFrom, TailMessage, tail};

use crate::config::Config;
use crate::signals::StopSignals;

#[derive(Args)]
pub(super) struct TailArgs {
    /// The tenant.
    #[arg(long)]
    tenant: String,
    /// The NATS server, if the configuration names none.
    #[arg(long)]
    nats_url: Option<String>,
    /// Begin with the oldest event that the stream has.
    #[arg(long)]
    from_start: bool,
    /// Stop after so many events.
    #[arg(long)]
    count: Option<u64>,
}

pub(super) async fn run(config: Config, args: TailArgs) -> anyhow::Result<ExitCode> {
    let mut signals = StopSignals::listen().context("signals cannot be listened to")?;
    let tenant = Slug::parse(&args.tenant).context("the slug cannot be used")?;
    let url = args
        .nats_url
        .or(config.nats_url)
        .context("no NATS server is named; use --nats-url or NATS_URL")?;
    let nats = NatsConfig {
        credentials_file: config.nats_credentials_file,
        ..NatsConfig::new(url)
    };
    let from = if args.from_start {
        TailFrom::Start
    } else {
        TailFrom::New
    };
    let mut left = args.count.unwrap_or(u64::MAX);
    let printed = tail(&nats, &tenant, from, |message| {
        left = left.saturating_sub(1);
        // Whoever reads the output may go away: then there is nobody left to print for.
        if print(&message).is_err() || left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    tokio::select! {
        result = printed => result?,
        _ = signals.next() => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn print(message: &TailMessage) -> std::io::Result<()> {
    let seq = message
        .headers
        .iter()
        .find(|(name, _)| name == "Registry-Seq")
        .map_or("-", |(_, seq)| seq.as_str());
    let mut out = std::io::stdout().lock();
    writeln!(out, "[#{seq}] {}", message.subject)?;
    writeln!(out, "{}", String::from_utf8_lossy(&message.body))?;
    out.flush()
}
