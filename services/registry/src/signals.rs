//! What the system tells the process.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl StopSignal {
    /// The exit code of a process that it ended at once, as shells have it: 128 and its number.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// What comes so soon after a signal is the same one again: `timeout` of coreutils tells the process and then its whole group,
/// and a terminal tells whoever is in front. Nobody makes up their mind in that time.
const ECHO_TIME: Duration = Duration::from_millis(300);

/// Waits for SIGINT or SIGTERM.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Begins to listen. From here on the signals no longer end the process by themselves.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.interrupt.recv() => StopSignal::Interrupt,
            _ = self.terminate.recv() => StopSignal::Terminate,
        }
    }

    /// After one came: waits for the next that somebody meant.
    pub async fn another(&mut self) -> StopSignal {
        let told = Instant::now();
        loop {
            let signal = self.next().await;
            if told.elapsed() >= ECHO_TIME {
                return signal;
            }
        }
    }
}
