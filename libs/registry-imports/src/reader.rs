//! Has files read by a child process.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use registry_domain::TenantId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::child::{Answer, COMMAND, arguments};
use crate::limits::{FILE_BYTES_MAX, MEMORY_MAX, TEXT_BYTES_MAX};
use crate::places::{Full, Places, Reading, ReadingLimits};
use crate::read::{Table, Wish};
use crate::refusal::Refusal;

/// How long a file may be read.
pub(crate) const READ_TIME: Duration = Duration::from_secs(30);

/// Bytes of what a child says: all the texts of a file, written down so that none can be mistaken for anything else.
const ANSWER_BYTES_MAX: u64 = 3 * TEXT_BYTES_MAX as u64;

/// How much memory the child's allocator asks for at once, in KiB: else it would ask for more than the child may have.
const RESERVED_AT_ONCE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "4096");

/// What files are read with.
#[derive(Debug, Clone)]
pub struct ReaderParts {
    /// A program that is a child when it is called as one, see [`crate::child::run`].
    pub program: PathBuf,
    /// Bytes of memory that a child may take beside what it takes at once.
    pub memory_max: u64,
    /// How many files are read and wait at once.
    pub limits: ReadingLimits,
}

impl ReaderParts {
    /// The same program as this one.
    pub fn of_this_program(limits: ReadingLimits) -> io::Result<Self> {
        Ok(Self {
            program: std::env::current_exe()?,
            memory_max: MEMORY_MAX,
            limits,
        })
    }
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// It cannot be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// As many of the tenant's files are being read, or wait, as may be.
    #[error("too many files of the tenant are being read")]
    TooManyOwn,
    /// Others' files are being read.
    #[error("too many files are being read")]
    Busy,
    /// No child could be started, or nothing could be said to it.
    #[error("no process could be started that reads a file")]
    Start(#[source] io::Error),
}

/// Has files read, a few at a time. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: ReaderParts,
    places: Places,
}

impl Reader {
    /// A reader.
    pub fn new(parts: ReaderParts) -> Self {
        Self(Arc::new(Inner {
            places: Places::new(parts.limits),
            parts,
        }))
    }

    /// The places for files.
    pub fn places(&self) -> &Places {
        &self.0.places
    }

    /// A place for a file of a tenant's whose rows take memory.
    pub async fn place(&self, tenant: TenantId) -> Result<Reading, ReaderError> {
        self.0.places.enter(tenant).await.map_err(|full| match full {
            Full::OfTenant => ReaderError::TooManyOwn,
            Full::OfOthers => ReaderError::Busy,
        })
    }

    /// Reads a file of a tenant's. A child that dies of it, or takes too long, refuses it. The place is to be kept for as long as its
    /// rows are in memory.
    pub async fn read(&self, tenant: TenantId, bytes: &[u8], wish: Wish) -> Result<(Table, Reading), ReaderError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(Refusal::TooLarge.into());
        }
        let place = self.place(tenant).await?;
        let mut child = self.start(wish).map_err(ReaderError::Start)?;
        let answered = timeout(READ_TIME, talk(&mut child, bytes)).await;
        // One that is killed is waited for too, so that nothing is left of it.
        let answer = answered.unwrap_or(None);
        if answer.is_none() {
            let _gone_already = child.start_kill();
        }
        let ended = child.wait().await;
        match answer {
            Some(Answer::Read(table)) if ended.is_ok_and(|status| status.success()) => Ok((table, place)),
            Some(Answer::Refused(refusal)) => Err(refusal.into()),
            Some(Answer::Read(_)) | None => Err(Refusal::TooMuchWork.into()),
        }
    }

    fn start(&self, wish: Wish) -> io::Result<Child> {
        let (name, value) = RESERVED_AT_ONCE;
        Command::new(&self.0.parts.program)
            .arg(COMMAND)
            .args(arguments(wish, self.0.parts.memory_max))
            // It inherits neither secrets nor addresses.
            .env_clear()
            .env(name, value)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Hands the file over and hears the answer; none if there is no answer that can be understood.
async fn talk(child: &mut Child, bytes: &[u8]) -> Option<Answer> {
    let (mut to, from) = (child.stdin.take()?, child.stdout.take()?);
    let mut said = Vec::new();
    let mut from = from.take(ANSWER_BYTES_MAX);
    let hand_over = async move {
        // A child that has died takes nothing any more: what it said tells.
        let _broken_off = to.write_all(bytes).await;
        drop(to);
    };
    let ((), heard) = tokio::join!(hand_over, from.read_to_end(&mut said));
    heard.ok()?;
    serde_json::from_slice(&said).ok()
}
