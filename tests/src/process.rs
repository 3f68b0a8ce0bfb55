//! The real program, with its own process: for what a process does that a task cannot, such as to die.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use chrono::{DateTime, Utc};
use registry_domain::TenantId;
use registry_domain::tenant::Slug;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::PATIENCE;
use crate::api::{Api, within};
use crate::logs;
use crate::sandbox::TestSandbox;
use crate::settings::settings;
use crate::tenant::{TestTenant, random_slug};

/// How long to wait for a line of a log before looking again.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(20);

/// A data directory, and the settings with which the program is started on it.
pub struct Installation {
    data: TempDir,
    listen: SocketAddr,
    /// Settings by their environment variable.
    environment: Vec<(String, String)>,
    /// The program, if it is another than that of this build.
    program: Option<PathBuf>,
}

impl Installation {
    /// An empty directory.
    pub fn new() -> Self {
        logs::start();
        Self {
            data: TempDir::with_prefix("registry-test-").expect("a temporary directory can be made"),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            environment: Vec::new(),
            program: None,
        }
    }

    /// The same for another program.
    #[must_use]
    pub fn of_program(mut self, program: PathBuf) -> Self {
        self.program = Some(program);
        self
    }

    /// The same with a setting, by its environment variable.
    #[must_use]
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.environment.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// The same settings as another one, on this directory.
    pub fn take_settings_of(&mut self, other: &Self) {
        self.environment.clone_from(&other.environment);
    }

    /// The directory.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.data_dir().join("registry.db")
    }

    /// The program with the settings, and with nothing from the environment of the test.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = self.program.clone().unwrap_or_else(|| settings().registry());
        self.with_settings(program, arguments)
    }

    /// The same for the program that runs everything at once.
    pub fn dev_command(&self, arguments: &[&str]) -> Command {
        self.with_settings(settings().registry_dev(), arguments)
    }

    fn with_settings(&self, program: PathBuf, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("REGISTRY_DATA_DIR", self.data_dir())
            .env("REGISTRY_LISTEN", self.listen.to_string())
            // What Kubernetes adds to every container beside a service that is called registry.
            .env("REGISTRY_PORT", "tcp://10.0.0.1:8080")
            .env("REGISTRY_SERVICE_HOST", "10.0.0.1")
            // A list would come at some moment of the first minute, and a log that is compared with itself would have grown.
            .env("REGISTRY_RECONCILE_LIST_SECONDS", "0")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a subcommand to its end. What it says about itself goes into the logs.
    pub fn run(&self, arguments: &[&str]) -> Output {
        Self::finish(self.command(arguments))
    }

    /// The same for the program that runs everything at once, if it comes to an end.
    pub fn run_dev(&self, arguments: &[&str]) -> Output {
        Self::finish(self.dev_command(arguments))
    }

    fn finish(mut command: Command) -> Output {
        let output = command.output().expect("the program starts");
        let (mut log, _) = logs::of_program("commands");
        log.write_all(&output.stderr).expect("the log can be written");
        output
    }

    /// Runs a subcommand that must succeed, and returns what it printed.
    pub fn print(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout)
            .expect("it prints text")
            .trim()
            .to_owned()
    }

    /// Creates a tenant with an API key, as an operator does.
    pub fn create_tenant(&self) -> (TenantId, Slug, String) {
        let tenant = random_slug();
        let slug = tenant.as_str();
        let id = self.print(&["tenant", "create", "--slug", slug, "--name", "Test partner"]);
        let key = self.print(&["key", "create", "--tenant", slug, "--name", "test", "--all-scopes"]);
        logs::secret(&key);
        (id.parse().expect("a tenant id"), tenant, key)
    }

    /// Sets a tenant up as an operator does, with the sandbox as its upstream. Returns its API key too.
    fn tenant(&self, sandbox: &TestSandbox) -> (TenantId, Slug, String) {
        self.tenant_with(sandbox, 0)
    }

    /// Sets another tenant up beside a running service, with the sandbox's second contract.
    pub fn other_tenant(&self, sandbox: &TestSandbox, process: &Process) -> TestTenant {
        let (id, slug, key) = self.tenant_with(sandbox, 1);
        let api = Api::new(process.base_url(), Some(key));
        TestTenant { id, slug, api }
    }

    fn tenant_with(&self, sandbox: &TestSandbox, number: usize) -> (TenantId, Slug, String) {
        let (id, tenant, key) = self.create_tenant();
        self.configure_upstream_with(&tenant, sandbox, number);
        (id, tenant, key)
    }

    /// Makes the sandbox a tenant's upstream, as an operator does.
    pub fn configure_upstream(&self, tenant: &Slug, sandbox: &TestSandbox) {
        self.configure_upstream_with(tenant, sandbox, 0);
    }

    fn configure_upstream_with(&self, tenant: &Slug, sandbox: &TestSandbox, number: usize) {
        let slug = tenant.as_str();
        let file = self.data_dir().join("upstream.key");
        write_key(&file, sandbox.partner_key(number));
        let file = file.to_str().expect("a path is text");
        let url = sandbox.partner_url();
        self.print(&[
            "tenant",
            "upstream",
            "--tenant",
            slug,
            "--url",
            &url,
            "--api-key-file",
            file,
        ]);
    }

    /// Starts the service and waits until it listens. From then on the installation keeps the port.
    pub fn serve(&mut self) -> Process {
        let process = Process::start(self.command(&["serve"]).env("REGISTRY_LOG_FORMAT", "json"));
        self.listen = process.address;
        process
    }

    /// Starts a program on the directory that is the service with a clock of its own, and puts that to a moment.
    pub fn serve_at(&mut self, program: &str, moment: DateTime<Utc>) -> Process {
        let mut command = self.with_settings(PathBuf::from(program), &[]);
        let process = Process::start_told(command.stdin(Stdio::piped()), &format!("{}\n", moment.to_rfc3339()));
        self.listen = process.address;
        process
    }

    /// The same with one more setting, by its environment variable.
    pub fn serve_with(&mut self, variable: &str, value: &str) -> Process {
        Process::start(self.command(&["serve"]).env(variable, value))
    }

    /// Starts the service with one tenant.
    pub fn serve_tenant(&mut self, sandbox: &TestSandbox) -> (Process, TestTenant) {
        let (process, tenant, _key) = self.serve_tenant_with_key(sandbox);
        (process, tenant)
    }

    /// The same, with the tenant's API key as text.
    pub fn serve_tenant_with_key(&mut self, sandbox: &TestSandbox) -> (Process, TestTenant, String) {
        let (id, slug, key) = self.tenant(sandbox);
        let process = self.serve();
        let api = Api::new(process.base_url(), Some(key.clone()));
        (process, TestTenant { id, slug, api }, key)
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self::new()
    }
}

/// A running service. Killed when dropped.
pub struct Process {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    writer: Option<JoinHandle<()>>,
    /// How often its clock was put since it runs.
    times_put: usize,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        Self::start_told(command, "")
    }

    fn start_told(command: &mut Command, first: &str) -> Self {
        let (mut file, log) = logs::of_program("serve");
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        if let Some(input) = &mut child.stdin {
            input.write_all(first.as_bytes()).expect("it reads");
        }
        let lines = BufReader::new(child.stderr.take().expect("its log is piped")).lines();
        let (found, address) = mpsc::channel();
        let writer = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writeln!(file, "{line}").expect("the log can be written");
                if let Some(address) = address_in(&line) {
                    found.send(address).ok();
                }
            }
        });
        let address = address
            .recv_timeout(PATIENCE)
            .expect("the service says where it listens");
        Self {
            child,
            address,
            log,
            writer: Some(writer),
            times_put: 0,
        }
    }

    /// Puts the clock of one that has its own to a moment.
    pub async fn put_clock(&mut self, moment: DateTime<Utc>) {
        let input = self.child.stdin.as_mut().expect("it listens");
        writeln!(input, "{}", moment.to_rfc3339()).expect("it reads");
        self.times_put += 1;
        self.line_number("the clock was put", self.times_put).await;
    }

    /// Where it is.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The file with what it printed.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The first line of its log with this message, once it is there.
    pub async fn line(&self, message: &str) -> Value {
        self.line_number(message, 1).await
    }

    /// The line with this message that comes as the first, the second and so on, once it is there.
    pub async fn line_number(&self, message: &str, number: usize) -> Value {
        let looking = async {
            loop {
                if let Some(line) = self.lines(message).into_iter().nth(number - 1) {
                    return line;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        within(PATIENCE, looking).await
    }

    /// All lines of its log with this message. The log must be JSON.
    pub fn lines(&self, message: &str) -> Vec<Value> {
        let log = std::fs::read_to_string(&self.log).expect("the log can be read");
        let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines.filter(|line: &Value| line["message"] == message).collect()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be ended");
        self.child.wait().expect("a child can be waited for");
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("a child has an id"), signal).expect("a child can be told");
    }

    /// Waits until it has ended by itself and its log is written.
    pub fn wait(mut self) -> ExitStatus {
        let status = self.child.wait().expect("a child can be waited for");
        if let Some(writer) = self.writer.take() {
            writer.join().expect("the log is written");
        }
        status
    }

    /// Asks it to stop and waits until it has.
    pub fn terminate(self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Memory that it really occupies, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the process is alive");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().split(' ').next()).expect("a number");
        number.parse().expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Writes a file that its owner alone can read.
pub fn write_key(path: &Path, text: &str) {
    let mut options = File::options();
    let file = options.create(true).truncate(true).write(true).mode(0o600).open(path);
    writeln!(file.expect("a key file can be made"), "{text}").expect("a key file can be written");
}

fn address_in(line: &str) -> Option<SocketAddr> {
    // As people read it.
    if let Some((_, address)) = line.split_once("serving address=") {
        return address.trim().parse().ok();
    }
    let line: Value = serde_json::from_str(line).ok()?;
    (line["message"] == "serving").then(|| line["address"].as_str()?.parse().ok())?
}
