//! What each program that runs the service does: it begins, serves until it is told to stop, and ends with an exit code.

use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use registry_domain::causes;
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::TcpListener;

use crate::app::{App, Ended};
use crate::signals::StopSignals;

/// Reads somebody's file, if this process was started for that; else serves. Before anything else: that process has limits, and needs no
/// runtime.
pub fn child_or(serve: impl FnOnce() -> ExitCode) -> ExitCode {
    match registry_imports::child::run(std::env::args().skip(1)) {
        None => serve(),
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) => ExitCode::FAILURE,
    }
}

/// Does what the command line asks for, and turns its outcome into an exit code.
pub async fn main(program: &str, work: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    // Whatever is made from here on is for its owner alone.
    umask(Mode::RWXG | Mode::RWXO);
    match work.await {
        Ok(code) => code,
        Err(error) => {
            // One line with every cause; a person reads it.
            remark!("{program}: {}", causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// Takes the address to listen on.
pub fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = registry_web::serve::listen(address);
    listener.with_context(|| format!("{address} cannot be listened on; choose another with listen (REGISTRY_LISTEN)"))
}

/// Serves until it is told to stop or a worker dies, and stops in order. Told a second time, the process ends at once: what
/// is under way then was answered to nobody.
pub async fn until_stopped(mut app: App, signals: &mut StopSignals) -> ExitCode {
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
