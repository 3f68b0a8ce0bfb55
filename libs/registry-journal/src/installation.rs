//! Whether the keys at hand are those of an installation. With another master key, what is sealed could not be read, and what
//! would be sealed could not be read later. With other callback keys, callbacks to URLs that were given away would be refused.

use std::collections::BTreeMap;

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
    /// A callback key has the number of another one.
    #[error("callback key {number} is not the one that the installation knows by this number")]
    OtherCallbackKey {
        /// The number.
        number: u8,
    },
    /// The newest callback key is not among those at hand.
    #[error("callback key {number}, the newest of the installation, is not there")]
    CallbackKeyLacking {
        /// Its number.
        number: u8,
    },
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

/// Compares callback keys with those that the installation has had. Whoever makes URLs knows the newest, and whoever takes
/// callbacks must know it too. A new key is one whose number is new; it is written down by who may make an installation.
pub async fn recognise_callback_keys(
    storage: &(impl Founding + ?Sized),
    ours: &[(u8, KeyCheck)],
    if_none: IfNone,
) -> Result<(), InstallationError> {
    let known = storage.callback_key_checks().await?;
    compare(&known, ours)?;
    let is_new = |(number, _): &&(u8, KeyCheck)| !known.contains_key(number);
    if if_none == IfNone::Refuse || !ours.iter().any(|key| is_new(&key)) {
        return Ok(());
    }
    for (number, check) in ours.iter().filter(is_new) {
        storage.write_callback_key_check(*number, *check).await?;
    }
    // Another process may have been first.
    compare(&storage.callback_key_checks().await?, ours)
}

fn compare(known: &BTreeMap<u8, KeyCheck>, ours: &[(u8, KeyCheck)]) -> Result<(), InstallationError> {
    let is_other = |(number, check): &&(u8, KeyCheck)| known.get(number).is_some_and(|known| known != check);
    if let Some((number, _)) = ours.iter().find(is_other) {
        return Err(InstallationError::OtherCallbackKey { number: *number });
    }
    match known.last_key_value() {
        Some((newest, _)) if !ours.iter().any(|(number, _)| number == newest) => {
            Err(InstallationError::CallbackKeyLacking { number: *newest })
        }
        Some(_) | None => Ok(()),
    }
}

/// Returns what stands there afterwards: another process may have been first.
async fn write(storage: &(impl Founding + ?Sized), keyring: &Keyring) -> Result<KeyCheck, InstallationError> {
    storage.write_key_check(keyring.check()).await?;
    storage.key_evidence().await?.check.ok_or(InstallationError::None)
}
