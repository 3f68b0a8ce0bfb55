//! Bytes on a connection, for what no well-behaved client sends.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

use crate::PATIENCE;
use crate::api::within;

/// A connection.
pub struct Connection {
    reading: OwnedReadHalf,
    writing: OwnedWriteHalf,
}

impl Connection {
    /// Connects to a service by its base URL.
    pub async fn open(base: &str) -> Self {
        let address = base.strip_prefix("http://").expect("a base URL");
        let stream = TcpStream::connect(address).await.expect("the service listens");
        Self::over(stream)
    }

    /// Connects from one of the many addresses of this machine. `buffer`: bytes that the system takes in for us, for who does
    /// not want to read much.
    pub async fn open_from(base: &str, from: IpAddr, buffer: Option<u32>) -> io::Result<Self> {
        let address = base.strip_prefix("http://").and_then(|address| address.parse().ok());
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.bind((from, 0).into())?;
        let stream = socket.connect(address.expect("a base URL")).await?;
        Ok(Self::over(stream))
    }

    fn over(stream: TcpStream) -> Self {
        let (reading, writing) = stream.into_split();
        Self { reading, writing }
    }

    /// Sends bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writing.write_all(bytes).await
    }

    /// Reads until what came contains a text; an error if the service closes before.
    pub async fn read_until(&mut self, text: &str) -> io::Result<()> {
        let mut seen = Vec::new();
        let mut buffer = [0; 4 * 1024];
        while !String::from_utf8_lossy(&seen).contains(text) {
            match self.reading.read(&mut buffer).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => seen.extend_from_slice(&buffer[..length]),
            }
        }
        Ok(())
    }

    /// Sends everything, as far as the service takes it, and reads until it closes the connection.
    pub async fn exchange(mut self, bytes: &[u8]) -> String {
        let write = async {
            // The service may close while we still send; what it said is read beside.
            self.writing.write_all(bytes).await.ok();
            self.writing
        };
        let both = async { tokio::join!(write, read_all(self.reading)) };
        let (_open, answer) = within(PATIENCE, Box::pin(both)).await;
        answer
    }

    /// Sends the first bytes at once and then one byte at a time, until the service has had enough.
    pub async fn drip(mut self, first: &[u8], pause: Duration) -> String {
        let write = async {
            let mut is_open = self.writing.write_all(first).await.is_ok();
            while is_open {
                tokio::time::sleep(pause).await;
                is_open = self.writing.write_all(b" ").await.is_ok();
            }
        };
        let read = async {
            let mut answer = Vec::new();
            let mut buffer = [0; 1024];
            // A service that has answered need not wait for the rest.
            let length = self.reading.read(&mut buffer).await.unwrap_or_default();
            answer.extend_from_slice(&buffer[..length]);
            String::from_utf8_lossy(&answer).into_owned()
        };
        within(PATIENCE, async {
            tokio::select! {
                answer = read => answer,
                () = write => String::new(),
            }
        })
        .await
    }
}

async fn read_all(mut reading: OwnedReadHalf) -> String {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    // A connection that is reset ends here too.
    while let Ok(length @ 1..) = reading.read(&mut buffer).await {
        answer.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
