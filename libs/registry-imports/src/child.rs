//! The process that reads a file. It has nothing that is worth having: no database, no key, no network of its own, and limits that it
//! sets itself before it looks at the first byte.

use std::io::{self, Read, Write};

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::limits::{FILE_BYTES_MAX, PROCESSOR_SECONDS_MAX};
use crate::read::{Encoding, Separator, Table, Wish, read};
use crate::refusal::Refusal;

/// The command of a program that reads a file: bytes come in at its standard input, an [`Answer`] goes out.
pub const COMMAND: &str = "read-file";

/// What the child says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It has read the file.
    Read(Table),
    /// It has not.
    Refused(Refusal),
}

/// How the child is told to read: three words behind [`COMMAND`], of which `-` is none.
pub(crate) fn arguments(wish: Wish, memory: u64) -> [String; 3] {
    let or_none = |word: Option<&str>| word.unwrap_or("-").to_owned();
    [
        or_none(wish.encoding.map(Encoding::as_str)),
        or_none(wish.separator.map(Separator::as_str)),
        memory.to_string(),
    ]
}

/// Is the child, if a program was called as one; none if it was not. Nothing else of the program may run before it.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Option<io::Result<()>> {
    if arguments.next()? != COMMAND {
        return None;
    }
    let wish = Wish {
        encoding: arguments.next().and_then(|word| Encoding::from_word(&word)),
        separator: arguments.next().and_then(|word| Separator::from_word(&word)),
    };
    let memory = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(answer(wish, memory))
}

fn answer(wish: Wish, memory: u64) -> io::Result<()> {
    limit(memory)?;
    let mut bytes = Vec::new();
    io::stdin().take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let answer = match read(&bytes, wish) {
        Ok(table) => Answer::Read(table),
        Err(refusal) => Answer::Refused(refusal),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut out, &answer)?;
    out.flush()
}

/// So much more memory than the process has now, some seconds of a processor, and no file of what was in memory when it dies.
fn limit(memory: u64) -> io::Result<()> {
    let set = |resource, most| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit).map_err(io::Error::from)
    };
    set(Resource::Core, 0)?;
    set(Resource::Cpu, PROCESSOR_SECONDS_MAX)?;
    set(Resource::As, address_space()? + memory)
}

/// How much address space the process has, in bytes.
fn address_space() -> io::Result<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let pages: Option<u64> = pages.split(' ').next().and_then(|pages| pages.parse().ok());
    let pages = pages.ok_or_else(|| io::Error::other("the kernel does not say how large the process is"))?;
    Ok(pages * rustix::param::page_size() as u64)
}
