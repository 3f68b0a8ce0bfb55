//! `registry serve`.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use registry_journal::Ambient;
use tokio::net::TcpListener;

use crate::app::{App, Ended};
use crate::config::Config;
use crate::signals::StopSignals;

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut signals = StopSignals::listen().context("signals cannot be listened to")?;
    let listener = listen(config.listen).await?;
    let starting = Box::pin(App::start(&config, listener, Ambient::system()));
    let app = tokio::select! {
        started = starting => started?,
        // A database that does not answer is no reason to wait.
        signal = signals.next() => return Ok(signal.exit_code().into()),
    };
    Ok(until_stopped(app, &mut signals).await)
}

/// Takes the address to listen on.
pub(super) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("{address} cannot be listened on; choose another with listen (REGISTRY_LISTEN)"))
}

/// Serves until it is told to stop or a worker dies, and stops in order. Told a second time, the process ends at once: what
/// is under way then was answered to nobody.
pub(super) async fn until_stopped(mut app: App, signals: &mut StopSignals) -> ExitCode {
    let asked = async {
        signals.next().await;
    };
    let ended = app.ended(asked).await;
    let told_again = async {
        match ended {
            Ended::Asked => signals.another().await,
            Ended::WorkerDied(_) => signals.next().await,
        }
    };
    tokio::select! {
        in_order = app.stop() => exit_code(ended, in_order),
        signal = told_again => {
            tracing::warn!("told to stop while stopping: ending at once");
            std::process::exit(signal.exit_code().into())
        }
    }
}

fn exit_code(ended: Ended, in_order: bool) -> ExitCode {
    match ended {
        Ended::Asked if in_order => ExitCode::SUCCESS,
        Ended::Asked => ExitCode::FAILURE,
        Ended::WorkerDied(worker) => {
            tracing::error!(worker, "a worker ended by itself");
            ExitCode::FAILURE
        }
    }
}
