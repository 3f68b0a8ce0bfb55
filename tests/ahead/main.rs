//! The service with a clock that stands where whoever started it puts it, by lines on standard input: for tests in which weeks pass and
//! somebody is killed in them.

use std::io;

use anyhow::Context;
use chrono::{DateTime, Utc};
use registry::app::App;
use registry::config::{Config, LogFormat};
use registry::serving::listen;
use registry_tests::clock::TestClock;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut config = Config::read(None)?;
    // It is put forward by more than anybody's clock is wrong.
    config.clock_skew_seconds_max = u32::MAX;
    registry::logging::start(&config.log, LogFormat::Json)?;
    let clock = TestClock::new();
    let mut first = String::new();
    io::stdin().read_line(&mut first)?;
    clock.put_to(moment(&first)?);
    let listener = listen(config.listen)?;
    let app = Box::pin(App::start(&config, listener, clock.ambient())).await?;
    let putting = tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
        for line in io::stdin().lines() {
            clock.put_to(moment(&line?)?);
            tracing::info!("the clock was put");
        }
        Ok(())
    });
    putting.await??;
    app.stop().await;
    Ok(())
}

fn moment(line: &str) -> anyhow::Result<DateTime<Utc>> {
    line.trim().parse().with_context(|| format!("{line} is no moment"))
}
