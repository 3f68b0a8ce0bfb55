//! A PostgreSQL server of our own: an empty cluster in a temporary directory, on a free port of the loopback interface,
//! for as long as the handle lives.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Interruption, POLL, Process, output, run};

/// Making an empty cluster takes seconds; on a busy small machine with real flushes it may take more.
const MAKE_LIMIT: Duration = Duration::from_mins(2);

/// From start to ready. There is nothing to recover.
const START_LIMIT: Duration = Duration::from_mins(1);

/// How often a port that was free may be taken by somebody else before the server has it.
const PORT_ATTEMPTS: u32 = 5;

/// The name of the superuser in every cluster.
const SUPERUSER: &str = "postgres";

/// Who runs the server when we are root, by preference. PostgreSQL refuses to run as root.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// How much of the log an error quotes, in lines.
const QUOTED_LINES: usize = 5;

/// What holds whatever the server is for, and whatever its settings file says.
const SETTINGS: [(&str, &str); 3] = [
    ("listen_addresses", "127.0.0.1"),
    // Nobody needs a socket, and its path would have to be shorter than temporary directories sometimes are.
    ("unix_socket_directories", ""),
    // Tests run in parallel, each with a database and a pool of its own; the bench opens 256 at once.
    ("max_connections", "300"),
];

/// Tests kill servers, never the machine: what a process has handed to the system outlives it without any flush.
const FAST: [(&str, &str); 3] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    // Hundreds of small databases are made and dropped: nothing is gained by visiting them.
    ("autovacuum_naptime", "10min"),
];

/// What a real installation has: figures are to be those of it.
const INSTALLED: &str = include_str!("../../postgres/postgresql.conf");

/// Whether a commit outlives the machine.
#[derive(Clone, Copy)]
pub enum Durability {
    /// It does, with the settings of a real installation: for measuring.
    Durable,
    /// It outlives the server, but not the machine. All else is as PostgreSQL has it: for tests.
    Fast,
}

/// A server that we started, and its data. Dropping it ends the one and removes the other.
pub struct PostgresServer {
    process: Process,
    port: u16,
    password: String,
    // After the process: fields are dropped in this order.
    _directory: TempDir,
}

impl PostgresServer {
    /// Makes an empty cluster and starts a server on it, with the programs in a directory that
    /// [`Tools::postgres`](crate::tools::Tools::postgres) found. It writes its log to the file `log`. Returns when the
    /// server takes connections.
    pub fn start(programs: &Path, durability: Durability, log: &Path, interruption: &Interruption) -> Result<Self> {
        let account = account(interruption)?;
        let directory = private_directory(account)?;
        let password = password()?;
        let cluster = Cluster {
            programs,
            account,
            directory: directory.path(),
            log,
            interruption,
        };
        cluster.make(&password, durability)?;
        for _ in 0..PORT_ATTEMPTS {
            let port = free_port()?;
            if let Some(process) = cluster.serve(port, durability)? {
                return Ok(Self {
                    process,
                    port,
                    password,
                    _directory: directory,
                });
            }
        }
        bail!("{PORT_ATTEMPTS} free ports were taken before PostgreSQL had them");
    }

    /// Where the superuser connects to a database: `postgres://postgres:<password>@127.0.0.1:<port>/<database>`. A new
    /// cluster has the database `postgres`.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{SUPERUSER}:{}@{}:{}/{database}",
            self.password,
            Ipv4Addr::LOCALHOST,
            self.port
        )
    }

    /// Ends the server and removes its data. It need not write anything more: nobody will read it.
    pub fn stop(mut self) -> Result<()> {
        self.process.stop(Signal::QUIT)?;
        Ok(())
    }
}

/// A user and group of the system, by number.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

/// Nothing but what starting takes.
struct Cluster<'a> {
    programs: &'a Path,
    account: Option<Account>,
    directory: &'a Path,
    log: &'a Path,
    interruption: &'a Interruption,
}

impl Cluster<'_> {
    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Connections need the password: a superuser of a database can run any program as the user of its server, which
    /// may well be the user of a real server on the same machine.
    fn make(&self, password: &str, durability: Durability) -> Result<()> {
        let password_file = self.directory.join("password");
        self.write_private(&password_file, password)?;
        let mut command = self.command("initdb")?;
        command
            .args(["--encoding=UTF8", "--locale=C", "--auth-host=scram-sha-256"])
            .args(["--auth-local=peer", "--username", SUPERUSER, "--pwfile"])
            .arg(&password_file)
            .arg("--pgdata")
            .arg(self.data());
        match durability {
            Durability::Durable => {}
            Durability::Fast => {
                command.arg("--no-sync");
            }
        }
        let status = run("initdb", &mut command, MAKE_LIMIT, self.interruption)?;
        ensure!(status.success(), "initdb failed with {status}\n{}", self.end_of_log());
        fs::remove_file(&password_file).context("removing the password file")?;
        match durability {
            Durability::Durable => {
                fs::write(self.data().join("postgresql.conf"), INSTALLED).context("writing the settings")
            }
            Durability::Fast => Ok(()),
        }
    }

    /// The server, once it takes connections; nothing if somebody else took the port.
    fn serve(&self, port: u16, durability: Durability) -> Result<Option<Process>> {
        let mut command = self.command("postgres")?;
        command.arg("-D").arg(self.data());
        command.args(["-c", &format!("port={port}"), "-c"]);
        command.arg(format!("hba_file={}", self.data().join("pg_hba.conf").display()));
        let special = match durability {
            Durability::Durable => [].as_slice(),
            Durability::Fast => &FAST,
        };
        for (name, value) in SETTINGS.iter().chain(special) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // Its children leave its process group. Only itself can end them, and after SIGKILL it would not.
        let mut process = Process::start("postgres", &mut command)?.dropped_with(Signal::QUIT);
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            self.interruption.check()?;
            if let Some(status) = process.ended()? {
                ensure!(is_taken(port), "postgres ended with {status}\n{}", self.end_of_log());
                return Ok(None);
            }
            if self.is_ready(process.id()) {
                return Ok(Some(process));
            }
            thread::sleep(POLL);
        }
        bail!(
            "postgres was not ready within {} s\n{}",
            START_LIMIT.as_secs(),
            self.end_of_log()
        );
    }

    /// The server says so in a file, more surely than a connection would: that may be to somebody else.
    fn is_ready(&self, process: u32) -> bool {
        fs::read_to_string(self.data().join("postmaster.pid")).is_ok_and(|status| says_ready(&status, process))
    }

    /// The log lies in a directory that is gone when somebody reads the error.
    fn end_of_log(&self) -> String {
        let text = fs::read_to_string(self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
    }

    /// A program of PostgreSQL, run by the right user, its output going to the log.
    fn command(&self, program: &str) -> Result<Command> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log)
            .with_context(|| format!("opening {}", self.log.display()))?;
        let mut command = Command::new(self.programs.join(program));
        command
            // Ours may be closed to that user.
            .current_dir(self.directory)
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdout(log.try_clone().context("duplicating the log file")?)
            .stderr(log);
        if let Some(account) = self.account {
            command.uid(account.user).gid(account.group);
        }
        Ok(command)
    }

    fn write_private(&self, path: &Path, text: &str) -> Result<()> {
        let writing = || format!("writing {}", path.display());
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(writing)?;
        file.write_all(text.as_bytes()).with_context(writing)?;
        hand_over(path, self.account)
    }
}

/// Who shall run the server: we ourselves unless we are root.
fn account(interruption: &Interruption) -> Result<Option<Account>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let number = |option, name| -> Result<u32> { Ok(output("id", &[option, name], interruption)?.trim().parse()?) };
    let find = |name| -> Result<Account> {
        Ok(Account {
            user: number("-u", name)?,
            group: number("-g", name)?,
        })
    };
    let account = ACCOUNTS.into_iter().find_map(|name| find(name).ok());
    Ok(Some(account.with_context(|| {
        format!(
            "PostgreSQL does not run as root, and here is no user {}",
            ACCOUNTS.join(" or ")
        )
    })?))
}

/// Not inside another temporary directory: those are closed to the user who runs the server.
fn private_directory(account: Option<Account>) -> Result<TempDir> {
    let directory = TempDir::with_prefix("registry-postgres-").context("creating a directory for PostgreSQL")?;
    fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).context("closing the directory to others")?;
    hand_over(directory.path(), account)?;
    Ok(directory)
}

fn hand_over(path: &Path, account: Option<Account>) -> Result<()> {
    let Some(account) = account else { return Ok(()) };
    chown(path, Some(account.user), Some(account.group))
        .with_context(|| format!("handing {} over to the user of the server", path.display()))
}

/// 128 random bits in hexadecimal digits: safe in a URL as they are.
fn password() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("reading random bytes")?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// One that the system gives now. It is free again when this returns.
fn free_port() -> Result<u16> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    Ok(address.context("looking for a free port")?.port())
}

fn is_taken(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

/// The server's status file: its process id stands in the first line, how it is doing in the eighth.
fn says_ready(status: &str, process: u32) -> bool {
    let mut lines = status.lines().map(str::trim);
    lines.next() == Some(process.to_string().as_str()) && lines.nth(6) == Some("ready")
}

#[cfg(test)]
mod tests {
    use super::says_ready;

    #[test]
    fn a_server_is_ready_when_it_says_so_itself() {
        let status = |process: u32, word: &str| {
            format!("{process}\n/tmp/data\n1795310400\n5432\n\n127.0.0.1\n 10199187 4\n{word}\n")
        };
        assert!(says_ready(&status(7, "ready   "), 7));
        assert!(!says_ready(&status(7, "starting"), 7));
        assert!(!says_ready(&status(8, "ready   "), 7));
        assert!(!says_ready("7\n/tmp/data\n", 7));
        assert!(!says_ready("", 7));
    }
}
