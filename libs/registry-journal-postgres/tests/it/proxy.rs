//! Stands between an adapter and the server, and cuts one connection exactly where it commits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The message that commits, as it goes over the wire.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// How a message begins that binds values to a prepared statement.
const BIND: u8 = b'B';

/// How a message begins that begins a transaction.
const BEGIN: &[u8] = b"BEGIN";

/// What the values of a callback's events hold.
const EVENT_TYPE: &[u8] = b"callback.received";

/// What commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committing {
    /// A COMMIT.
    ByCommit,
    /// A statement that writes events and is in no transaction.
    ByItself,
}

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    /// The server never hears of the commit.
    BeforeCommit = 1,
    /// The server commits; its answer is lost.
    AfterAnswer = 2,
    /// The server is told to commit; nobody waits for its answer.
    WhileCommitting = 3,
}

/// Passes everything on, until it is armed.
pub struct Proxy {
    /// Where to connect to instead of the server.
    pub address: SocketAddr,
    armed: Arc<Armed>,
}

/// Where the next connection is cut.
#[derive(Default)]
struct Armed {
    cut: AtomicU8,
    by_itself: AtomicBool,
}

impl Armed {
    /// How to cut at this message, or 0.
    fn at(&self, message: &[u8], in_transaction: bool) -> u8 {
        let holds = |wanted: &[u8]| message.windows(wanted.len()).any(|window| window == wanted);
        let commits = if self.by_itself.load(Ordering::SeqCst) {
            message.starts_with(&[BIND]) && !in_transaction && holds(EVENT_TYPE)
        } else {
            message.ends_with(COMMIT)
        };
        if commits { self.cut.swap(0, Ordering::SeqCst) } else { 0 }
    }
}

impl Proxy {
    /// Listens until the test ends.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let armed = Arc::new(Armed::default());
        let to_watch = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, Arc::clone(&to_watch)));
            }
        });
        Self { address, armed }
    }

    /// The next commit is cut.
    pub fn arm(&self, cut: Cut, how: Committing) {
        self.armed
            .by_itself
            .store(how == Committing::ByItself, Ordering::SeqCst);
        self.armed.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// Whether it has happened.
    pub fn has_cut(&self) -> bool {
        self.armed.cut.load(Ordering::SeqCst) == 0
    }
}

/// Until one side ends, or the connection is cut. Both sockets are closed when this returns.
async fn pass(mut client: TcpStream, server: SocketAddr, armed: Arc<Armed>) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let mut in_transaction = false;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            length = client.read(&mut asked) => match length {
                Ok(length) if length > 0 => {
                    let message = &asked[..length];
                    in_transaction |= message.windows(BEGIN.len()).any(|window| window == BEGIN);
                    let cut = armed.at(message, in_transaction);
                    in_transaction &= !message.ends_with(COMMIT);
                    if cut == Cut::BeforeCommit as u8 || server.write_all(message).await.is_err() {
                        return;
                    }
                    if cut == Cut::AfterAnswer as u8 {
                        // The test fails if the server had nothing to say.
                        let _answer = server.read(&mut answered).await;
                        return;
                    }
                    if cut == Cut::WhileCommitting as u8 {
                        return;
                    }
                }
                _ => return,
            },
            length = server.read(&mut answered) => match length {
                Ok(length) if length > 0 && client.write_all(&answered[..length]).await.is_ok() => {}
                _ => return,
            },
        }
    }
}
