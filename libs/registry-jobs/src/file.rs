//! What somebody handed over as a file: its rows, sealed for as long as they are kept. Names and numbers of businesses stand in them.

use std::fmt;

use chrono::{DateTime, Utc};
use registry_domain::{Actor, ImportId, JobId};
use registry_imports::FileRow;
use registry_journal::port::{ImportFile, RowSource};
use registry_journal::{Archive, DataKey};
use uuid::Uuid;

/// Rows are read and written so many at a time: each may hold some kilobytes.
pub const SOURCES_AT_ONCE: usize = 64;

/// What was kept cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was kept of a file cannot be opened")]
pub struct FileShut;

/// What the rows of one job say, sealed.
pub struct Sources {
    key: DataKey,
}

impl Sources {
    /// Those of a job.
    pub fn of(archive: &Archive, job: JobId) -> Self {
        Self {
            key: archive.key_of_file(job.as_uuid()),
        }
    }

    /// A row that is to be kept. A place is sealed once.
    pub(crate) fn seal(&self, number: u32, row: &FileRow) -> RowSource {
        let text = serde_json::to_vec(row).expect("texts and numbers are valid JSON");
        RowSource {
            number,
            sealed: self.key.seal(place(number), &text),
        }
    }

    /// A row that was kept.
    pub fn open(&self, source: &RowSource) -> Result<FileRow, FileShut> {
        let text = self.key.open(place(source.number), &source.sealed);
        serde_json::from_slice(&text.map_err(|_| FileShut)?).map_err(|_| FileShut)
    }
}

fn place(number: u32) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// What was handed over.
    pub file: HandedOver,
    /// When.
    pub created_at: DateTime<Utc>,
    /// By whom; none if that was not written down yet.
    pub actor: Option<Actor>,
}

/// A file that somebody handed over, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// What it is called.
    pub name: String,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for HandedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandedOver({} bytes)", self.bytes.len())
    }
}

impl HandedOver {
    /// As it is kept: how long its name is, the name, the bytes.
    pub fn seal(&self, archive: &Archive, id: ImportId) -> Vec<u8> {
        let mut text = Vec::with_capacity(4 + self.name.len() + self.bytes.len());
        text.extend_from_slice(&u32::try_from(self.name.len()).unwrap_or(u32::MAX).to_be_bytes());
        text.extend_from_slice(self.name.as_bytes());
        text.extend_from_slice(&self.bytes);
        archive.key_of_file(id.as_uuid()).seal(place(0), &text)
    }

    /// One that was kept.
    pub fn open(archive: &Archive, file: &ImportFile) -> Result<Self, FileShut> {
        let text = archive.key_of_file(file.id.as_uuid()).open(place(0), &file.sealed);
        let text = text.map_err(|_| FileShut)?;
        let (length, rest) = text.split_first_chunk::<4>().ok_or(FileShut)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (name, bytes) = rest.split_at_checked(length).ok_or(FileShut)?;
        Ok(Self {
            name: String::from_utf8(name.to_vec()).map_err(|_| FileShut)?,
            bytes: bytes.to_vec(),
        })
    }
}
