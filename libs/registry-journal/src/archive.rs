//! Reading events back: rows are opened, checked and turned into facts.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::merchant::{self, Merchant};
use registry_domain::{EventId, MerchantId, Seq, TenantId, Version};
use uuid::Uuid;

use crate::keyring::{DataKey, Keyring, OpenError};
use crate::port::{
    AuditEntry, AuditQuery, ListedMerchant, ListedThen, MerchantQuery, PageSize, PlaceKey, ReadError, Reader, SortKey,
    StreamQuery,
};
use crate::record::{EventRow, RecordedEvent, StreamEvent, StreamId, actor_from_text};
use crate::stored::{self, Personal, StoredError};

/// Why events could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Storage failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row's personal part does not open, although its key is there.
    #[error("the personal part of event {event_id} cannot be opened")]
    Open {
        /// The event.
        event_id: EventId,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// A row does not have the shape of its type.
    #[error("event {event_id} cannot be read")]
    Stored {
        /// The event.
        event_id: EventId,
        /// Why.
        #[source]
        source: StoredError,
    },
    /// A row names an actor of no known kind.
    #[error("event {event_id} was caused by an actor of no known kind")]
    Actor {
        /// The event.
        event_id: EventId,
    },
}

impl ArchiveError {
    /// Whether what was read is at fault, and not the reading: trying again brings the same.
    pub fn is_of_what_was_read(&self) -> bool {
        match self {
            Self::Read(ReadError::Inconsistent(_)) | Self::Open { .. } | Self::Stored { .. } | Self::Actor { .. } => {
                true
            }
            Self::Read(ReadError::Unavailable { .. } | ReadError::Crowded { .. }) => false,
        }
    }
}

/// What came of opening rows.
#[derive(Debug, Default)]
pub struct Opening {
    /// How many opened.
    pub opened: u64,
    /// The first that did not, and why.
    pub shut: Option<(Seq, OpenError)>,
    /// Owners that have no key, each with an event that is sealed under it.
    pub keyless: Vec<(Uuid, Seq)>,
}

/// Up to where a merchant is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// This version, it included.
    Version(Version),
    /// This moment, it included.
    Time(DateTime<Utc>),
}

/// A merchant has more events up to then than may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// Events that are read at once to fold several merchants. One that has more alone is folded page by page.
const BEGINNINGS_MAX: u64 = 4_000;

/// How many of the first merchants have no more events than are read at once. One merchant may have more.
fn part_length(wanted: &[(MerchantId, Version)]) -> usize {
    let mut events = 0_u64;
    let fitting = wanted.iter().take_while(|(_, version)| {
        events = events.saturating_add(version.0);
        events <= BEGINNINGS_MAX
    });
    fitting.count().max(1)
}

/// The merchant after further events of its stream.
fn folded(id: MerchantId, state: Option<Merchant>, events: &[RecordedEvent]) -> Option<Merchant> {
    events.iter().fold(state, |state, recorded| match &recorded.event {
        StreamEvent::Merchant(event) => merchant::evolve(id, state, event, recorded.stamp),
        StreamEvent::Tenant(_) => state,
    })
}

/// Reads events back. Cheap to clone.
#[derive(Clone)]
pub struct Archive {
    reader: Arc<dyn Reader>,
    keyring: Arc<Keyring>,
}

impl Archive {
    /// An archive over a storage, opened with a keyring.
    pub fn new(reader: Arc<dyn Reader>, keyring: Arc<Keyring>) -> Self {
        Self { reader, keyring }
    }

    /// The storage below.
    pub fn reader(&self) -> &dyn Reader {
        self.reader.as_ref()
    }

    /// The key of a file that somebody handed over, or of what a job takes from one.
    pub fn key_of_file(&self, owner: Uuid) -> DataKey {
        self.keyring.of_file(owner)
    }

    /// A page of a tenant's log, in order.
    pub async fn events_after(
        &self,
        tenant: TenantId,
        after: Seq,
        limit: PageSize,
    ) -> Result<Vec<RecordedEvent>, ArchiveError> {
        let rows = self.reader.events_after(tenant, after, limit).await?;
        self.open(tenant, rows).await
    }

    /// A page of one stream, in order.
    pub async fn stream(&self, tenant: TenantId, query: &StreamQuery) -> Result<Vec<RecordedEvent>, ArchiveError> {
        let rows = self.reader.stream(tenant, query).await?;
        self.open(tenant, rows).await
    }

    /// The first event that a command wrote: a callback, say, or what was decided on one.
    pub async fn first_event(&self, tenant: TenantId, id: EventId) -> Result<Option<RecordedEvent>, ArchiveError> {
        let row = self.reader.first_event(tenant, id).await?;
        Ok(self.open(tenant, row.into_iter().collect()).await?.pop())
    }

    /// A page of a merchant's payment approvals, the newest first.
    pub async fn approvals(
        &self,
        tenant: TenantId,
        merchant: MerchantId,
        before: Option<Version>,
        limit: PageSize,
    ) -> Result<Vec<RecordedEvent>, ArchiveError> {
        let rows = self.reader.approvals(tenant, merchant, before, limit).await?;
        self.open(tenant, rows).await
    }

    /// A merchant as the registry knew it then: folded from the log. None before it was registered.
    pub async fn merchant_at(
        &self,
        tenant: TenantId,
        id: MerchantId,
        until: Until,
    ) -> Result<Option<Merchant>, ArchiveError> {
        let past = self.merchant_within(tenant, id, until, u64::MAX).await?;
        Ok(past.unwrap_or_default())
    }

    /// The same of no more than so many events; an error inside if there were more.
    pub async fn merchant_within(
        &self,
        tenant: TenantId,
        id: MerchantId,
        until: Until,
        events_max: u64,
    ) -> Result<Result<Option<Merchant>, TooLong>, ArchiveError> {
        let mut query = StreamQuery {
            stream: StreamId::Merchant(id),
            after: Version::ZERO,
            until_version: None,
            until_time: None,
            limit: PageSize::MAX,
        };
        match until {
            Until::Version(version) if version.0 > events_max => return Ok(Err(TooLong)),
            Until::Version(version) => query.until_version = Some(version),
            Until::Time(at) => query.until_time = Some(at),
        }
        let mut state = None;
        loop {
            let page = self.stream(tenant, &query).await?;
            let full = page.len() == query.limit.get() as usize;
            state = folded(id, state, &page);
            query.after = page.last().map_or(query.after, |recorded| recorded.stamp.version);
            if query.after.0 > events_max {
                return Ok(Err(TooLong));
            }
            if !full {
                return Ok(Ok(state));
            }
        }
    }

    /// Merchants as they were at a version each, folded from the log. Those that were not registered then are left out.
    pub async fn merchants_at(
        &self,
        tenant: TenantId,
        wanted: &[(MerchantId, Version)],
    ) -> Result<Vec<Merchant>, ArchiveError> {
        let mut merchants = Vec::with_capacity(wanted.len());
        let mut rest = wanted;
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(part_length(rest));
            rest = behind;
            if let [(id, version)] = part {
                merchants.extend(self.merchant_at(tenant, *id, Until::Version(*version)).await?);
                continue;
            }
            let streams: Vec<_> = part.iter().map(|(id, version)| (id.as_uuid(), *version)).collect();
            let mut rows = self.reader.beginnings(tenant, &streams).await?;
            rows.sort_unstable_by_key(|row| (row.stream.as_uuid(), row.version));
            let events = self.open(tenant, rows).await?;
            let streams = events.chunk_by(|one, next| one.stream == next.stream);
            merchants.extend(streams.filter_map(|events| folded(events[0].stream.merchant_id()?, None, events)));
        }
        Ok(merchants)
    }

    /// A page of merchants as it was at a moment, with the documents of then.
    pub async fn merchants_as_of(
        &self,
        tenant: TenantId,
        query: &MerchantQuery,
        at: DateTime<Utc>,
    ) -> Result<Vec<ListedMerchant>, ArchiveError> {
        let page = self.reader.merchants_as_of(tenant, query, at).await?;
        let wanted: Vec<_> = page.iter().map(|listed| (listed.id(), listed.version)).collect();
        let merchants = self.merchants_at(tenant, &wanted).await?;
        let mut merchants: HashMap<MerchantId, Merchant> = merchants.into_iter().map(|it| (it.id, it)).collect();
        let listed = page.into_iter().filter_map(|ListedThen { mut position, .. }| {
            let merchant = merchants.remove(&position.id)?;
            if query.sort == SortKey::CreatedAt {
                position.key = PlaceKey::Moment(merchant.created_at);
            }
            Some(ListedMerchant {
                position,
                merchant: Ok(merchant),
            })
        });
        Ok(listed.collect())
    }

    /// A page of what people and programs did, the newest first.
    pub async fn audit(
        &self,
        tenant: TenantId,
        query: &AuditQuery,
    ) -> Result<Vec<(AuditEntry, RecordedEvent)>, ArchiveError> {
        let entries = self.reader.audit(tenant, query).await?;
        let places: Vec<Seq> = entries.iter().map(|entry| entry.seq).collect();
        let rows = self.reader.events_at(tenant, &places).await?;
        let events = self.open(tenant, rows).await?;
        let mut events: HashMap<Seq, RecordedEvent> = events.into_iter().map(|it| (it.stamp.seq, it)).collect();
        let found = entries.into_iter().filter_map(|entry| {
            let event = events.remove(&entry.seq)?;
            Some((entry, event))
        });
        Ok(found.collect())
    }

    /// Opens rows of the log.
    pub async fn open(&self, tenant: TenantId, rows: Vec<EventRow>) -> Result<Vec<RecordedEvent>, ArchiveError> {
        let mut owners: Vec<Uuid> = rows
            .iter()
            .filter(|row| !row.sealed.is_empty())
            .map(|row| row.stream.as_uuid())
            .collect();
        owners.sort_unstable();
        owners.dedup();
        let wrapped = if owners.is_empty() {
            HashMap::new()
        } else {
            self.reader.wrapped_keys(tenant, &owners).await?
        };
        let mut keys = HashMap::with_capacity(wrapped.len());
        rows.into_iter()
            .map(|row| self.open_row(row, &wrapped, &mut keys))
            .collect()
    }

    /// Which of these rows is sealed and does not open; the first one. Owners without a key are left out and named: they
    /// were erased, or their key is lost.
    pub async fn first_shut(&self, tenant: TenantId, rows: &[&EventRow]) -> Result<Opening, ReadError> {
        let mut owners: Vec<Uuid> = rows.iter().map(|row| row.stream.as_uuid()).collect();
        owners.sort_unstable();
        owners.dedup();
        let wrapped = self.reader.wrapped_keys(tenant, &owners).await?;
        let mut keys = HashMap::with_capacity(wrapped.len());
        let mut opening = Opening::default();
        for row in rows {
            let owner = row.stream.as_uuid();
            let Some(wrapped) = wrapped.get(&owner) else {
                opening.keyless.push((owner, row.seq));
                continue;
            };
            match self.open_sealed(owner, wrapped, &mut keys, row) {
                Ok(_) => opening.opened += 1,
                Err(error) => {
                    opening.shut = Some((row.seq, error));
                    return Ok(opening);
                }
            }
        }
        Ok(opening)
    }

    fn open_row(
        &self,
        row: EventRow,
        wrapped: &HashMap<Uuid, Vec<u8>>,
        keys: &mut HashMap<Uuid, DataKey>,
    ) -> Result<RecordedEvent, ArchiveError> {
        let event_id = row.event_id;
        let owner = row.stream.as_uuid();
        let personal = match wrapped.get(&owner) {
            Some(wrapped) if !row.sealed.is_empty() => {
                let opened = self.open_sealed(owner, wrapped, keys, &row);
                Some(opened.map_err(|source| ArchiveError::Open { event_id, source })?)
            }
            Some(_) | None => None,
        };
        let erased = personal.is_none() && !row.sealed.is_empty();
        let read = || {
            let personal = personal.map(|bytes| Personal::from_bytes(&bytes)).transpose()?;
            let on_behalf_of = personal.as_ref().map(Personal::on_behalf_of).transpose()?.flatten();
            let address = personal.as_ref().and_then(Personal::address);
            let event = stored::into_domain(&row.event_type, &row.data, personal)?;
            Ok((event, on_behalf_of, address))
        };
        let (event, on_behalf_of, address) = read().map_err(|source| ArchiveError::Stored { event_id, source })?;
        Ok(RecordedEvent {
            tenant_id: row.tenant_id,
            event_id,
            stream: row.stream,
            stamp: row.stamp(),
            hash: row.hash,
            actor: actor_from_text(&row.actor).ok_or(ArchiveError::Actor { event_id })?,
            on_behalf_of,
            address,
            correlation_id: row.correlation_id,
            causation_id: row.causation_id,
            event_type: row.event_type,
            event,
            erased,
        })
    }

    fn open_sealed(
        &self,
        owner: Uuid,
        wrapped: &[u8],
        keys: &mut HashMap<Uuid, DataKey>,
        row: &EventRow,
    ) -> Result<Vec<u8>, OpenError> {
        let key = match keys.entry(owner) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(self.keyring.unwrap(owner, wrapped)?),
        };
        key.open(row.event_id.as_uuid(), &row.sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_no_more_events_than_are_read_at_once_unless_it_is_one_merchant() {
        let merchants = |versions: &[u64]| -> Vec<_> {
            let id = MerchantId::from_uuid(Uuid::nil());
            versions.iter().map(|version| (id, Version(*version))).collect()
        };
        assert_eq!(part_length(&merchants(&[1, 2, 3])), 3);
        assert_eq!(part_length(&merchants(&[BEGINNINGS_MAX - 1, 1, 1])), 2);
        assert_eq!(part_length(&merchants(&[BEGINNINGS_MAX + 1, 1])), 1);
        assert_eq!(part_length(&merchants(&[u64::MAX, u64::MAX])), 1);
    }
}
