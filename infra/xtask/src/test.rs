//! `cargo xtask test`: every test of the workspace, with the servers and the browser they need, and a search of all
//! their output for secrets.

use std::fs::{self, File, Permissions};
use std::io::{self, IsTerminal, PipeReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::binaries::{SELECTION, build, cargo, program};
use crate::consumers;
use crate::postgres::Durability;
use crate::process::{self, ANSWER_LIMIT, Interruption, Process, exit_code};
use crate::secrets::{LIST, Search};
use crate::servers::Servers;
use crate::tools::{Given, Tools};

/// Building the tests and running them, on a small machine.
const LIMIT: Duration = Duration::from_hours(2);

/// From the end of the run to the end of its output. More means that something holds the pipe open.
const OUTPUT_LIMIT: Duration = Duration::from_secs(10);

/// How many findings are named.
const NAMED_FINDINGS: usize = 50;

/// Which tests to run.
#[derive(clap::Args)]
pub struct Test {
    #[command(flatten)]
    given: Given,
    /// Run what the arguments choose on PostgreSQL instead of SQLite. Without arguments both are done.
    #[arg(long)]
    on_postgres: bool,
    /// Passed on to the test runner, cargo-nextest if it is installed, else cargo test.
    #[arg(last = true)]
    arguments: Vec<String>,
    /// The program of the version before, for the tests that need it, which are run then and no others.
    #[arg(skip)]
    before: Option<PathBuf>,
}

impl Test {
    /// Those whose name holds a text.
    pub fn of(given: Given, name: &str) -> Self {
        Self {
            given,
            on_postgres: false,
            arguments: vec![name.to_owned()],
            before: None,
        }
    }

    /// Those that need the program of the version before.
    pub fn beside(given: Given, before: PathBuf) -> Self {
        Self {
            given,
            on_postgres: false,
            arguments: vec!["upgrade::rolling".to_owned()],
            before: Some(before),
        }
    }
}

/// Tells the tests to give each service a database on the server instead of a file.
const STORAGE_CHOICE: &str = "TEST_ON_POSTGRES";

/// How many lives the storm has in the second run.
const STORM_ON_POSTGRES: &str = "200";

/// Themes of the whole service that must hold on either storage. The tests run on a file, and these once more on a
/// server. Crashes, several replicas and moving from one to the other have their storage in themselves.
const ON_POSTGRES: [&str; 14] = [
    "approvals::",
    "asking::",
    "billing::",
    "events_feed::",
    "idempotency::",
    "isolation::",
    "journey::",
    "listed::",
    "quarantine::",
    "storm::",
    "tenant_settings::",
    "truth::",
    "unclaimed::",
    "upstream_trouble::",
];

/// Runs the tests. The exit code is the test runner's, or failure if their output holds a secret.
pub fn run(root: &Path, test: &Test, interruption: &Interruption) -> Result<ExitCode> {
    let tools = Tools {
        root,
        given: &test.given,
        interruption,
    };
    let logs = empty_log_directory(root)?;
    let scratch = scratch_directory()?;

    // Before anything is built: what is missing is said at once.
    let mut command = test_runner(root, &test.arguments, interruption)?;
    if let Some(before) = &test.before {
        // What the usual run leaves out; both test runners take this word behind the names of tests.
        command.args(["--", "--ignored"]).env("TEST_BEFORE_BIN", before);
    }
    let mut servers = Servers::new(&tools, &logs);
    servers.postgres(Durability::Fast, &mut command)?;
    servers.nats(&scratch.path().join("nats"), &mut command)?;
    point_to_programs(&tools, &mut command)?;
    command.env("TEST_LOG_DIR", &logs);
    // Tests that are interrupted leave theirs behind.
    command.env("TMPDIR", scratch.path());
    if io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }

    if test.on_postgres {
        command.env(STORAGE_CHOICE, "1");
    }
    let mut on_postgres = None;
    if test.arguments.is_empty() && !test.on_postgres {
        let arguments = ["--test", "it", "--"].into_iter().chain(ON_POSTGRES).map(str::to_owned);
        let mut again = test_runner(root, &arguments.collect::<Vec<_>>(), interruption)?;
        again.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        again.env(STORAGE_CHOICE, "1");
        // The long storm is the one on a file.
        again.env("TEST_STORM_MERCHANTS", STORM_ON_POSTGRES);
        on_postgres = Some(again);
    }

    let outcome = run_searched(root, command, &logs.join("run.log"), interruption);
    let outcome = match (outcome, on_postgres) {
        (Ok(ExitCode::SUCCESS), Some(again)) => {
            run_searched(root, again, &logs.join("run-on-postgres.log"), interruption)
        }
        (outcome, _) => outcome,
    };
    servers.stop()?;
    outcome
}

/// Runs tests, and searches what they print for secrets before the next run replaces the test runner's report.
fn run_searched(root: &Path, command: Command, log: &Path, interruption: &Interruption) -> Result<ExitCode> {
    let status = run_tests(command, log, interruption)?;
    interruption.check()?;
    let is_clean = search_for_secrets(root, log.parent().context("a log lies in a directory")?)?;
    Ok(if status.success() && !is_clean {
        ExitCode::FAILURE
    } else {
        exit_code(status)
    })
}

/// Tests and the programs they start write their logs here.
fn empty_log_directory(root: &Path) -> Result<PathBuf> {
    let logs = root.join("target/test-logs");
    if logs.exists() {
        fs::remove_dir_all(&logs).with_context(|| format!("emptying {}", logs.display()))?;
    }
    fs::create_dir_all(&logs).with_context(|| format!("creating {}", logs.display()))?;
    for report in reports(root)? {
        fs::remove_file(&report).with_context(|| format!("removing {}", report.display()))?;
    }
    Ok(logs)
}

/// Open to whoever knows a name below: PostgreSQL does not run as root, and tests start servers of their own.
fn scratch_directory() -> Result<TempDir> {
    let scratch = TempDir::with_prefix("registry-test-run-").context("creating a temporary directory")?;
    fs::set_permissions(scratch.path(), Permissions::from_mode(0o711)).context("opening the temporary directory")?;
    Ok(scratch)
}

/// What cargo-nextest keeps of the output of tests that pass, one file per profile.
fn reports(root: &Path) -> Result<Vec<PathBuf>> {
    let store = root.join("target/nextest");
    if !store.exists() {
        return Ok(Vec::new());
    }
    let profiles = fs::read_dir(&store).with_context(|| format!("reading {}", store.display()))?;
    let reports: io::Result<Vec<_>> = profiles.map(|profile| Ok(profile?.path().join("junit.xml"))).collect();
    Ok(reports?.into_iter().filter(|report| report.exists()).collect())
}

/// Where the programs are that tests start: a browser, NATS's clients of other languages, and our own.
fn point_to_programs(tools: &Tools, command: &mut Command) -> Result<()> {
    match tools.browser() {
        Ok(browser) => {
            command
                .env("CHROMIUM_BIN", browser.chromium)
                .env("CHROMEDRIVER_BIN", browser.chromedriver);
        }
        Err(error) => {
            tools.interruption.check()?;
            eprintln!("xtask: {error:#}\nxtask: going on; the tests in a browser will fail");
        }
    }
    match consumers::arrange(tools) {
        Ok(clients) => clients.point_to(command),
        Err(error) => {
            tools.interruption.check()?;
            eprintln!("xtask: {error:#}\nxtask: going on; the tests with NATS's own clients will fail");
        }
    }
    // The tests in the same breath: the compiler has more to do side by side.
    let targets = [&SELECTION[..], &["--bins", "--tests"]].concat();
    let programs = build(tools.root, &targets, tools.interruption)?;
    command.env("TEST_REGISTRY_BIN", program(&programs, "registry")?);
    command.env("TEST_REGISTRY_DEV_BIN", program(&programs, "registry-dev")?);
    command.env("PAYMINT_SANDBOX_BIN", program(&programs, "paymint-sandbox")?);
    Ok(())
}

/// What passing tests print is wanted too, for the search: cargo-nextest keeps it in its report, cargo test shows it.
fn test_runner(root: &Path, arguments: &[String], interruption: &Interruption) -> Result<Command> {
    let mut ask = cargo(root);
    ask.args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut command = cargo(root);
    if process::run("cargo nextest", &mut ask, ANSWER_LIMIT, interruption)?.success() {
        command
            .args(["nextest", "run", "--workspace", "--all-features"])
            .args(arguments);
    } else {
        command
            .args(["test", "--no-fail-fast", "--workspace", "--all-features"])
            .args(arguments);
        command.args(
            arguments
                .is_empty()
                .then_some(["--", "--show-output"])
                .into_iter()
                .flatten(),
        );
    }
    Ok(command)
}

/// Runs the command and keeps what it prints, in the order it was printed, in a log beside showing it.
fn run_tests(mut command: Command, log: &Path, interruption: &Interruption) -> Result<ExitStatus> {
    let (output, input) = io::pipe().context("creating a pipe for the output of the tests")?;
    command
        .stdout(input.try_clone().context("duplicating the pipe")?)
        .stderr(input);
    let log = File::create(log).with_context(|| format!("creating {}", log.display()))?;
    let mut tests = Process::start("the test run", &mut command)?;
    // The command holds our ends of the pipe: as long as it lives, the output never ends.
    drop(command);
    let (done, copied) = mpsc::channel();
    thread::spawn(move || done.send(copy(output, log)));
    let status = tests.supervise(Some(LIMIT), interruption, &mut || {})?;
    copied
        .recv_timeout(OUTPUT_LIMIT)
        .context("a process that some test started is still running and holds the output open")?
        .context("writing what the tests print")?;
    Ok(status)
}

fn copy(mut output: PipeReader, mut log: File) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = output.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        log.write_all(&buffer[..length])?;
        // Nobody may be reading what we show; the run and its log go on.
        io::stdout().write_all(&buffer[..length]).ok();
    }
}

/// Says where secrets stand in the output of the run. True if nowhere.
fn search_for_secrets(root: &Path, logs: &Path) -> Result<bool> {
    let list = logs.join(LIST);
    let list = if list.exists() {
        fs::read_to_string(&list).context("reading secrets.list")?
    } else {
        String::new()
    };
    let search = Search::new(&list)?;
    let mut findings = Vec::new();
    search.below(logs, &mut findings)?;
    for report in reports(root)? {
        search.below(&report, &mut findings)?;
    }
    for finding in findings.iter().take(NAMED_FINDINGS) {
        eprintln!("xtask: {finding}");
    }
    match (search.count(), findings.len()) {
        (0, 0) => eprintln!("xtask: no secret in the output, but no test listed one to look for"),
        (listed, 0) => eprintln!("xtask: none of {listed} secrets stands in the output"),
        (_, found) => eprintln!("xtask: {found} lines of the output hold a secret: never log these values"),
    }
    Ok(findings.is_empty())
}
