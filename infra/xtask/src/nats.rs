//! A nats-server of our own: on a port that was free, with JetStream, for as long as the handle lives.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Interruption, POLL, Process};

/// From start to the first answer. Reading back a large store takes its time.
const START_LIMIT: Duration = Duration::from_mins(1);

/// For connecting to it and reading its greeting.
const GREETING_LIMIT: Duration = Duration::from_secs(5);

/// The greeting is one line of about 500 bytes.
const GREETING_BYTES: u64 = 64 * 1024;

/// Size at which the server starts a new log file, in bytes.
const LOG_BYTES: &str = "10485760";

/// A nats-server that we started. Dropping it ends it at once; [`NatsServer::stop`] lets it finish writing.
pub struct NatsServer {
    process: Process,
    url: String,
    reported: bool,
}

impl NatsServer {
    /// Starts the server with its streams in `store` and its log in the file `log`, and waits until it answers.
    pub fn start(binary: &Path, store: &Path, log: &Path, interruption: &Interruption) -> Result<Self> {
        fs::create_dir_all(store).with_context(|| format!("creating {}", store.display()))?;
        // The server chooses the port and tells it in a file here: no other program can take it in between.
        let ports = TempDir::with_prefix("nats-ports-").context("creating a directory for the server's ports")?;
        let mut command = Command::new(binary);
        command.args([
            "--addr",
            "127.0.0.1",
            "--port",
            "-1",
            "--jetstream",
            "--log_size_limit",
            LOG_BYTES,
        ]);
        command
            .arg("--store_dir")
            .arg(store)
            .arg("--log")
            .arg(log)
            .arg("--ports_file_dir")
            .arg(ports.path());
        command.stdout(Stdio::null());
        command.stderr(Stdio::null());
        let mut process = Process::start("nats-server", &mut command)?;
        let address = wait_for_address(&mut process, ports.path(), interruption)
            .with_context(|| format!("nats-server did not come up (its log is {})", log.display()))?;
        expect_greeting(address).with_context(|| format!("asking {address} whether it is a nats-server"))?;
        Ok(Self {
            process,
            url: format!("nats://{address}"),
            reported: false,
        })
    }

    /// Where clients connect to: `nats://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says on standard error, once, that the server is gone, if it is.
    pub fn report_end(&mut self) {
        if !self.reported && matches!(self.process.ended(), Ok(Some(_))) {
            self.reported = true;
            eprintln!("xtask: nats-server ended by itself; going on without it");
        }
    }

    /// Ends the server in good order.
    pub fn stop(mut self) -> Result<()> {
        self.process.stop(Signal::TERM)?;
        Ok(())
    }
}

fn wait_for_address(process: &mut Process, ports: &Path, interruption: &Interruption) -> Result<SocketAddr> {
    let started = Instant::now();
    while started.elapsed() < START_LIMIT {
        interruption.check()?;
        if let Some(status) = process.ended()? {
            bail!("it ended with {status}");
        }
        if let Some(address) = read_ports(ports)? {
            return Ok(address);
        }
        thread::sleep(POLL);
    }
    bail!("it did not tell its port within {} s", START_LIMIT.as_secs());
}

/// The address in the ports file, `{"nats":["nats://127.0.0.1:4222"]}`. A file still being written reads as none.
fn read_ports(directory: &Path) -> Result<Option<SocketAddr>> {
    let Some(entry) = fs::read_dir(directory)?.next() else {
        return Ok(None);
    };
    let Ok(ports) = serde_json::from_slice::<Value>(&fs::read(entry?.path())?) else {
        return Ok(None);
    };
    let address = ports
        .pointer("/nats/0")
        .and_then(Value::as_str)
        .and_then(|url| url.strip_prefix("nats://"));
    let address = address.with_context(|| format!("no client address in the server's ports file: {ports}"))?;
    Ok(Some(
        address
            .parse()
            .with_context(|| format!("{address} is not an address"))?,
    ))
}

/// A nats-server greets every client with a line that starts with `INFO`.
fn expect_greeting(address: SocketAddr) -> Result<()> {
    let stream = TcpStream::connect_timeout(&address, GREETING_LIMIT)?;
    stream.set_read_timeout(Some(GREETING_LIMIT))?;
    let mut greeting = String::new();
    BufReader::new(stream.take(GREETING_BYTES)).read_line(&mut greeting)?;
    if !greeting.starts_with("INFO ") {
        bail!("it does not greet like one");
    }
    Ok(())
}
