//! Log lines go to standard error: standard output belongs to what a command answers.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Reads directives.
pub(crate) fn filter(directives: &str) -> anyhow::Result<EnvFilter> {
    // The client of NATS writes a line for every attempt to connect. What it found is told by the relay, once.
    EnvFilter::try_new(format!("async_nats=off,{directives}")).context("these are no directives of tracing")
}

/// A terminal shows colours, unless its user wants none (no-color.org). A file or a pipe would get escape codes.
fn has_colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::io::stderr().is_terminal()
}

/// Starts logging for the whole process.
pub fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = self::filter(filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(has_colours());
    match format {
        LogFormat::Pretty => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    }
    .context("logging is started already")
}
