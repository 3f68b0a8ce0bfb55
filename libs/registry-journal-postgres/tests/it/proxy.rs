//! Stands between an adapter and the server, and cuts one connection exactly at a COMMIT.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The message that commits, as it goes over the wire.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

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
    armed: Arc<AtomicU8>,
}

impl Proxy {
    /// Listens until the test ends.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let armed = Arc::new(AtomicU8::new(0));
        let to_watch = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, Arc::clone(&to_watch)));
            }
        });
        Self { address, armed }
    }

    /// The next commit is cut.
    pub fn arm(&self, cut: Cut) {
        self.armed.store(cut as u8, Ordering::SeqCst);
    }

    /// Whether it has happened.
    pub fn has_cut(&self) -> bool {
        self.armed.load(Ordering::SeqCst) == 0
    }
}

/// Until one side ends, or the connection is cut. Both sockets are closed when this returns.
async fn pass(mut client: TcpStream, server: SocketAddr, armed: Arc<AtomicU8>) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            length = client.read(&mut asked) => match length {
                Ok(length) if length > 0 => {
                    let message = &asked[..length];
                    let cut = if message.ends_with(COMMIT) { armed.swap(0, Ordering::SeqCst) } else { 0 };
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
