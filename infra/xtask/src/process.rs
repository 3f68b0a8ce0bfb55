//! Child processes: each in its own process group, each with a limit, and none outlives its handle.

use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::NamedTempFile;

/// How often a waiting loop looks again.
pub const POLL: Duration = Duration::from_millis(20);

/// How long a process may take to end once it was asked to.
pub const GRACE: Duration = Duration::from_secs(15);

/// What only tells its version, or what it has, does so at once.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// How often a person or a supervisor asked us to stop: Ctrl-C, SIGTERM or a closed terminal.
#[derive(Clone)]
pub struct Interruption {
    asked: Arc<AtomicUsize>,
}

impl Interruption {
    /// Takes over the three signals. Fails if the handlers cannot be installed.
    pub fn listen() -> Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("listening for signals")?;
        let interruption = Self {
            asked: Arc::new(AtomicUsize::new(0)),
        };
        let asked = Arc::clone(&interruption.asked);
        thread::spawn(move || {
            for _ in signals.forever() {
                asked.fetch_add(1, Ordering::SeqCst);
            }
        });
        Ok(interruption)
    }

    /// True once anybody asked us to stop.
    pub fn happened(&self) -> bool {
        self.count() > 0
    }

    /// Fails once anybody asked us to stop.
    pub fn check(&self) -> Result<()> {
        if self.happened() {
            bail!("interrupted");
        }
        Ok(())
    }

    fn count(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A running child and everything it starts.
pub struct Process {
    name: String,
    child: Child,
    group: Pid,
    status: Option<ExitStatus>,
    last_wish: Signal,
}

impl Process {
    /// Starts the command as the leader of a new process group, so that a Ctrl-C on the terminal reaches only us
    /// and every child hears of it once, in the order we choose. `name` is for messages.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let group = group.with_context(|| format!("{name} has no usable process id"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            group,
            status: None,
            last_wish: Signal::KILL,
        })
    }

    /// Has dropping the handle ask with this signal, and kill only what does not follow.
    pub fn dropped_with(mut self, signal: Signal) -> Self {
        self.last_wish = signal;
        self
    }

    /// The process id, for messages and file names.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if it has ended. What it left running in its group is ended with it.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_some() {
            return Ok(self.status);
        }
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let gone = waitid(WaitId::Pid(self.group), look).with_context(|| format!("waiting for {}", self.name))?;
        if gone.is_some() {
            // The child is not reaped yet: its group id cannot belong to anybody else.
            self.signal(Signal::KILL);
            self.status = Some(
                self.child
                    .wait()
                    .with_context(|| format!("waiting for {}", self.name))?,
            );
        }
        Ok(self.status)
    }

    /// Waits for the end, at most `limit` long. An interruption of ours is passed on as SIGINT; then the process has
    /// [`GRACE`] left. `meanwhile` is called at every look, to watch over other things.
    pub fn supervise(
        &mut self,
        limit: Option<Duration>,
        interruption: &Interruption,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<ExitStatus> {
        let started = Instant::now();
        let mut passed_on = 0;
        let mut end_by = None;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if interruption.count() > passed_on {
                passed_on = interruption.count();
                end_by.get_or_insert_with(|| Instant::now() + GRACE);
                self.signal(Signal::INT);
            }
            if end_by.is_some_and(|end_by| Instant::now() >= end_by) {
                eprintln!(
                    "xtask: {} did not stop within {} s and is killed",
                    self.name,
                    GRACE.as_secs()
                );
                return self.stop(Signal::KILL);
            }
            if let Some(limit) = limit.filter(|limit| started.elapsed() >= *limit) {
                self.stop(Signal::TERM)?;
                bail!("{} took longer than {} s and was stopped", self.name, limit.as_secs());
            }
            meanwhile();
            thread::sleep(POLL);
        }
    }

    /// Ends the process: the signal first, after [`GRACE`] SIGKILL.
    pub fn stop(&mut self, signal: Signal) -> Result<ExitStatus> {
        for (signal, limit) in [(signal, GRACE), (Signal::KILL, GRACE)] {
            let asked = Instant::now();
            self.signal(signal);
            while asked.elapsed() < limit {
                if let Some(status) = self.ended()? {
                    return Ok(status);
                }
                thread::sleep(POLL);
            }
        }
        bail!("{} (process {}) cannot be ended", self.name, self.id());
    }

    /// To the whole group; a group that is already gone is fine.
    fn signal(&self, signal: Signal) {
        if self.status.is_none() {
            kill_process_group(self.group, signal).ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status.is_none() && self.stop(self.last_wish).is_err() {
            eprintln!(
                "xtask: {} (process {}) may still be running",
                self.name,
                self.child.id()
            );
        }
    }
}

/// Runs a step to its end, at most `limit` long. Fails when we are interrupted; what the step's own failure means is
/// the caller's business.
pub fn run(name: &str, command: &mut Command, limit: Duration, interruption: &Interruption) -> Result<ExitStatus> {
    interruption.check()?;
    let status = Process::start(name, command)?.supervise(Some(limit), interruption, &mut || {})?;
    interruption.check()?;
    Ok(status)
}

/// What a program prints. Fails if it is not there, reports failure or takes longer than [`ANSWER_LIMIT`].
pub fn output(program: &str, arguments: &[&str], interruption: &Interruption) -> Result<String> {
    let file = NamedTempFile::new().context("creating a file for the answer of a program")?;
    let mut command = Command::new(program);
    command.args(arguments).stdout(file.reopen()?).stderr(Stdio::null());
    let status = run(program, &mut command, ANSWER_LIMIT, interruption)?;
    ensure!(status.success(), "{program} failed with {status}");
    fs::read_to_string(file.path()).with_context(|| format!("reading what {program} printed"))
}

/// Our standard error, as the standard output of a helper whose chatter must not mix with results.
pub fn to_stderr() -> Result<Stdio> {
    let stderr = io::stderr()
        .as_fd()
        .try_clone_to_owned()
        .context("duplicating standard error")?;
    Ok(Stdio::from(stderr))
}

/// The exit code that says the same as a child's status; a death by signal becomes 128 + its number.
pub fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
