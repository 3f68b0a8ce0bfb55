//! A connection with a clock beside it: a client that neither sends nor reads is not waited for.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::gate::{Ended, Gate};
use super::uptake::{Sight, Uptake};

/// How long an idle connection is kept when connections are getting few.
const CROWDED_IDLE_TIME: Duration = Duration::from_secs(5);

/// The timer rings at least so often while somebody is waited for: what matters may have changed meanwhile.
pub(super) const LOOK_TIME: Duration = Duration::from_secs(5);

/// How long a client is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From the beginning of the connection until the first byte of a request, and from the first byte of each request until
    /// the end of its headers.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// While it takes nothing of an answer. What it has acknowledged counts: the system's buffer takes megabytes for a client
    /// that reads nothing.
    pub write: Duration,
}

/// Whether a request is being handled or answered on a connection. Then it is not for us to say how long its body may take.
/// Counts the beginnings and the ends: it is odd in between.
#[derive(Debug, Clone, Default)]
pub struct Phase(Arc<AtomicU64>);

impl Phase {
    /// A request has come.
    pub fn begin(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The last of its answer is on its way.
    pub fn end(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn number(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

const fn is_busy(phase: u64) -> bool {
    !phase.is_multiple_of(2)
}

/// A stream that fails when the client is not worth waiting for any longer.
pub struct Watched<S> {
    stream: S,
    patience: Patience,
    phase: Phase,
    gate: Arc<Gate>,
    opened_at: Instant,
    /// When a byte last came or went.
    active_at: Option<Instant>,
    /// When the first byte of a head came, and in which phase: in a later one that head is complete.
    head_since: Option<(u64, Instant)>,
    /// Since when nothing could be written, as far as is known without a look at what the client has acknowledged.
    blocked_since: Option<Instant>,
    uptake: Uptake,
    look_at: Instant,
    /// One timer for all: it may ring too early and is then set anew, which is cheaper than setting it for every request.
    timer: Pin<Box<Sleep>>,
    look_time: Duration,
    ended: Option<Ended>,
}

impl<S> Watched<S> {
    /// A connection that has just been made.
    pub fn new(stream: S, patience: Patience, phase: Phase, gate: Arc<Gate>, uptake: Uptake) -> Self {
        let look_time = LOOK_TIME.min(patience.head).min(patience.idle).min(patience.write);
        let now = Instant::now();
        Self {
            stream,
            patience,
            phase,
            gate,
            opened_at: now,
            active_at: None,
            head_since: None,
            blocked_since: None,
            uptake,
            look_at: now + look_time,
            timer: Box::pin(tokio::time::sleep(look_time)),
            look_time,
            ended: None,
        }
    }

    /// The connection, what its client takes, and why it was ended if we ended it.
    pub fn into_parts(self) -> (S, Uptake, Option<Ended>) {
        (self.stream, self.uptake, self.ended)
    }

    /// Fails if the moment is over, and else sees to it that somebody looks again then.
    fn wait_until(&mut self, deadline: Instant, why: Ended, context: &mut Context<'_>) -> io::Result<()> {
        let now = Instant::now();
        if now >= deadline {
            return self.end(why);
        }
        self.look_again(deadline, now, context);
        Ok(())
    }

    fn end(&mut self, why: Ended) -> io::Result<()> {
        self.ended = Some(why);
        Err(io::Error::new(io::ErrorKind::TimedOut, why))
    }

    /// Fails if the client has taken nothing for too long. Looks seldom: it asks the system.
    fn expect_uptake(&mut self, now: Instant) -> io::Result<()> {
        if now < self.look_at {
            return Ok(());
        }
        self.look_at = now + self.look_time;
        match self.uptake.look(now) {
            Sight::TookAll | Sight::Takes => {
                self.blocked_since = None;
                Ok(())
            }
            Sight::TakesNothing(since) if now >= since + self.patience.write => self.end(Ended::NoProgress),
            Sight::TakesNothing(_) | Sight::Unknown => Ok(()),
        }
    }

    /// Has the connection looked at again at a moment, or before.
    fn look_again(&mut self, moment: Instant, now: Instant, context: &mut Context<'_>) {
        if moment < self.timer.deadline() {
            self.timer.as_mut().reset(moment);
        }
        while self.timer.as_mut().poll(context).is_ready() {
            self.timer.as_mut().reset(moment.min(now + self.look_time));
        }
    }

    fn wait_to_read(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let (now, phase) = (Instant::now(), self.phase.number());
        self.expect_uptake(now)?;
        if is_busy(phase) {
            // Nothing is read between the end of this request and the first byte of the next one: the clock of that time is
            // started here.
            self.look_again(now + self.look_time, now, context);
            return Ok(());
        }
        let head_since = self.head_since.filter(|(of, _)| *of == phase).map(|(_, since)| since);
        let (deadline, why) = match (head_since, self.active_at) {
            (Some(since), _) => (since + self.patience.head, Ended::SlowHead),
            (None, None) => (self.opened_at + self.patience.head, Ended::SlowHead),
            (None, Some(active_at)) => (active_at + self.idle_time(), Ended::Idle),
        };
        self.wait_until(deadline, why, context)
    }

    /// The place of one who asks nothing is worth the more the fewer there are.
    fn idle_time(&self) -> Duration {
        if self.gate.is_crowded() {
            self.patience.idle.min(CROWDED_IDLE_TIME)
        } else {
            self.patience.idle
        }
    }

    /// What came of writing: waiting for a client that takes nothing has an end. That there was room in the buffer says
    /// nothing about the client; only where the system does not tell more it must do.
    fn written(&mut self, outcome: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(bytes)) => {
                let now = Instant::now();
                self.active_at = Some(now);
                self.blocked_since = None;
                self.uptake.wrote(bytes);
                // Who sends ahead is not read from, so that nobody would look while an answer comes in small parts.
                self.expect_uptake(now)?;
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let now = Instant::now();
                self.expect_uptake(now)?;
                let since = *self.blocked_since.get_or_insert(now);
                self.wait_until(since + self.patience.write, Ended::NoProgress, context)?;
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                if buffer.filled().len() > before {
                    let (now, phase) = (Instant::now(), this.phase.number());
                    this.active_at = Some(now);
                    if this.head_since.is_none_or(|(of, _)| of != phase) {
                        this.head_since = Some((phase, now));
                    }
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                this.wait_to_read(context)?;
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(outcome, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.written(outcome, context)
    }

    /// Answers are sent from where they lie, without being copied together.
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
