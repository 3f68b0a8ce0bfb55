//! Files that hold secrets: who else can read them.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::Context;
use rustix::fs::Mode;
use rustix::process::geteuid;

/// Who may read a secret beside the owner of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shared {
    /// Nobody. The exception: what belongs to root, and reaches us through our group, as secrets of containers do.
    WithNobody,
    /// The group of the file: that of a server which reads the same password.
    WithGroup,
}

impl Shared {
    /// The permissions that are too many.
    const fn forbidden(self, owner: u32, us: u32) -> u32 {
        match self {
            Self::WithNobody if owner == 0 && us != 0 => 0o027,
            Self::WithNobody => 0o077,
            Self::WithGroup => 0o027,
        }
    }
}

/// Refuses a secret that others can read, and says what helps. Where files have no modes nobody can be kept out: that is
/// only told. What is no regular file, a pipe say, is nobody's to read later. One that does not exist is not looked at.
pub(crate) fn expect_private(path: &Path, shared: Shared) -> anyhow::Result<()> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    match judge(path, &metadata, shared, has_modes) {
        Verdict::Private => Ok(()),
        Verdict::NoModes => {
            tracing::warn!(file = %path.display(), "the file system keeps nobody from reading this secret: it has no modes");
            Ok(())
        }
        Verdict::Open { mode } => {
            let shown = path.display();
            anyhow::bail!("others can read the secret in {shown} (its mode is {mode:04o}); run: chmod 600 {shown}")
        }
    }
}

/// The same for one that must be there. It is not read: what comes through a pipe comes once.
pub(crate) fn expect_readable(path: &Path, shared: Shared) -> anyhow::Result<()> {
    let reading = || format!("{} cannot be read", path.display());
    let metadata = fs::metadata(path).with_context(reading)?;
    anyhow::ensure!(!metadata.is_dir(), "{} is a directory", path.display());
    expect_private(path, shared)?;
    if metadata.is_file() {
        File::open(path).with_context(reading)?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Private,
    Open { mode: u32 },
    NoModes,
}

fn judge(path: &Path, metadata: &Metadata, shared: Shared, has_modes: impl FnOnce(&Path) -> bool) -> Verdict {
    let mode = metadata.mode() & 0o7777;
    let is_open = mode & shared.forbidden(metadata.uid(), geteuid().as_raw()) != 0;
    if !metadata.is_file() || !is_open {
        Verdict::Private
    } else if has_modes(path) {
        Verdict::Open { mode }
    } else {
        Verdict::NoModes
    }
}

/// Whether a file beside this one has the mode that it is made with. Where none can be made, modes are taken to count.
fn has_modes(path: &Path) -> bool {
    let probe = path.with_extension(format!("modes-{}", std::process::id()));
    let Ok(file) = create_new(&probe) else {
        return true;
    };
    let is_open = file.metadata().is_ok_and(|metadata| is_open_to_others(&metadata));
    // Whatever becomes of it, it holds nothing.
    fs::remove_file(&probe).ok();
    !is_open
}

fn is_open_to_others(metadata: &Metadata) -> bool {
    Mode::from_raw_mode(metadata.mode()).intersects(Mode::RWXG | Mode::RWXO)
}

fn create_new(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Writes a file that only its owner can read. Never replaces one.
pub fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    let mut file = create_new(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

/// Makes a directory that only its owner can look into, if it is not there.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The same for the directory of the data. One that is ours and empty is closed to others; one with something in it may
/// have other users, so that is only told.
pub(crate) fn make_data_directory(path: &Path) -> anyhow::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    make_directory(path).with_context(|| format!("the directory {} cannot be made", path.display()))?;
    let looking = || format!("the directory {} cannot be looked at", path.display());
    let metadata = fs::metadata(path).with_context(looking)?;
    if !is_open_to_others(&metadata) {
        return Ok(());
    }
    let is_empty = fs::read_dir(path).with_context(looking)?.next().is_none();
    let is_ours = metadata.uid() == geteuid().as_raw();
    if !(is_empty && is_ours && fs::set_permissions(path, Permissions::from_mode(0o700)).is_ok()) {
        tracing::warn!(directory = %path.display(), "others can look into the data directory; chmod 700 closes it");
    }
    Ok(())
}

/// Closes to others what an older version has left open to them.
pub(crate) fn close_to_others(path: &Path) {
    let is_open = |metadata: Metadata| metadata.is_file() && is_open_to_others(&metadata);
    if fs::metadata(path).is_ok_and(is_open) {
        // Whoever does not own it works with it as it is.
        fs::set_permissions(path, Permissions::from_mode(0o600)).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a mode, and what is made of it.
    fn verdict(mode: u32, shared: Shared, has_modes: bool) -> Verdict {
        let path = std::env::temp_dir().join(format!("registry-files-{}-{mode:o}-{shared:?}", std::process::id()));
        fs::write(&path, "secret").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let verdict = judge(&path, &fs::metadata(&path).unwrap(), shared, |_| has_modes);
        fs::remove_file(&path).unwrap();
        verdict
    }

    #[test]
    fn what_others_can_read_is_found_where_modes_count() {
        for mode in [0o400, 0o600, 0o700] {
            assert_eq!(verdict(mode, Shared::WithNobody, true), Verdict::Private);
        }
        for mode in [0o440, 0o640, 0o604, 0o644, 0o620, 0o777] {
            assert_eq!(verdict(mode, Shared::WithNobody, true), Verdict::Open { mode });
        }
        assert_eq!(verdict(0o440, Shared::WithGroup, true), Verdict::Private);
        assert_eq!(verdict(0o444, Shared::WithGroup, true), Verdict::Open { mode: 0o444 });
        assert_eq!(verdict(0o777, Shared::WithNobody, false), Verdict::NoModes);
    }

    #[test]
    fn a_secret_of_root_may_come_through_our_group() {
        assert_eq!(Shared::WithNobody.forbidden(0, 65_532) & 0o440, 0);
        assert_ne!(Shared::WithNobody.forbidden(0, 65_532) & 0o004, 0);
        assert_ne!(Shared::WithNobody.forbidden(65_532, 65_532) & 0o040, 0);
    }

    #[test]
    fn this_file_system_has_modes() {
        assert!(has_modes(&std::env::temp_dir().join("registry-files-probe.key")));
    }
}
