//! What belongs to the installation as a whole and to no tenant: which keys it has, and whose logs.

use std::collections::BTreeMap;

use async_trait::async_trait;
use registry_domain::TenantId;
use uuid::Uuid;

use super::ReadError;
use crate::keyring::KeyCheck;

/// By what an installation knows its master key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyEvidence {
    /// The check value that was written down when it was made. Installations from before there was one have none.
    pub check: Option<KeyCheck>,
    /// The oldest data key that is there, with its owner: the master key wraps it.
    pub wrapped: Option<(Uuid, Vec<u8>)>,
}

/// What is there of the installation.
#[async_trait]
pub trait Founding: Send + Sync {
    /// What the master key is known by.
    async fn key_evidence(&self) -> Result<KeyEvidence, ReadError>;

    /// Writes the check value down, unless one is there. Of several processes that do this at once one wins, and each of
    /// them finds the winner's value afterwards.
    async fn write_key_check(&self, check: KeyCheck) -> Result<(), ReadError>;

    /// The check values of callback keys, by the keys' numbers.
    async fn callback_key_checks(&self) -> Result<BTreeMap<u8, KeyCheck>, ReadError>;

    /// Writes the check value of a callback key down, unless its number has one. As above, one of several wins.
    async fn write_callback_key_check(&self, number: u8, check: KeyCheck) -> Result<(), ReadError>;

    /// The next tenant, in the order of their ids, that has a log: whether it has a row of its own or not.
    async fn next_log(&self, after: Option<TenantId>) -> Result<Option<TenantId>, ReadError>;
}
