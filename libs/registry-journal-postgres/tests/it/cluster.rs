//! A server of a test's own, to be killed. Made with the programs in `TEST_POSTGRES_BIN_DIR`.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What `infra/` gives an installation.
const SETTINGS: &str = include_str!("../../../../infra/postgres/postgresql.conf");
const CONNECTIONS: &str = include_str!("../../../../infra/postgres/pg_hba.conf");
const ROLES: &str = include_str!("../../../../infra/postgres/roles.sql");

/// That of every login, with what must not be taken for the end of a text.
const PASSWORD: &str = "it's of a test";

/// A server that ends with its handle.
pub struct Cluster {
    programs: PathBuf,
    directory: PathBuf,
    /// Goes with the server, if it was made for it.
    _own: Option<TempDir>,
    account: Option<(u32, u32)>,
    port: u16,
    /// What it is started with, beside where it listens.
    settings: String,
}

impl Cluster {
    /// Makes an empty cluster and starts its server.
    pub fn start() -> Self {
        let own = TempDir::with_prefix("registry-cluster-").expect("there is a temporary directory");
        Self::start_in(own.path().to_owned(), Some(own), "")
    }

    /// The same in a directory that is there, with more settings.
    pub fn start_in(directory: PathBuf, own: Option<TempDir>, settings: &str) -> Self {
        let mut cluster = Self::prepare(directory, own);
        // Only this machine reaches it, and only until the test ends.
        cluster.run(
            "initdb",
            &["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"],
        );
        cluster.settings = format!("-c unix_socket_directories= -c fsync=off {settings}");
        cluster.control("start");
        cluster
    }

    /// Makes one as `infra/` makes it, and starts its server: with its settings but for its size, who may connect and how,
    /// and roles with passwords in the database `registry`, which has nothing in it yet.
    pub fn of_an_installation() -> Self {
        let own = TempDir::with_prefix("registry-cluster-").expect("there is a temporary directory");
        let directory = own.path().to_owned();
        let mut cluster = Self::prepare(directory.clone(), Some(own));
        let shown = directory.to_str().expect("a temporary path is text");
        std::fs::create_dir(directory.join("secrets")).expect("a directory can be made");
        cluster.hand_over(&directory.join("secrets"));
        for login in ["superuser", "migrate", "service"] {
            cluster.write(&format!("secrets/database_{login}_password"), PASSWORD);
        }
        // Not every server is built with lz4.
        let settings = SETTINGS.replace("/etc/postgresql", shown).replace("= lz4", "= pglz");
        cluster.write("postgresql.conf", &settings);
        cluster.write("pg_hba.conf", &cluster.who_may_connect());
        cluster.write("roles.sql", ROLES);
        cluster.run(
            "initdb",
            &[
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums",
                "--auth-local=peer",
                "--auth-host=scram-sha-256",
                &format!("--pwfile={shown}/secrets/database_superuser_password"),
                "--no-sync",
            ],
        );
        cluster.settings = format!(
            "-c config_file={shown}/postgresql.conf -c unix_socket_directories={shown} -c fsync=off -c shared_buffers=64MB"
        );
        cluster.control("start");
        cluster.psql("postgres", &["-c", "CREATE DATABASE registry"]);
        // Again, as one does to change a password.
        for _ in 0..2 {
            cluster.psql("registry", &["-f", "roles.sql"]);
        }
        cluster
    }

    /// The file of `infra/`. Where no account has the superuser's name, anybody on this machine passes for him.
    fn who_may_connect(&self) -> String {
        let account = self.account.map_or_else(|| number("-u", None), |(user, _)| Some(user));
        if account == number("-u", Some("postgres")) {
            CONNECTIONS.to_owned()
        } else {
            CONNECTIONS.replace(" peer", " trust")
        }
    }

    /// Where one of an installation's logins connects to, without its password.
    pub fn installed_url(&self, login: &str) -> String {
        format!("postgres://{login}@127.0.0.1:{}/registry", self.port)
    }

    /// Where the password of an installation's login lies.
    pub fn password_file(&self, login: &str) -> PathBuf {
        let name = login.replace("registry_", "database_") + "_password";
        self.directory.join("secrets").join(name)
    }

    /// Runs SQL in an installation, as its superuser does.
    pub fn psql(&self, database: &str, arguments: &[&str]) {
        let settings = ["-X", "-q", "-v", "ON_ERROR_STOP=1"];
        self.client("psql", database, &[&settings, arguments].concat(), "");
    }

    /// Runs one of PostgreSQL's clients as an installation's superuser does. Returns what it printed.
    pub fn client(&self, program: &str, database: &str, arguments: &[&str], input: &str) -> String {
        let mut command = self.command(program);
        command
            .args(arguments)
            .args(["-U", "postgres", "-d", database, "-h"])
            .arg(&self.directory)
            .args(["-p", &self.port.to_string()])
            .env("SECRETS_DIR", self.directory.join("secrets"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut typed = child.stdin.take().expect("it is piped");
        typed.write_all(input.as_bytes()).expect("the program reads");
        drop(typed);
        let output = child.wait_with_output().expect("the program ends");
        assert!(output.status.success(), "{program} {arguments:?}: {}", output.status);
        String::from_utf8(output.stdout).expect("it prints text")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.directory.join(name);
        let file = File::options().create_new(true).write(true).mode(0o440).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .expect("a file can be written");
        self.hand_over(&path);
    }

    /// A place for one, with the account that may run it.
    fn prepare(directory: PathBuf, own: Option<TempDir>) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the edge: tests are told where the programs are"
        )]
        let programs = std::env::var("TEST_POSTGRES_BIN_DIR");
        let programs =
            programs.expect("TEST_POSTGRES_BIN_DIR has PostgreSQL's programs; `cargo xtask test` finds them");
        // PostgreSQL refuses to run as root.
        let account = (number("-u", None) == Some(0)).then(|| {
            let of = |option| number(option, Some("postgres")).or_else(|| number(option, Some("nobody")));
            (of("-u").expect("there is a user"), of("-g").expect("it has a group"))
        });
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let cluster = Self {
            programs: programs.into(),
            directory,
            _own: own,
            account,
            port: port.expect("there is a free port").port(),
            settings: String::new(),
        };
        cluster.hand_over(&cluster.directory);
        cluster
    }

    /// Gives something to the account that runs the server.
    fn hand_over(&self, path: &Path) {
        if let Some((user, group)) = self.account {
            chown(path, Some(user), Some(group)).expect("root may give things away");
        }
    }

    /// Where a superuser connects to.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Kills the server with all its connections, as a crash would, and starts it again.
    pub fn restart_immediately(&self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w"]);
        self.revive();
    }

    /// Starts a server that may have died.
    pub fn revive(&self) {
        if !self.is_running() {
            self.control("start");
        }
    }

    fn is_running(&self) -> bool {
        let mut command = self.command("pg_ctl");
        command.arg("status").arg("-D").arg(self.directory.join("data"));
        let status = command.stdout(Stdio::null()).status();
        status.expect("the program runs").success()
    }

    fn control(&self, what: &str) {
        let settings = format!("-p {} -c listen_addresses=127.0.0.1 {}", self.port, self.settings);
        let log = self.directory.join("log");
        let log = log.to_str().expect("a temporary path is text");
        self.run("pg_ctl", &[what, "-w", "-l", log, "-o", &settings]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = self.command(program);
        command
            .args(arguments)
            .arg("-D")
            .arg(self.directory.join("data"))
            .stdout(Stdio::null());
        let status = command.status().expect("the program runs");
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }

    /// A program of PostgreSQL, run by the account that owns the cluster.
    fn command(&self, program: &str) -> Command {
        let ours = self.programs.join(program);
        // A client may come from elsewhere.
        let mut command = Command::new(if ours.exists() { ours } else { program.into() });
        command.current_dir(&self.directory);
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.is_running() {
            self.run("pg_ctl", &["stop", "-m", "immediate", "-w"]);
        }
    }
}

/// The number of a user or group of the system.
fn number(option: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(option).args(name).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
