//! A server of a test's own, to be killed. Made with the programs in `TEST_POSTGRES_BIN_DIR`.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A server that ends with its handle.
pub struct Cluster {
    programs: PathBuf,
    directory: TempDir,
    account: Option<(u32, u32)>,
    port: u16,
}

impl Cluster {
    /// Makes an empty cluster and starts its server.
    pub fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the edge: tests are told where the programs are"
        )]
        let programs = std::env::var("TEST_POSTGRES_BIN_DIR");
        let programs =
            programs.expect("TEST_POSTGRES_BIN_DIR has PostgreSQL's programs; `cargo xtask test` finds them");
        let directory = TempDir::with_prefix("registry-cluster-").expect("there is a temporary directory");
        // PostgreSQL refuses to run as root.
        let account = (number("-u", None) == Some(0)).then(|| {
            let of = |option| number(option, Some("postgres")).or_else(|| number(option, Some("nobody")));
            (of("-u").expect("there is a user"), of("-g").expect("it has a group"))
        });
        if let Some((user, group)) = account {
            chown(directory.path(), Some(user), Some(group)).expect("root may give things away");
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let cluster = Self {
            programs: programs.into(),
            directory,
            account,
            port: port.expect("there is a free port").port(),
        };
        // Only this machine reaches it, and only until the test ends.
        cluster.run(
            "initdb",
            &["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"],
        );
        cluster.control("start");
        cluster
    }

    /// Where a superuser connects to.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Kills the server with all its connections, as a crash would, and starts it again.
    pub fn restart_immediately(&self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w"]);
        self.control("start");
    }

    fn control(&self, what: &str) {
        let settings = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off",
            self.port
        );
        let log = self.directory.path().join("log");
        let log = log.to_str().expect("a temporary path is text");
        self.run("pg_ctl", &[what, "-w", "-l", log, "-o", &settings]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command
            .args(arguments)
            .arg("-D")
            .arg(self.directory.path().join("data"))
            .current_dir(self.directory.path())
            .stdout(Stdio::null());
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        let status = command.status().expect("the program runs");
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w"]);
    }
}

/// The number of a user or group of the system.
fn number(option: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(option).args(name).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
