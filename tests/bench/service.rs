//! Programs in processes of their own: the real one, and the bare ones that it is compared with.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::installation::Installation;

/// What the service uses by default.
pub(crate) const GROUPED: usize = 1_000;

/// The same for merchants that are remembered.
pub(crate) const REMEMBERED: usize = 16_384;

/// In what the kernel counts time that it tells programs, on every machine that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Longest wait for a program to be ready.
const READY_LIMIT: Duration = Duration::from_mins(1);

/// How often, and how long after each other, a service that idles is asked whether it is ready.
const IDLE_ASKS: u32 = 30;
const IDLE_INTERVAL: Duration = Duration::from_millis(100);

/// A running server program. Killed when dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) ready_after: Duration,
}

/// How the registry is started.
pub(crate) struct Start<'a> {
    pub(crate) batch_length_max: usize,
    pub(crate) remembered_max: usize,
    pub(crate) nats_url: Option<&'a str>,
    pub(crate) calls_per_second: u32,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Self {
            batch_length_max: GROUPED,
            remembered_max: REMEMBERED,
            nats_url: None,
            calls_per_second: 10,
        }
    }
}

impl Service {
    /// Starts `registry serve` on an installation and waits until it says that it is ready.
    pub(crate) async fn start(installation: &Installation, start: Start<'_>) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = registry(installation)?;
        command
            .arg("serve")
            .env("REGISTRY_LISTEN", address.to_string())
            .env("REGISTRY_SENDER_MODE", "off")
            // The whole load comes from one address.
            .env("REGISTRY_CONNECTIONS_PER_ADDRESS_MAX", "4096")
            // One key asks as fast as it can.
            .env("REGISTRY_CALLER_REQUESTS_PER_SECOND", "100000")
            .env("REGISTRY_TENANT_REQUESTS_PER_SECOND", "100000")
            .env("REGISTRY_BATCH_LENGTH_MAX", start.batch_length_max.to_string())
            .env("REGISTRY_REMEMBERED_MERCHANTS_MAX", start.remembered_max.to_string())
            // A list of ten thousand would be a measurement of its own.
            .env("REGISTRY_RECONCILE_LIST_SECONDS", "0")
            .env(
                "REGISTRY_RECONCILE_CALLS_PER_SECOND",
                start.calls_per_second.to_string(),
            );
        if let Some(url) = start.nats_url {
            command.env("NATS_URL", url);
        }
        Self::run(command, address).await
    }

    /// Starts this very program as one of the bare servers of [`crate::bare`].
    pub(crate) async fn bare(arguments: &[&str]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").arg(address.to_string()).args(arguments);
        Self::run(command, address).await
    }

    async fn run(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).spawn().context("starting a server")?;
        let mut service = Self {
            child,
            address,
            ready_after: Duration::ZERO,
        };
        service.wait_until_ready(started).await?;
        Ok(service)
    }

    async fn wait_until_ready(&mut self, started: Instant) -> anyhow::Result<()> {
        while started.elapsed() < READY_LIMIT {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended: {status}");
            }
            if get(self.address, "/readyz").await.is_ok() {
                self.ready_after = started.elapsed();
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("the server did not become ready")
    }

    /// Lets it stand as it stands behind a balancer, which asks it again and again and does nothing else. What starting took the
    /// allocator gives back with the first thing that it has to do a second later.
    pub(crate) async fn idle(&self) -> anyhow::Result<()> {
        for _ in 0..IDLE_ASKS {
            tokio::time::sleep(IDLE_INTERVAL).await;
            get(self.address, "/readyz").await?;
        }
        Ok(())
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

    /// The time of processors that it has taken since its start, in seconds.
    pub(crate) fn processor_seconds(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may have blanks: user and system time are the 14th and 15th field of all.
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let mut fields = fields.split_whitespace().skip(11);
        let (user, system): (f64, f64) = (
            fields.next().context("no user time")?.parse()?,
            fields.next().context("no system time")?.parse()?,
        );
        Ok((user + system) / TICKS_PER_SECOND)
    }

    /// How many commands one transaction held, on average, since the start.
    pub(crate) async fn commands_in_a_batch(&self) -> anyhow::Result<f64> {
        let metrics = get(self.address, "/metrics").await?;
        let number = |name: &str| -> anyhow::Result<f64> {
            let line = metrics.lines().find(|line| {
                let metric = line.split(' ').next().unwrap_or_default();
                metric.strip_suffix("_total").unwrap_or(metric).ends_with(name)
            });
            let value = line.and_then(|line| line.rsplit(' ').next());
            Ok(value.with_context(|| format!("no metric {name}"))?.parse()?)
        };
        Ok(number("writer_commands")? / number("writer_batches")?.max(1.0))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; its data goes anyway.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The real program, told where an installation is and nothing else.
pub(crate) fn registry(installation: &Installation) -> anyhow::Result<Command> {
    let mut command = Command::new(program()?);
    command
        .env("REGISTRY_DATA_DIR", &installation.config.data_dir)
        .env("REGISTRY_LOG", "warn")
        .env_remove("NATS_URL");
    match &installation.config.database_url {
        Some(url) => command.env("DATABASE_URL", url),
        None => command.env_remove("DATABASE_URL"),
    };
    Ok(command)
}

/// An API key of a tenant that may do everything, made by the real program.
pub(crate) fn api_key(installation: &Installation, slug: &str) -> anyhow::Result<String> {
    let made = registry(installation)?
        .args(["key", "create", "--tenant", slug, "--name", "bench", "--all-scopes"])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(made.status.success(), "no key was made: {}", made.status);
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
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

/// What a server answers, with its head, if it is 200.
async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{path} is not there");
    Ok(answer)
}
