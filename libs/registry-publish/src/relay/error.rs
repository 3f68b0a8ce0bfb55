//! What a step has done, or failed at.

use registry_domain::MerchantId;
use registry_journal::{ArchiveError, ReadError};

use super::status::RelayFailure;
use crate::publisher::PublishError;

/// What a step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Messages published.
    pub published: u64,
    /// There may be more events to read.
    pub more: bool,
}

/// Why a step failed. The next one begins by looking at what the broker holds.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The tenants could not be listed.
    #[error("the tenants could not be listed")]
    ListTenants(#[source] ReadError),
    /// It could not be found out which tenants are ours to carry.
    #[error("the leases could not be taken")]
    TakeLeases(#[source] ReadError),
    /// It could not be read where the relay stands.
    #[error("the relay's cursor could not be read")]
    ReadCursor(#[source] ReadError),
    /// It could not be written down where the relay stands.
    #[error("the relay's cursor could not be saved")]
    SaveCursor(#[source] ReadError),
    /// It could not be looked up whether the stream's last event stands in the log.
    #[error("the stream's last event could not be looked up in the log")]
    FindEvent(#[source] ReadError),
    /// The log could not be read.
    #[error("the log could not be read")]
    ReadEvents(#[source] ArchiveError),
    /// A merchant could not be folded from its events.
    #[error("the merchant {merchant_id} could not be folded from its events")]
    FoldMerchant {
        /// The merchant.
        merchant_id: MerchantId,
        /// Why.
        #[source]
        source: ArchiveError,
    },
    /// The merchants could not be listed.
    #[error("the merchants could not be listed")]
    ListMerchants(#[source] ReadError),
    /// The stream and the bucket could not be looked at.
    #[error("the stream could not be prepared")]
    Prepare(#[source] PublishError),
    /// Messages could not be published.
    #[error("the messages could not be published")]
    Publish(#[source] PublishError),
    /// Documents could not be written.
    #[error("the documents could not be written")]
    PutDocuments(#[source] PublishError),
}

impl RelayError {
    /// What it failed at.
    pub fn failure(&self) -> RelayFailure {
        match self {
            Self::ListTenants(_)
            | Self::TakeLeases(_)
            | Self::ReadCursor(_)
            | Self::SaveCursor(_)
            | Self::FindEvent(_)
            | Self::ReadEvents(_)
            | Self::FoldMerchant { .. }
            | Self::ListMerchants(_) => RelayFailure::Storage,
            Self::Prepare(error) | Self::Publish(error) | Self::PutDocuments(error) => match error {
                PublishError::OutOfStep => RelayFailure::OutOfStep,
                PublishError::Unavailable(_) => RelayFailure::Unavailable,
                PublishError::Refused(_) => RelayFailure::Refused,
                PublishError::Unfit(_) => RelayFailure::Unfit,
            },
        }
    }
}
