//! The real program, in a process of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A running `registry serve`. Killed when dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) ready_after: Duration,
}

impl Service {
    /// Starts it on a data directory and waits until it says that it is ready.
    pub(crate) async fn start(data_dir: &Path, batch_length_max: usize) -> anyhow::Result<Self> {
        let address = free_address()?;
        let started = Instant::now();
        let child = Command::new(program()?)
            .arg("serve")
            .env("REGISTRY_DATA_DIR", data_dir)
            .env("REGISTRY_LISTEN", address.to_string())
            .env("REGISTRY_LOG", "warn")
            .env("REGISTRY_SENDER_MODE", "off")
            .env("REGISTRY_BATCH_LENGTH_MAX", batch_length_max.to_string())
            .env_remove("DATABASE_URL")
            .env_remove("NATS_URL")
            .stdin(Stdio::null())
            .spawn()
            .context("starting the registry")?;
        let mut service = Self {
            child,
            address,
            ready_after: Duration::ZERO,
        };
        service.wait_until_ready(started).await?;
        Ok(service)
    }

    async fn wait_until_ready(&mut self, started: Instant) -> anyhow::Result<()> {
        while started.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the registry ended: {status}");
            }
            if is_ready(self.address).await {
                self.ready_after = started.elapsed();
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("the registry did not become ready")
    }

    /// Resident memory, in MiB.
    pub(crate) fn resident_mebibytes(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .context("no VmRSS")?;
        let kibibytes: f64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
        Ok(kibibytes / 1024.0)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; the data directory goes anyway.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn program() -> anyhow::Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name("registry");
    ensure!(
        beside.exists(),
        "{} is not there; run cargo xtask bench",
        beside.display()
    );
    Ok(beside)
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return false;
    };
    let asked = stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).await.is_ok() && answer.starts_with("HTTP/1.1 200")
}
