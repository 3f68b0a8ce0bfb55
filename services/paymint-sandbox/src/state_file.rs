//! Where a sandbox keeps what it knows, so that it knows it still when it is started again. The file is written anew after
//! changes, beside its place and then put there, so that it is whole whatever happens.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::time::Instant;

use crate::upstream::Upstream;
use crate::world::{StoredWorldError, World};

/// Changes that come within this time are written together.
const PAUSE_MIN: Duration = Duration::from_millis(100);

/// A large world is written so seldom that writing takes at most a part of the time.
const PAUSE_PER_WRITE: u32 = 10;

/// The largest file that is read, in bytes: well above what the largest numbers of mappings and bills take.
const FILE_MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Why a sandbox cannot go on from its state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be read.
    #[error("the state file {0} cannot be read")]
    Read(PathBuf, #[source] io::Error),
    /// The file holds something else. Nothing is lost by it: it stays as it is.
    #[error("the state file {0} cannot be gone on from; move it away to begin anew")]
    Content(PathBuf, #[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The world of a file, or a new one if there is no file yet.
pub(crate) fn read(path: &Path, seed: u64, keys: Vec<String>) -> Result<World, StateError> {
    let length = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(World::new(seed, keys)),
        Err(error) => return Err(StateError::Read(path.to_owned(), error)),
    };
    if length > FILE_MAX_BYTES {
        let error = io::Error::new(io::ErrorKind::FileTooLarge, "no sandbox writes so much");
        return Err(StateError::Read(path.to_owned(), error));
    }
    let stored = fs::read(path).map_err(|error| StateError::Read(path.to_owned(), error))?;
    World::from_stored(seed, keys, &stored)
        .map_err(|error: StoredWorldError| StateError::Content(path.to_owned(), error.into()))
}

/// Writes the world down after every change, until the sandbox stops.
pub(crate) async fn keep(upstream: Arc<Upstream>, path: PathBuf) {
    let mut pause = PAUSE_MIN;
    let mut written = 0;
    let stop = upstream.stop.clone();
    while stop.run_until_cancelled(upstream.changed()).await.is_some() {
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        let begun = Instant::now();
        write(&upstream, &path, &mut written).await;
        pause = PAUSE_MIN.max(begun.elapsed() * PAUSE_PER_WRITE);
    }
}

/// Writes the world down, unless it stands there already.
pub(crate) async fn write(upstream: &Arc<Upstream>, path: &Path, written: &mut u64) {
    let (changes, stored) = upstream.with_world(|world| {
        (
            world.changes(),
            (world.changes() != *written).then(|| world.to_stored()),
        )
    });
    let Some(stored) = stored else { return };
    let path = path.to_owned();
    let shown = path.display().to_string();
    let task = tokio::task::spawn_blocking(move || put(&path, &stored.map_err(io::Error::other)?));
    match task.await {
        Ok(Ok(())) => *written = changes,
        Ok(Err(error)) => tracing::warn!(file = %shown, %error, "the sandbox's state could not be written"),
        Err(error) => tracing::warn!(file = %shown, %error, "writing the sandbox's state broke off"),
    }
}

/// Only its owner can read it: it holds bodies of callbacks, and with approvals a made-up key.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
