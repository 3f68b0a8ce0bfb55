//! Whether what is sealed can be opened.

use std::collections::{BTreeMap, HashMap, HashSet};

use registry_domain::{Seq, TenantId, causes};
use registry_journal::archive::{Archive, ArchiveError};
use registry_journal::port::ReadError;
use registry_journal::record::{EventRow, StreamId};
use registry_journal::stored::MERCHANT_ERASED;
use uuid::Uuid;

use super::{Depth, Flaw};

/// Opens what a walk over a log comes by.
pub(super) struct SealedCheck<'a> {
    archive: &'a Archive,
    tenant: TenantId,
    depth: Depth,
    streams: HashSet<Uuid>,
    /// Streams whose key is not there, each with an event that was sealed under it.
    keyless: BTreeMap<Uuid, Seq>,
    erased: HashSet<Uuid>,
}

impl<'a> SealedCheck<'a> {
    pub(super) fn new(archive: &'a Archive, tenant: TenantId, depth: Depth) -> Self {
        Self {
            archive,
            tenant,
            depth,
            streams: HashSet::new(),
            keyless: BTreeMap::new(),
            erased: HashSet::new(),
        }
    }

    /// Opens what a page has: of each stream the newest event, so that in the end the newest of all was opened, or every
    /// event. Returns what does not open.
    pub(super) async fn page(&mut self, page: &[EventRow]) -> Result<Option<Flaw>, ReadError> {
        let erased = page.iter().filter(|row| row.event_type == MERCHANT_ERASED);
        self.erased.extend(erased.map(|row| row.stream.as_uuid()));
        let mut newest: HashMap<StreamId, &EventRow> = HashMap::new();
        for row in page.iter().filter(|row| !row.sealed.is_empty()) {
            newest.insert(row.stream, row);
        }
        self.streams.extend(newest.keys().map(StreamId::as_uuid));
        let mut rows: Vec<&EventRow> = newest.into_values().collect();
        rows.sort_unstable_by_key(|row| row.seq);
        let opening = self.archive.first_shut(self.tenant, &rows).await?;
        for (owner, seq) in opening.keyless {
            self.keyless.entry(owner).or_insert(seq);
        }
        if let Some((seq, source)) = opening.shut {
            return Ok(Some(Flaw::Shut { seq, source }));
        }
        match self.depth {
            Depth::Newest => Ok(None),
            Depth::Every => match self.archive.open(self.tenant, page.to_vec()).await {
                Ok(_) => Ok(None),
                Err(ArchiveError::Read(error)) => Err(error),
                Err(error @ (ArchiveError::Open { .. } | ArchiveError::Stored { .. } | ArchiveError::Actor { .. })) => {
                    Ok(Some(Flaw::Unreadable {
                        error: causes(&error).to_string(),
                    }))
                }
            },
        }
    }

    /// A stream whose key is not there although its merchant was never erased.
    pub(super) fn lost(&self) -> Option<Flaw> {
        let lost = self.keyless.iter().filter(|(owner, _)| !self.erased.contains(owner));
        lost.map(|(_, seq)| *seq).min().map(|seq| Flaw::KeyLost { seq })
    }

    pub(super) fn streams(&self) -> u64 {
        self.streams.len() as u64
    }

    pub(super) fn erased(&self) -> u64 {
        self.keyless.len() as u64
    }
}
