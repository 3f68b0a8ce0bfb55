//! How driving a callback again can fail.

use registry_journal::{ArchiveError, ReadError, WriteError};

/// Why a callback could not be driven again.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// The tenant has no event with this id that holds a callback.
    #[error("no such callback")]
    NoSuchCallback,
    /// The tenant has no merchant with the id that it should be bound to.
    #[error("no such merchant")]
    NoSuchMerchant,
    /// Its bytes were destroyed with the merchant's personal data.
    #[error("the callback was erased")]
    Erased,
    /// The Idempotency-Key was used for another request.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// The log did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ArchiveError),
}

impl From<ReadError> for RedriveError {
    fn from(error: ReadError) -> Self {
        Self::Read(error.into())
    }
}
