//! How connections end: so that the client has its answer, and so that nothing is left of one that takes none.

use std::io;
use std::time::Duration;

use registry_domain::causes;
use rustix::net::sockopt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::gate::Ended;
use super::uptake::{Sight, Uptake};
use super::watched::LOOK_TIME;

/// How long somebody is listened to whose request was turned away half-way, so that the answer arrives.
#[derive(Debug, Clone, Copy)]
struct Linger {
    bytes_max: usize,
    time: Duration,
}

/// For who may ask, but sent too much.
const LINGER: Linger = Linger {
    bytes_max: 16 * 1024 * 1024,
    time: Duration::from_secs(2),
};

/// For who has no business here: long enough to read the answer, if it wants to.
const LINGER_WITH_STRANGERS: Linger = Linger {
    bytes_max: 128 * 1024,
    time: Duration::from_millis(250),
};

/// How a connection ends.
pub struct Parting {
    /// What the client takes.
    pub uptake: Uptake,
    /// Why we ended it, if we did.
    pub ended: Option<Ended>,
    /// The process is stopping: nobody is waited for.
    pub is_stopping: bool,
    /// The last answer was for somebody of whom nothing more is wanted.
    pub is_stranger: bool,
}

impl Parting {
    /// Lets go of a connection. Returns why it was ended, if we ended it.
    pub async fn from(self, mut stream: TcpStream, write_time: Duration) -> Option<Ended> {
        let mut ended = self.ended;
        if ended.is_none() && !self.is_stopping {
            linger(
                &mut stream,
                if self.is_stranger {
                    LINGER_WITH_STRANGERS
                } else {
                    LINGER
                },
            )
            .await;
            if !self.is_stranger {
                ended = see_off(self.uptake, write_time).await;
            }
        }
        if let Err(error) = let_go(&stream, ended, write_time) {
            tracing::debug!(error = %causes(&error), "what is left of a connection is not limited");
        }
        ended
    }
}

/// Waits while a client takes what is left of its answer.
async fn see_off(mut uptake: Uptake, write_time: Duration) -> Option<Ended> {
    loop {
        let now = Instant::now();
        match uptake.look(now) {
            Sight::Unknown | Sight::TookAll => return None,
            Sight::TakesNothing(since) if now >= since + write_time => return Some(Ended::NoProgress),
            Sight::Takes | Sight::TakesNothing(_) => tokio::time::sleep(LOOK_TIME.min(write_time)).await,
        }
    }
}

/// Sees to it that the system lets go of what we have written when the client does not read it: it would keep that, and the
/// connection, for as long as the client says that it is there.
fn let_go(stream: &TcpStream, ended: Option<Ended>, write_time: Duration) -> io::Result<()> {
    match ended {
        Some(Ended::NoProgress) => sockopt::set_socket_linger(stream, Some(Duration::ZERO))?,
        Some(Ended::SlowHead | Ended::Idle) | None => {
            let milliseconds = u32::try_from(write_time.as_millis()).unwrap_or(u32::MAX);
            sockopt::set_tcp_user_timeout(stream, milliseconds)?;
        }
    }
    Ok(())
}

/// Closes a connection so that the client can read its answer. Closing while the client still sends would make the
/// system take the answer back (RFC 9112, 9.6), and a request that was too large would look like a network failure.
async fn linger(stream: &mut TcpStream, limits: Linger) {
    let drain = async {
        stream.shutdown().await?;
        let mut dropped = 0;
        let mut buffer = vec![0; 16 * 1024];
        while dropped < limits.bytes_max {
            match stream.read(&mut buffer).await? {
                0 => break,
                read => dropped += read,
            }
        }
        io::Result::Ok(())
    };
    // Whatever goes wrong here, the connection is over.
    if let Ok(Err(error)) = tokio::time::timeout(limits.time, drain).await {
        tracing::trace!(
            error = %causes(&error),
            "a connection did not close cleanly"
        );
    }
}
