//! What somebody did that changed nothing, and is written down all the same.

use super::state::Scope;
use crate::exports::ExportFormat;
use crate::ids::{EventId, ExportId, MerchantId, PersonId};
use crate::jobs::Reason;
use crate::words::words;

/// An access to the tenant's data, or a try. Who it was stands beside the event, as with every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// A business number was shown in full.
    NumberRevealed {
        /// Whose.
        merchant_id: MerchantId,
    },
    /// The body of a callback was read.
    PayloadOpened {
        /// The event that recorded the callback.
        event_id: EventId,
        /// The merchant that it was for, if it was for one.
        merchant_id: Option<MerchantId>,
    },
    /// Somebody had a file made of a list of merchants. It is written down before the first row is read.
    MerchantsExported {
        /// What kind of file.
        format: ExportFormat,
        /// How many merchants there were then.
        rows: u64,
        /// By what the list was filtered: names alone, for what was searched for may be a person's.
        filters: Vec<String>,
        /// Whether business numbers stand in it whole.
        with_numbers: bool,
        /// The file that is made of it.
        export_id: ExportId,
        /// Why. Not known any more once the tenant's secrets are destroyed.
        reason: Option<Reason>,
    },
    /// A file that was made was taken, whole or in part.
    ExportTaken {
        /// Which.
        export_id: ExportId,
        /// From which byte on.
        from: u64,
    },
    /// Somebody lacked a right.
    Refused {
        /// What was asked for: method and path of the operation, without anybody's ids.
        operation: String,
        /// The right.
        scope: Scope,
        /// How often since the last such fact.
        count: u64,
    },
    /// A person signed in.
    SignedIn,
    /// Somebody did not get in as a person of the tenant's.
    SignInRefused {
        /// How often since the last such fact.
        count: u64,
    },
    /// A person signed out, or was signed out.
    SignedOut {
        /// Who, where it was not whoever did it.
        person_id: Option<PersonId>,
    },
}

impl Access {
    /// The merchant that it is about.
    pub const fn merchant_id(&self) -> Option<MerchantId> {
        match self {
            Self::NumberRevealed { merchant_id } => Some(*merchant_id),
            Self::PayloadOpened { merchant_id, .. } => *merchant_id,
            Self::MerchantsExported { .. }
            | Self::ExportTaken { .. }
            | Self::Refused { .. }
            | Self::SignedIn
            | Self::SignInRefused { .. }
            | Self::SignedOut { .. } => None,
        }
    }
}

/// What became of something that somebody wanted to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

words!(AuditOutcome {
    Done => "done",
    Refused => "refused",
});
