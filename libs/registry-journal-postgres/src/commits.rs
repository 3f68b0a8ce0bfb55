//! Telling other processes that something was committed, and hearing it from them. Only a hint that saves waiting:
//! polling is the truth.

use std::time::Duration;

use registry_domain::causes;
use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::session::{SIGNAL_LIMIT, SIGNALS, limited};
use crate::{PostgresJournal, session};

/// Where processes tell each other.
const CHANNEL: &str = "registry_commits";

/// The same, as a statement.
const NOTIFY: &str = "NOTIFY registry_commits";

/// At most one message in so much time, however many batches are committed in it.
const PAUSE: Duration = Duration::from_millis(20);

/// How long to wait before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

/// How often a connection on which nothing happens is tried out.
const HEARTBEAT: Duration = Duration::from_secs(15);

impl PostgresJournal {
    /// Tells other processes when `own` ticks, and ticks `others` when another process tells us, until `stop`. It never
    /// fails: without a connection it connects again, and ticks then, because something may have been missed.
    ///
    /// The message is sent after the commit and on a connection of its own: inside a batch it would make all commits of
    /// the cluster wait for each other.
    pub fn share_commits(
        &self,
        mut own: watch::Receiver<u64>,
        others: watch::Sender<u64>,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let options = session::options(&self.login, "registry-commits", &SIGNALS);
        async move {
            // It is large, and whoever spawns it would carry it about.
            let sharing = Box::pin(async {
                while let Err(error) = share(&options, &mut own, &others).await {
                    tracing::warn!(
                        error = %causes(&error),
                        "no other process can be told of commits or heard; connecting again"
                    );
                    sleep(RECONNECT_PAUSE).await;
                }
            });
            stop.run_until_cancelled(sharing).await;
        }
    }
}

/// Works until the connection fails, or until nobody commits any more.
async fn share(
    options: &PgConnectOptions,
    own: &mut watch::Receiver<u64>,
    others: &watch::Sender<u64>,
) -> Result<(), sqlx::Error> {
    let mut listener = limited(SIGNAL_LIMIT, listen(options)).await?;
    let process = sqlx::query_scalar!(r#"SELECT pg_backend_pid() AS "process!""#);
    let process = limited(SIGNAL_LIMIT, process.fetch_one(&mut listener)).await?;
    others.send_modify(|ticks| *ticks += 1);
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_due = false;
    let mut not_before = Instant::now();
    loop {
        tokio::select! {
            told = listener.try_recv() => {
                let told = told?.ok_or_else(|| sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into()))?;
                // What we said ourselves comes back too.
                if i64::from(told.process_id()) != i64::from(process) {
                    others.send_modify(|ticks| *ticks += 1);
                }
            }
            ticked = own.changed(), if !is_due => match ticked {
                Ok(()) => is_due = true,
                // The writer is gone.
                Err(_) => return Ok(()),
            },
            () = sleep_until(not_before), if is_due => {
                limited(SIGNAL_LIMIT, listener.execute(NOTIFY)).await?;
                is_due = false;
                not_before = Instant::now() + PAUSE;
            }
            _ = heartbeat.tick() => {
                limited(SIGNAL_LIMIT, listener.execute("SELECT 1")).await?;
            }
        }
    }
}

async fn listen(options: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    let one = PgPoolOptions::new().max_connections(1);
    let pool = one.connect_with(options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    session::read_back(&mut listener, &SIGNALS).await?;
    // We connect again ourselves, to tick when we do.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}
