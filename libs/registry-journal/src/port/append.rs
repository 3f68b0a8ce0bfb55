//! Writing without reading: for a batch whose tenants and merchants are remembered as the last batch left them.

use registry_domain::{Seq, TenantId};

use super::{Head, LoadedTenant, TransactError, Writes};

/// Where a tenant's log ended, and which rows stood beside it, when what is remembered of the tenant was true. As long as
/// both are so it is still true: every change of a tenant or of its merchants is an event, or counts in the generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedHead {
    /// Whose log.
    pub tenant_id: TenantId,
    /// Its last position.
    pub seq: Seq,
    /// The hash there. It also tells a log that was put back to an earlier state and went on from there.
    pub hash: [u8; 32],
    /// See [`LoadedTenant::generation`].
    pub generation: i64,
}

impl ExpectedHead {
    /// What a tenant was like when a batch left it.
    pub fn of(loaded: &LoadedTenant, head: Head) -> Self {
        Self {
            tenant_id: loaded.tenant.id,
            seq: head.seq,
            hash: head.hash,
            generation: loaded.generation,
        }
    }
}

/// What nearly every callback writes: events, and the rows of merchants that come of them. Nothing else, and some of it.
#[derive(Debug, Clone, Copy)]
pub struct Additions<'a>(&'a Writes);

impl<'a> Additions<'a> {
    /// The writes, if they are of this kind.
    pub fn of(writes: &'a Writes) -> Option<Self> {
        (!writes.events.is_empty() && !writes.has_others()).then_some(Self(writes))
    }

    /// The events and the rows of merchants.
    pub fn writes(self) -> &'a Writes {
        self.0
    }
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A log does not end where it was expected to, or rows were put in place beside it: somebody else was there.
    /// Nothing was written.
    #[error("a log has moved")]
    Moved,
    /// As with any transaction.
    #[error(transparent)]
    Transact(#[from] TransactError),
}
