//! Connections: how many, how long, and how they end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use registry_journal::causes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Most bytes that are read and dropped from a client whose request was turned away half-way.
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long such a client may go on sending.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// How long to rest when the system cannot give us a connection (usually because it is out of file descriptors).
const ACCEPT_FAILURE_REST: Duration = Duration::from_millis(100);

/// Limits of the connections.
#[derive(Debug, Clone, Copy)]
pub struct ServeLimits {
    /// Most connections that are open at once. Further ones wait in the system's queue.
    pub connections_max: usize,
    /// Most bytes of the request line and all headers.
    pub header_bytes_max: usize,
    /// How long these may take to arrive; also how long an idle connection is kept.
    pub header_read_time: Duration,
    /// How long requests in flight may take once the process is stopping.
    pub drain_time: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            header_bytes_max: 16 * 1024,
            header_read_time: Duration::from_secs(10),
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
    limits: ServeLimits,
    stopping: CancellationToken,
) -> Result<(), ServeError> {
    let permits = Arc::new(Semaphore::new(limits.connections_max));
    let connections = TaskTracker::new();
    let cut_off = CancellationToken::new();
    while let Some((stream, peer, permit)) = next(&listener, &permits, &stopping).await {
        let connection = Connection {
            stream,
            peer,
            router: router.clone(),
            limits,
        };
        let (stopping, cut_off) = (stopping.clone(), cut_off.clone());
        connections.spawn(async move {
            let _permit = permit;
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

/// The next connection, once there is room for it; none when the process is stopping.
async fn next(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    stopping: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let accept = async {
        loop {
            // Never closed, so there is always a permit in the end.
            let permit = Arc::clone(permits).acquire_owned().await.ok()?;
            match listener.accept().await {
                Ok((stream, peer)) => return Some((stream, peer, permit)),
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
        accepted = accept => accepted,
        () = stopping.cancelled() => None,
    }
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
    limits: ServeLimits,
}

impl Connection {
    async fn run(self, stopping: CancellationToken) {
        let Self {
            stream,
            peer,
            router,
            limits,
        } = self;
        // Answers are small and written whole; waiting for more would only add 40 ms to some of them.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let service = hyper::service::service_fn(move |request| handle(router.clone(), peer, request));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_read_time)
            .max_header_size(limits.header_bytes_max)
            .serve_connection(TokioIo::new(stream), service);
        let mut is_stopping = false;
        let ended = loop {
            tokio::select! {
                ended = std::future::poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
                () = stopping.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = %causes(&error), "a connection broke off");
        }
        if !is_stopping {
            linger(connection.into_parts().io.into_inner()).await;
        }
    }
}

fn handle(
    router: Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> BoxFuture<'static, Result<Response, Infallible>> {
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    Box::pin(router.oneshot(request))
}

/// Closes a connection so that the client can read its answer. Closing while the client still sends would make the
/// system take the answer back (RFC 9112, 9.6), and a request that was too large would look like a network failure.
async fn linger(mut stream: TcpStream) {
    let drain = async {
        stream.shutdown().await?;
        let mut dropped = 0;
        let mut buffer = vec![0; 16 * 1024];
        while dropped < LINGER_BYTES_MAX {
            match stream.read(&mut buffer).await? {
                0 => break,
                read => dropped += read,
            }
        }
        io::Result::Ok(())
    };
    // Whatever goes wrong here, the connection is over.
    if let Ok(Err(error)) = tokio::time::timeout(LINGER_TIME, drain).await {
        tracing::trace!(
            error = %causes(&error),
            "a connection did not close cleanly"
        );
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;

    struct Server {
        address: SocketAddr,
        stopping: CancellationToken,
        task: JoinHandle<Result<(), ServeError>>,
    }

    impl Server {
        async fn start(router: Router, limits: ServeLimits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let stopping = CancellationToken::new();
            let task = tokio::spawn(serve(listener, router, limits, stopping.clone()));
            Self {
                address,
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
            post(async |body: Body| crate::body::read(body).await.map(|_| "taken")),
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
    async fn one_connection_more_than_allowed_waits_for_its_turn() {
        let limits = ServeLimits {
            connections_max: 1,
            ..ServeLimits::default()
        };
        let server = Server::start(router(), limits).await;
        let mut first = TcpStream::connect(server.address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut byte = [0];
        first.read_exact(&mut byte).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        let mut second = Box::pin(server.send(request));
        let early = tokio::time::timeout(Duration::from_millis(50), &mut second).await;
        assert!(early.is_err(), "the second connection was served beside the first");
        drop(first);
        assert!(second.await.ends_with("hello"));
        server.stop().await.unwrap();
    }
}
