//! `registry-dev` as a person sees it: what it prints, and that it ends on Ctrl-C.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::logs;
use crate::settings::settings;
use crate::{Api, PATIENCE};

/// The last line that it prints when it is ready.
const LAST_LINE: &str = "Ctrl-C stops everything.";

/// A running `registry-dev` in a directory of its own. Killed when dropped.
pub struct Dev {
    child: Child,
    /// What it printed when it was ready.
    pub printed: String,
    /// Where the service is.
    pub base_url: String,
    /// Where the sandbox is.
    pub sandbox_url: String,
    key: String,
}

/// The addresses of the service and of the sandbox, to come back to.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Of the service.
    pub service: SocketAddr,
    /// Of the sandbox.
    pub sandbox: SocketAddr,
}

impl Addresses {
    /// Whatever is free.
    pub fn free() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            service: any,
            sandbox: any,
        }
    }
}

impl Dev {
    /// Starts it in a directory, with its files in `data` there, and waits until it is ready. Paymint's list is compared
    /// every so many seconds, the first time at some moment of as many; 0 = never.
    pub fn start(directory: &Path, nats_url: &str, at: Addresses, demo: usize, list_seconds: u32) -> Self {
        let (log, _) = logs::of_program("dev");
        let mut child = Command::new(settings().registry_dev())
            .current_dir(directory)
            .args(["--data-dir", "data", "--nats-url", nats_url])
            .args(["--listen", &at.service.to_string()])
            .args(["--sandbox-listen", &at.sandbox.to_string()])
            .args(["--demo", &demo.to_string()])
            .env_remove("DATABASE_URL")
            .env("REGISTRY_RECONCILE_LIST_SECONDS", list_seconds.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let (done, printed) = mpsc::channel();
        thread::spawn(move || {
            let mut printed = String::new();
            while !printed.trim_end().ends_with(LAST_LINE) {
                match lines.read_line(&mut printed) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
            }
            done.send(printed).ok();
            // Somebody must read on, or it would wait for room to write.
            lines.read_to_end(&mut Vec::new()).ok();
        });
        let printed = printed.recv_timeout(PATIENCE).expect("dev is ready in time");
        let after = |word: &str| {
            let line = printed.lines().find_map(|line| line.trim().strip_prefix(word));
            let value = line.and_then(|line| line.split_whitespace().next());
            value.expect("it says so").to_owned()
        };
        let key = after("API key");
        logs::secret(&key);
        Self {
            child,
            base_url: after("API"),
            sandbox_url: after("review desk").trim_end_matches("/desk").to_owned(),
            key,
            printed,
        }
    }

    /// Where it is, to be started there again.
    pub fn addresses(&self) -> Addresses {
        let address = |url: &str| url.trim_start_matches("http://").parse().expect("an address");
        Addresses {
            service: address(&self.base_url),
            sandbox: address(&self.sandbox_url),
        }
    }

    /// A client of the demo tenant.
    pub fn api(&self) -> Api {
        Api::new(self.base_url.clone(), Some(self.key.clone()))
    }

    /// A client of the sandbox.
    pub fn sandbox(&self) -> Api {
        Api::new(self.sandbox_url.clone(), None)
    }

    /// Presses Ctrl-C and waits for a clean end.
    pub fn stop(mut self) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a child has an id"), Signal::INT).expect("a child can be told");
        let status = self.child.wait().expect("a child can be waited for");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
