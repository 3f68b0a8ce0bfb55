//! `registry serve`.

use std::process::ExitCode;

use anyhow::Context;
use registry_journal::Ambient;

use crate::app::App;
use crate::config::Config;
use crate::serving::{listen, until_stopped};
use crate::signals::StopSignals;

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut signals = StopSignals::listen().context("signals cannot be listened to")?;
    let listener = listen(config.listen)?;
    let starting = Box::pin(App::start(&config, listener, Ambient::system()));
    let app = tokio::select! {
        started = starting => started?,
        // A database that does not answer is no reason to wait.
        signal = signals.next() => return Ok(signal.exit_code().into()),
    };
    Ok(until_stopped(app, &mut signals).await)
}
