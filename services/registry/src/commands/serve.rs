//! `registry serve`.

use std::process::ExitCode;

use anyhow::Context;
use registry_journal::Ambient;
use tokio::net::TcpListener;

use crate::app::{App, Ended};
use crate::config::Config;
use crate::signals::StopSignals;

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut signals = StopSignals::listen().context("signals cannot be listened to")?;
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("{} cannot be listened on", config.listen))?;
    let app = App::start(&config, listener, Ambient::system()).await?;
    Ok(exit_code(app.run_until(signals.next()).await))
}

pub(super) fn exit_code(ended: Ended) -> ExitCode {
    match ended {
        Ended::Asked => ExitCode::SUCCESS,
        Ended::WorkerDied(worker) => {
            tracing::error!(worker, "a worker ended by itself");
            ExitCode::FAILURE
        }
    }
}
