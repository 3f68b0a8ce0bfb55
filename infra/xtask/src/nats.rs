//! A nats-server of our own, with JetStream, for as long as the handle lives: on a port that was free, or on a known one.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
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

/// Which port a server gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// Any that is free.
    Any,
    /// This one, so that people can know it beforehand; another one if it is taken.
    Usually(u16),
}

impl Port {
    /// What nats-server is told: the number, or -1 for any.
    fn choose(self) -> String {
        match self {
            Self::Usually(port) if is_free(port) => port.to_string(),
            Self::Usually(port) => {
                eprintln!("xtask: port {port} is taken; NATS gets another one");
                "-1".to_owned()
            }
            Self::Any => "-1".to_owned(),
        }
    }
}

/// Whether a server can listen there now.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A nats-server that we started. Dropping it ends it at once; [`NatsServer::stop`] lets it finish writing.
pub struct NatsServer {
    process: Process,
    url: String,
    reported: bool,
}

impl NatsServer {
    /// Starts the server with its streams in `store` and its log in the file `log`, and waits until it answers.
    pub fn start(binary: &Path, port: Port, store: &Path, log: &Path, interruption: &Interruption) -> Result<Self> {
        fs::create_dir_all(store).with_context(|| format!("creating {}", store.display()))?;
        // The server tells its port in a file here. One that it chooses itself no other program can take in between.
        let ports = TempDir::with_prefix("nats-ports-").context("creating a directory for the server's ports")?;
        let mut command = Command::new(binary);
        command.args([
            "--addr",
            "127.0.0.1",
            "--port",
            &port.choose(),
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::Port;

    #[test]
    fn a_port_that_is_known_beforehand_is_taken_unless_somebody_has_it() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = other.local_addr().unwrap().port();
        assert_eq!(Port::Usually(port).choose(), "-1");
        drop(other);
        assert_eq!(Port::Usually(port).choose(), port.to_string());
        assert_eq!(Port::Any.choose(), "-1");
    }
}
