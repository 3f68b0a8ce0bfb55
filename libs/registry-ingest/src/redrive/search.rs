//! Finding callbacks in the log, whatever became of them when they came.

use chrono::{DateTime, Utc};
use registry_domain::{EventId, MerchantId, Seq, TenantId, Version};
use registry_journal::port::{PageSize, StreamQuery};
use registry_journal::{Archive, ArchiveError, RecordedEvent, StreamId};

use super::kept::kept;

/// Most stretches of the log that are looked through in one search.
const STRETCHES_MAX: usize = 5;

/// Which of the callbacks that were ever received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    /// Only those that are kept with this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Only those that came then or later.
    pub received_from: Option<DateTime<Utc>>,
    /// Only those that came before.
    pub received_until: Option<DateTime<Utc>>,
}

/// A stretch of the log, searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The events that recorded what was looked for, in the order of the log.
    pub event_ids: Vec<EventId>,
    /// Where to go on: a position of the log, or a version of the merchant. None at the end.
    pub next: Option<u64>,
}

impl Selection {
    fn wants(&self, recorded: &RecordedEvent) -> bool {
        // What was driven again is the same callback: it is found where it came first.
        let is_wanted = |received_at: DateTime<Utc>| {
            self.received_from.is_none_or(|from| received_at >= from)
                && self.received_until.is_none_or(|until| received_at < until)
        };
        kept(&recorded.event).is_some_and(|kept| !kept.is_redriven && is_wanted(kept.received_at))
    }
}

/// Looks through the log behind a position until so many are found or it is time to answer.
pub(super) async fn search(
    archive: &Archive,
    tenant_id: TenantId,
    selection: &Selection,
    mut after: u64,
    limit: PageSize,
) -> Result<Found, ArchiveError> {
    let mut event_ids = Vec::new();
    for _ in 0..STRETCHES_MAX {
        let stretch = stretch(archive, tenant_id, selection, after).await?;
        let is_full = stretch.len() == PageSize::MAX.get() as usize;
        for recorded in &stretch {
            after = match selection.merchant_id {
                Some(_) => recorded.stamp.version.0,
                None => recorded.stamp.seq.0,
            };
            if selection.wants(recorded) {
                event_ids.push(recorded.event_id);
            }
            if event_ids.len() == limit.get() as usize {
                let next = Some(after);
                return Ok(Found { event_ids, next });
            }
        }
        if !is_full {
            let next = None;
            return Ok(Found { event_ids, next });
        }
    }
    let next = Some(after);
    Ok(Found { event_ids, next })
}

async fn stretch(
    archive: &Archive,
    tenant_id: TenantId,
    selection: &Selection,
    after: u64,
) -> Result<Vec<RecordedEvent>, ArchiveError> {
    let Some(merchant_id) = selection.merchant_id else {
        return archive.events_after(tenant_id, Seq(after), PageSize::MAX).await;
    };
    let query = StreamQuery {
        stream: StreamId::Merchant(merchant_id),
        after: Version(after),
        until_version: None,
        until_time: None,
        limit: PageSize::MAX,
    };
    archive.stream(tenant_id, &query).await
}
