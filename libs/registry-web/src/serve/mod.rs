//! Connections: how they come (`listening`), how many (`gate`), how long (`watched`), whether the client takes its answers
//! (`uptake`), and how they end (`parting`).

mod gate;
mod listening;
mod parting;
mod uptake;
mod watched;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use futures::future::BoxFuture;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use registry_domain::causes;
use rustix::net::{self, SendFlags};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use gate::ConnectionPlace;
pub use gate::{Gate, GateLimits, RequestPlace, TurnedAway};
pub use listening::listen;
use parting::Parting;
use uptake::{Ends, SendQueues, Uptake};
use watched::{Patience, Phase, Watched};

/// Most bytes of one read, and of an answer in parts that wait to be sent. Heads are smaller.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// How long to rest when the system cannot give us a connection (usually because it is out of file descriptors).
const ACCEPT_FAILURE_REST: Duration = Duration::from_millis(100);

/// What is told to whoever is sent away before asking anything.
const TURNED_AWAY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How long is waited for clients, and for the end.
#[derive(Debug, Clone, Copy)]
pub struct ServeLimits {
    /// Most bytes of the request line and all headers.
    pub header_bytes_max: usize,
    /// How long these may take to arrive, and how long a new connection may ask nothing.
    pub header_read_time: Duration,
    /// How long a connection is kept between two requests.
    pub keep_alive_time: Duration,
    /// How long a client may take nothing of its answer: acknowledge none of what waits for it.
    pub write_time: Duration,
    /// How long requests in flight may take once the process is stopping.
    pub drain_time: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            header_bytes_max: 16 * 1024,
            header_read_time: Duration::from_secs(10),
            keep_alive_time: Duration::from_secs(75),
            write_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(10),
        }
    }
}

/// Why serving ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Requests were cut off because they took too long to finish.
    #[error("{connections} connections were still open when the time to finish was over")]
    Drain {
        /// How many.
        connections: usize,
    },
}

/// Serves until `stopping` fires, then takes no more connections and lets requests in flight finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    gate: Arc<Gate>,
    limits: ServeLimits,
    stopping: CancellationToken,
) -> Result<(), ServeError> {
    let connections = TaskTracker::new();
    let cut_off = CancellationToken::new();
    let queues = Arc::new(SendQueues::open());
    while let Some((stream, peer, place)) = next(&listener, &gate, &stopping).await {
        let connection = Connection {
            stream,
            peer,
            router: router.clone(),
            gate: Arc::clone(&gate),
            queues: Arc::clone(&queues),
            limits,
        };
        let (stopping, cut_off) = (stopping.clone(), cut_off.clone());
        connections.spawn(async move {
            let _place = place;
            tokio::select! {
                () = connection.run(stopping) => {}
                () = cut_off.cancelled() => {}
            }
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain_time, connections.wait())
        .await
        .is_ok()
    {
        return Ok(());
    }
    let open = connections.len();
    cut_off.cancel();
    connections.wait().await;
    Err(ServeError::Drain { connections: open })
}

/// The next connection that may come in; none when the process is stopping. Others are sent away at once: were they left
/// waiting, so would be everybody behind them.
async fn next(
    listener: &TcpListener,
    gate: &Arc<Gate>,
    stopping: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, ConnectionPlace)> {
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => match gate.connect(peer.ip()) {
                    Ok(place) => return (stream, peer, place),
                    Err(why) => turn_away(&stream, why),
                },
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(
                        error = %causes(&error),
                        "no connection could be accepted"
                    );
                    tokio::time::sleep(ACCEPT_FAILURE_REST).await;
                }
            }
        }
    };
    tokio::select! {
        accepted = accept => Some(accepted),
        () = stopping.cancelled() => None,
    }
}

/// Says so as far as that can be done without waiting, and lets the connection go.
fn turn_away(stream: &TcpStream, why: TurnedAway) {
    // What does not fit into a buffer that is empty is not worth another try. (`try_write` would wait for the news that it is.)
    let told = net::send(stream, TURNED_AWAY, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).is_ok();
    tracing::trace!(?why, told, "a connection was turned away");
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    gate: Arc<Gate>,
    queues: Arc<SendQueues>,
    limits: ServeLimits,
}

impl Connection {
    async fn run(self, stopping: CancellationToken) {
        let Self {
            stream,
            peer,
            router,
            gate,
            queues,
            limits,
        } = self;
        // Answers are small and written whole; waiting for more would only add 40 ms to some of them.
        let (Ok(()), Ok(here)) = (stream.set_nodelay(true), stream.local_addr()) else {
            return;
        };
        let uptake = Uptake::new(queues, Ends { here, there: peer });
        let patience = Patience {
            head: limits.header_read_time,
            idle: limits.keep_alive_time,
            write: limits.write_time,
        };
        let phase = Phase::default();
        let stream = Watched::new(stream, patience, phase.clone(), Arc::clone(&gate), uptake);
        let is_stranger = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_stranger);
        let service = hyper::service::service_fn(move |request| {
            handle(router.clone(), peer, request, phase.clone(), Arc::clone(&seen))
        });
        let mut connection = http1::Builder::new()
            // The stream has a clock of its own, which tells the head of a request from the time between two.
            .header_read_timeout(None)
            .timer(TokioTimer::new())
            .max_header_size(limits.header_bytes_max)
            .max_buf_size(BUFFER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let mut is_stopping = false;
        let ended = loop {
            tokio::select! {
                ended = std::future::poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
                () = stopping.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = %causes(&error), "a connection broke off");
        }
        let (stream, uptake, ended) = connection.into_parts().io.into_inner().into_parts();
        let parting = Parting {
            uptake,
            ended,
            is_stopping,
            is_stranger: is_stranger.load(Ordering::Relaxed),
        };
        if let Some(why) = parting.from(stream, limits.write_time).await {
            gate.ended(why);
        }
    }
}

fn handle(
    router: Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
    phase: Phase,
    is_stranger: Arc<AtomicBool>,
) -> BoxFuture<'static, Result<hyper::Response<AnswerBody>, Infallible>> {
    phase.begin();
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    Box::pin(async move {
        let mut response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        is_stranger.store(has_no_business(response.status()), Ordering::Relaxed);
        let place = response.extensions_mut().remove::<Arc<RequestPlace>>();
        Ok(response.map(|body| AnswerBody {
            body,
            phase,
            _place: place,
        }))
    })
}

/// Whether an answer was for somebody of whom nothing more is wanted.
fn has_no_business(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::TOO_MANY_REQUESTS
    )
}

/// The body of an answer. The request is over when it is dropped.
struct AnswerBody {
    body: Body,
    phase: Phase,
    _place: Option<Arc<RequestPlace>>,
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.phase.end();
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use futures::StreamExt as _;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpSocket;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    use super::gate::GateStats;
    use super::*;

    struct Server {
        address: SocketAddr,
        gate: Arc<Gate>,
        stopping: CancellationToken,
        task: JoinHandle<Result<(), ServeError>>,
    }

    impl Server {
        async fn start(router: Router, limits: ServeLimits) -> Self {
            Self::start_behind(router, limits, GateLimits::default()).await
        }

        async fn start_behind(router: Router, limits: ServeLimits, gate: GateLimits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let stopping = CancellationToken::new();
            let gate = Gate::new(gate, Vec::new());
            let task = tokio::spawn(serve(listener, router, Arc::clone(&gate), limits, stopping.clone()));
            Self {
                address,
                gate,
                stopping,
                task,
            }
        }

        /// Sends some bytes and reads everything until the server closes.
        async fn send(&self, bytes: &[u8]) -> String {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }

        async fn stop(self) -> Result<(), ServeError> {
            self.stopping.cancel();
            self.task.await.unwrap()
        }
    }

    fn router() -> Router {
        Router::new().route("/", get(|| async { "hello" })).route(
            "/",
            post(async |body: Body| {
                let read = axum::body::to_bytes(body, 64 * 1024).await;
                read.map_or(StatusCode::PAYLOAD_TOO_LARGE, |_whole| StatusCode::OK)
            }),
        )
    }

    #[tokio::test]
    async fn ten_megabytes_of_headers_get_a_clear_answer() {
        let server = Server::start(router(), ServeLimits::default()).await;
        let request = format!(
            "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
            "x".repeat(10 * 1024 * 1024)
        );
        let answer = server.send(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn headers_up_to_the_limit_are_taken() {
        let server = Server::start(router(), ServeLimits::default()).await;
        let request = format!(
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: {}\r\n\r\n",
            "x".repeat(16_000)
        );
        assert!(server.send(request.as_bytes()).await.ends_with("hello"));
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_sends_on_can_still_read_that_its_body_was_too_large() {
        let server = Server::start(router(), ServeLimits::default()).await;
        let length = 8 * 1024 * 1024;
        let request = format!(
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{}",
            "x".repeat(length)
        );
        let answer = server.send(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_never_finishes_its_headers_is_not_waited_for() {
        let limits = ServeLimits {
            header_read_time: Duration::from_millis(50),
            ..ServeLimits::default()
        };
        let server = Server::start(router(), limits).await;
        assert_eq!(server.send(b"GET / HTTP/1.1\r\nhost: a\r\nx: ").await, "");
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_request_in_flight_is_finished_when_the_process_stops() {
        let (arrived, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (arrived_here, go_here) = (Arc::clone(&arrived), Arc::clone(&go));
        let handler = async move || {
            arrived_here.notify_one();
            go_here.notified().await;
            "done"
        };
        let server = Server::start(Router::new().route("/", get(handler)), ServeLimits::default()).await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        arrived.notified().await;
        server.stopping.cancel();
        go.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("done"), "{answer}");
        let address = server.address;
        server.stop().await.unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_cut_off() {
        let arrived = Arc::new(Notify::new());
        let arrived_here = Arc::clone(&arrived);
        let handler = async move || {
            arrived_here.notify_one();
            std::future::pending::<&str>().await
        };
        let limits = ServeLimits {
            drain_time: Duration::from_millis(50),
            ..ServeLimits::default()
        };
        let server = Server::start(Router::new().route("/", get(handler)), limits).await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        arrived.notified().await;
        assert!(matches!(server.stop().await, Err(ServeError::Drain { connections: 1 })));
    }

    #[tokio::test]
    async fn an_idle_connection_does_not_hold_up_the_end() {
        let server = Server::start(router(), ServeLimits::default()).await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn one_connection_more_than_an_address_may_have_is_sent_away_at_once() {
        let limits = GateLimits {
            per_address_max: 1,
            ..GateLimits::default()
        };
        let server = Server::start_behind(router(), ServeLimits::default(), limits).await;
        let mut first = TcpStream::connect(server.address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut byte = [0];
        first.read_exact(&mut byte).await.unwrap();
        let answer = server.send(b"").await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert_eq!((server.gate.stats().open, server.gate.stats().refused_address), (1, 1));
        let other = TcpSocket::new_v4().unwrap();
        other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut other = other.connect(server.address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        other.write_all(request).await.unwrap();
        let mut answer = String::new();
        other.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("hello"), "another address is served: {answer}");
        drop(first);
        while server.gate.stats().open > 0 {
            tokio::task::yield_now().await;
        }
        assert!(server.send(request).await.ends_with("hello"), "there is room again");
        server.stop().await.unwrap();
    }

    /// Opens a connection whose client takes little, sends a request, and never reads the answer.
    async fn ask_and_never_read(server: &Server) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let mut stream = socket.connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        stream
    }

    async fn until(server: &Server, reached: impl Fn(GateStats) -> bool) {
        let wait = async {
            while !reached(server.gate.stats()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_not_waited_for() {
        let limits = ServeLimits {
            write_time: Duration::from_millis(200),
            ..ServeLimits::default()
        };
        let whole = get(|| async { Bytes::from(vec![b'x'; 32 * 1024 * 1024]) });
        let endless = get(|| async {
            let chunk = || Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 16 * 1024]));
            Body::from_stream(futures::stream::repeat_with(chunk))
        });
        for answer in [whole, endless] {
            let server = Server::start(Router::new().route("/", answer), limits).await;
            let stream = ask_and_never_read(&server).await;
            until(&server, |stats| stats.ended_no_progress == 1).await;
            until(&server, |stats| stats.open == 0).await;
            drop(stream);
            server.stop().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_client_that_reads_slowly_is_waited_for() {
        let limits = ServeLimits {
            write_time: Duration::from_millis(500),
            ..ServeLimits::default()
        };
        let whole = get(|| async { Bytes::from(vec![b'x'; 16 * 1024 * 1024]) });
        let server = Server::start(Router::new().route("/", whole), limits).await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut buffer = vec![0; 64 * 1024];
        let mut read = 0;
        // Longer than a client may do nothing, all in all.
        while read < 16 * 1024 * 1024 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            read += stream.read(&mut buffer).await.unwrap();
        }
        assert_eq!(server.gate.stats().ended_no_progress, 0);
        drop(stream);
        server.stop().await.unwrap();
    }

    /// Little by little, each part long before a buffer is full; or once and never again; or to one who asks ahead, so that
    /// nothing is read from him meanwhile.
    #[tokio::test]
    async fn a_client_that_acknowledges_nothing_is_not_waited_for_until_the_buffer_is_full() {
        let limits = ServeLimits {
            write_time: Duration::from_millis(300),
            ..ServeLimits::default()
        };
        let drops = || {
            futures::stream::unfold((), async |()| {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1024])), ()))
            })
        };
        let once = || {
            let part = Ok::<_, Infallible>(Bytes::from(vec![b'x'; 256 * 1024]));
            futures::stream::iter([part]).chain(futures::stream::pending())
        };
        let router = Router::new()
            .route("/", get(move || async move { Body::from_stream(drops()) }))
            .route("/once", get(move || async move { Body::from_stream(once()) }));
        let ahead = "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n";
        for request in [
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
            "GET /once HTTP/1.1\r\nhost: a\r\n\r\n",
            ahead,
        ] {
            let server = Server::start(router.clone(), limits).await;
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4 * 1024).unwrap();
            let mut stream = socket.connect(server.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            until(&server, |stats| stats.ended_no_progress == 1).await;
            until(&server, |stats| stats.open == 0).await;
            drop(stream);
            server.stop().await.unwrap();
        }
    }

    /// A stream on which nothing is sent is no stream that nobody reads.
    #[tokio::test]
    async fn a_quiet_answer_is_waited_for() {
        let limits = ServeLimits {
            write_time: Duration::from_millis(50),
            ..ServeLimits::default()
        };
        let quiet = get(|| async {
            let part = Ok::<_, Infallible>(Bytes::from_static(b"first"));
            let later = futures::stream::once(async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(Bytes::from_static(b"last"))
            });
            Body::from_stream(futures::stream::iter([part]).chain(later))
        });
        let server = Server::start(Router::new().route("/", quiet), limits).await;
        let answer = server
            .send(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await;
        assert!(answer.contains("last"), "{answer}");
        server.stop().await.unwrap();
    }

    /// With a small window the system's buffer stays full for longer than a client may take nothing: what it has acknowledged
    /// counts, while the answer is written and when the connection has ended.
    #[tokio::test]
    async fn a_client_with_a_small_window_is_waited_for() {
        const ANSWER: usize = 8 * 1024 * 1024;
        let limits = ServeLimits {
            write_time: Duration::from_secs(1),
            ..ServeLimits::default()
        };
        let whole = get(|| async { Bytes::from(vec![b'x'; ANSWER]) });
        let server = Server::start(Router::new().route("/", whole), limits).await;
        let ask_and_read_slowly = async |last: &str| {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(128 * 1024).unwrap();
            let mut stream = socket.connect(server.address).await.unwrap();
            let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: {last}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut buffer = vec![0; 64 * 1024];
            let (began, mut read) = (Instant::now(), 0);
            // Slowly for four times as long as it may take nothing; then all that is left.
            while read < ANSWER {
                if began.elapsed() < 4 * limits.write_time {
                    tokio::time::sleep(Duration::from_millis(150)).await;
                }
                let taken = stream.read(&mut buffer).await.unwrap();
                assert!(taken > 0, "it was let go after {read} bytes");
                read += taken;
            }
        };
        futures::join!(ask_and_read_slowly("keep-alive"), ask_and_read_slowly("close"));
        assert_eq!(server.gate.stats().ended_no_progress, 0);
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn an_idle_connection_is_kept_for_longer_than_headers_may_take() {
        let limits = ServeLimits {
            header_read_time: Duration::from_millis(100),
            keep_alive_time: Duration::from_millis(600),
            ..ServeLimits::default()
        };
        let server = Server::start(router(), limits).await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let mut answer = [0; 256];
        for _ in 0..2 {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
            assert!(stream.read(&mut answer).await.unwrap() > 0);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert_eq!(stream.read(&mut answer).await.unwrap(), 0, "in the end it is closed");
        assert_eq!(server.gate.stats().ended_idle, 1);
        // The next head of a connection that is kept may not take longer than the first one.
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut answer).await.unwrap() > 0);
        stream.write_all(b"GET / HTTP").await.unwrap();
        let began = Instant::now();
        assert_eq!(stream.read(&mut answer).await.unwrap_or_default(), 0);
        assert!(began.elapsed() < Duration::from_millis(500));
        assert_eq!(server.gate.stats().ended_slow_head, 1);
        server.stop().await.unwrap();
    }
}
