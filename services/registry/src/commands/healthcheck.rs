//! `registry healthcheck`: for containers, which hold no other program that could ask.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::Config;

/// A service that takes longer is not well.
const LIMIT: Duration = Duration::from_secs(3);

/// More than the readiness of a service takes.
const ANSWER_BYTES: u64 = 16 * 1024;

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let asked = timeout(LIMIT, ask(reachable(config.listen))).await;
    let answer = asked.with_context(|| format!("there was no answer within {} s", LIMIT.as_secs()))??;
    let is_ready = answer.starts_with("HTTP/1.1 200");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    say!("{}\n{body}", head.lines().next().unwrap_or_default());
    Ok(if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn ask(address: SocketAddr) -> anyhow::Result<String> {
    let asking = || format!("asking {address}");
    let mut stream = TcpStream::connect(address).await.with_context(asking)?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.with_context(asking)?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES)
        .read_to_end(&mut answer)
        .await
        .with_context(asking)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A service that listens on every address is asked at this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let own: IpAddr = if listen.is_ipv4() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        Ipv6Addr::LOCALHOST.into()
    };
    let ip = if listen.ip().is_unspecified() { own } else { listen.ip() };
    SocketAddr::new(ip, listen.port())
}
