//! Whoever takes messages: a program over HTTP, and a mail server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::PATIENCE;

/// Messages with numbers that nobody waits for.
const CHUNKS: usize = 4_096;

/// How a receiver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It takes everything.
    Takes,
    /// It answers with this status and some words.
    Answers(u16),
    /// It never answers.
    Hangs,
    /// It sends to another place of its own.
    Redirects,
    /// It answers with more than anybody wants to read.
    Floods,
}

/// A message that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Where it went.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Received {
    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("there is a {name}"));
        value.to_str().expect("it is a text")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }
}

/// A program that takes messages.
pub struct TestReceiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    _serving: AbortOnDropHandle<()>,
}

struct Shared {
    manner: Mutex<Manner>,
    received: watch::Sender<Vec<Received>>,
}

impl TestReceiver {
    /// One that takes everything.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            manner: Mutex::new(Manner::Takes),
            received: watch::Sender::new(Vec::new()),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self {
            address,
            shared,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// Where it takes messages.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// From now on it behaves like this.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// What has come so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// What has come once it is so much.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_until(|received| received.len() >= count).await
    }

    /// What has come once it is enough.
    pub async fn wait_until(&self, is_enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let mut receiver = self.shared.received.subscribe();
        let waited = tokio::time::timeout(PATIENCE, receiver.wait_for(|received| is_enough(received))).await;
        let found = waited.unwrap_or_else(|_| panic!("it comes; what came: {:?}", self.received()));
        found.expect("it lives").clone()
    }
}

async fn take(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    shared.received.send_modify(|received| {
        received.push(Received {
            path: uri.path().to_owned(),
            headers,
            body,
        });
    });
    let manner = *shared.manner.lock().unwrap_or_else(PoisonError::into_inner);
    match manner {
        Manner::Takes => StatusCode::NO_CONTENT.into_response(),
        Manner::Answers(status) => {
            let status = StatusCode::from_u16(status).expect("it is a status");
            (status, "no, \0thank you").into_response()
        }
        Manner::Hangs => std::future::pending().await,
        Manner::Redirects => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        Manner::Floods => {
            let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
            let chunks = stream::iter((0..CHUNKS).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
            Body::from_stream(chunks).into_response()
        }
    }
}

/// A mail server that takes everything.
pub struct TestMailServer {
    address: SocketAddr,
    mails: watch::Sender<Vec<TestMail>>,
    _serving: AbortOnDropHandle<()>,
}

/// A mail that came.
#[derive(Debug, Clone, Default)]
pub struct TestMail {
    /// To whom.
    pub to: Vec<String>,
    /// All of it, as it was sent.
    pub text: String,
}

impl TestMailServer {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let mails = watch::Sender::new(Vec::new());
        let of_all = mails.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mails = of_all.clone();
                tokio::spawn(async move { serve_mail(stream, &mails).await.ok() });
            }
        });
        Self {
            address,
            mails,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// What has come so far.
    pub fn mails(&self) -> Vec<TestMail> {
        self.mails.borrow().clone()
    }

    /// What has come once it is so much.
    pub async fn wait_for(&self, count: usize) -> Vec<TestMail> {
        let mut receiver = self.mails.subscribe();
        let waited = tokio::time::timeout(PATIENCE, receiver.wait_for(|mails| mails.len() >= count)).await;
        let found = waited.unwrap_or_else(|_| panic!("it comes; what came: {:?}", self.mails()));
        found.expect("it lives").clone()
    }
}

async fn serve_mail(stream: TcpStream, mails: &watch::Sender<Vec<TestMail>>) -> std::io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 sink\r\n").await?;
    let mut mail = TestMail::default();
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match line.get(..4).unwrap_or(&line).to_ascii_uppercase().as_str() {
            "RCPT" => {
                mail.to.push(line);
                b"250 ok\r\n"
            }
            "DATA" => {
                writing.write_all(b"354 go\r\n").await?;
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    mail.text.push_str(&line);
                    mail.text.push('\n');
                }
                let mail = std::mem::take(&mut mail);
                mails.send_modify(|mails| mails.push(mail));
                b"250 taken\r\n"
            }
            "QUIT" => {
                writing.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        writing.write_all(answer).await?;
    }
    Ok(())
}

/// Longer than it takes the courier to look twice: nothing came meanwhile that comes later.
pub const QUIET: Duration = Duration::from_millis(2_500);
