//! A load of callbacks over keep-alive connections. It speaks just enough HTTP to count answers, so that what is
//! measured is the service and not the client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use httparse::Status;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Most headers of an answer.
const HEADERS_MAX: usize = 32;

/// What a connection sends, one after the other, round and round.
pub(crate) type Script = Vec<Vec<u8>>;

/// What came of a load.
pub(crate) struct Outcome {
    /// Answers in the measured time.
    pub(crate) answers: usize,
    /// The measured time.
    pub(crate) seconds: f64,
    /// Time from request to answer, sorted.
    latencies: Vec<Duration>,
}

impl Outcome {
    /// What came of requests that took these times within so many seconds.
    pub(crate) fn of(mut latencies: Vec<Duration>, length: Duration) -> Self {
        latencies.sort_unstable();
        Self {
            answers: latencies.len(),
            seconds: length.as_secs_f64(),
            latencies,
        }
    }

    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        approximate(self.answers) / self.seconds
    }

    /// Milliseconds within which so many percent of the requests were answered.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let index = self.latencies.len().saturating_sub(1) * percent / 100;
        self.latencies
            .get(index)
            .map_or(f64::NAN, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

/// How often what is compared is measured in turns.
pub(crate) const TURNS: usize = 3;

/// The turn with the middle one of the ratios: a machine's pace changes within seconds.
pub(crate) fn middle<Turn>(mut turns: Vec<Turn>, ratio: impl Fn(&Turn) -> f64) -> Turn {
    turns.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    turns.swap_remove(turns.len() / 2)
}

/// A count as a number to divide by; counts of a benchmark are far below the point where this loses anything.
pub(crate) fn approximate(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// Sends each script over a connection of its own: first to warm up, then measured.
pub(crate) async fn run(
    address: SocketAddr,
    scripts: Vec<Script>,
    warm: Duration,
    length: Duration,
) -> anyhow::Result<Outcome> {
    let begin = Instant::now() + warm;
    let end = begin + length;
    let mut connections = JoinSet::new();
    for script in scripts {
        let script = Arc::new(script);
        connections.spawn(async move { connection(address, &script, begin, end).await });
    }
    let mut latencies = Vec::new();
    while let Some(measured) = connections.join_next().await {
        latencies.extend(measured??);
    }
    Ok(Outcome::of(latencies, length))
}

/// The same at a pace that does not wait for answers: each connection sends one request `every` so often, and what comes late
/// because the answer before it was slow counts from when it was due.
pub(crate) async fn paced(
    address: SocketAddr,
    scripts: Vec<Script>,
    every: Duration,
    warm: Duration,
    length: Duration,
) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let (begin, end) = (started + warm, started + warm + length);
    let count = u32::try_from(scripts.len())?;
    let mut connections = JoinSet::new();
    for (number, script) in (0..count).zip(scripts) {
        let first = started + every * number / count;
        connections.spawn(async move { pace(address, &script, first, every, begin, end).await });
    }
    let mut latencies = Vec::new();
    while let Some(measured) = connections.join_next().await {
        latencies.extend(measured??);
    }
    Ok(Outcome::of(latencies, length))
}

async fn pace(
    address: SocketAddr,
    script: &Script,
    first: Instant,
    every: Duration,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await.context("connecting")?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 128 * 1024];
    let mut latencies = Vec::new();
    let mut due = first;
    for request in script.iter().cycle() {
        if due >= end {
            break;
        }
        tokio::time::sleep_until(due.into()).await;
        stream.write_all(request).await.context("sending")?;
        answer(&mut stream, &mut buffer).await?;
        if due >= begin {
            latencies.push(due.elapsed());
        }
        due += every;
    }
    Ok(latencies)
}

async fn connection(
    address: SocketAddr,
    script: &Script,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await.context("connecting")?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 128 * 1024];
    let mut latencies = Vec::new();
    for request in script.iter().cycle() {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        stream.write_all(request).await.context("sending")?;
        answer(&mut stream, &mut buffer).await?;
        let answered = Instant::now();
        if sent >= begin && answered <= end {
            latencies.push(answered - sent);
        }
    }
    Ok(latencies)
}

/// Reads one answer with a Content-Length, and insists on 200.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> anyhow::Result<()> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await.context("reading")?;
        ensure!(read > 0, "the connection was closed");
        filled += read;
        if length(&buffer[..filled])?.is_some_and(|length| filled >= length) {
            return Ok(());
        }
    }
}

/// How long an answer is that begins so; none as long as its head is not whole.
fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let Status::Complete(head) = response.parse(answer).context("the head cannot be read")? else {
        return Ok(None);
    };
    ensure!(response.code == Some(200), "answered {:?}", response.code);
    let mut headers = response.headers.iter();
    let length = headers.find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.context("the answer has no length")?;
    let body: usize = std::str::from_utf8(length.value)?.parse()?;
    Ok(Some(head + body))
}
