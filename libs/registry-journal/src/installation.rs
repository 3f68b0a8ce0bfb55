//! Whether the master key at hand is the one that an installation was made with. With another one, what is sealed could not
//! be read, and what would be sealed could not be read later.

use crate::keyring::{KeyCheck, Keyring};
use crate::port::{Founding, ReadError};

/// What is done where no installation is yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfNone {
    /// One is made: from then on it has this master key.
    Found,
    /// It is refused.
    Refuse,
}

/// Why an installation does not open.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// Nobody has made one.
    #[error("there is no installation yet")]
    None,
    /// It was made with another master key.
    #[error("the master key is not the one that the installation was made with")]
    OtherKey,
    /// Storage could not be asked.
    #[error(transparent)]
    Unavailable(#[from] ReadError),
}

/// Compares the master key with that of the installation. One from before there was a check value is known by whether the
/// key opens what is wrapped there already, and has a check value from then on.
pub async fn recognise(
    storage: &(impl Founding + ?Sized),
    keyring: &Keyring,
    if_none: IfNone,
) -> Result<(), InstallationError> {
    let evidence = storage.key_evidence().await?;
    let check = match (evidence.check, evidence.wrapped, if_none) {
        (Some(check), _, _) => check,
        (None, Some((owner, wrapped)), _) => {
            if keyring.unwrap(owner, &wrapped).is_err() {
                return Err(InstallationError::OtherKey);
            }
            write(storage, keyring).await?
        }
        (None, None, IfNone::Found) => write(storage, keyring).await?,
        (None, None, IfNone::Refuse) => return Err(InstallationError::None),
    };
    if check == keyring.check() {
        Ok(())
    } else {
        Err(InstallationError::OtherKey)
    }
}

/// Returns what stands there afterwards: another process may have been first.
async fn write(storage: &(impl Founding + ?Sized), keyring: &Keyring) -> Result<KeyCheck, InstallationError> {
    storage.write_key_check(keyring.check()).await?;
    storage.key_evidence().await?.check.ok_or(InstallationError::None)
}
