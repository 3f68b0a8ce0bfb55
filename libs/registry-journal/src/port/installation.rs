//! What belongs to the installation as a whole and to no tenant: which master key it has.

use async_trait::async_trait;
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

/// The one row of the installation.
#[async_trait]
pub trait Founding: Send + Sync {
    /// What is there.
    async fn key_evidence(&self) -> Result<KeyEvidence, ReadError>;

    /// Writes the check value down, unless one is there. Of several processes that do this at once one wins, and each of
    /// them finds the winner's value afterwards.
    async fn write_key_check(&self, check: KeyCheck) -> Result<(), ReadError>;
}
