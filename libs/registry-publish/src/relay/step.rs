//! One step for one tenant.

use std::collections::HashMap;
use std::time::Duration;

use registry_domain::merchant::{Merchant, Stage};
use registry_domain::tenant::Slug;
use registry_domain::{MerchantId, Seq, TenantId};
use registry_journal::RecordedEvent;
use registry_journal::port::{
    Direction, MerchantFilter, MerchantQuery, PagePosition, PageSize, PublishCursor, SortKey,
};
use registry_journal::record::StreamEvent;
use tokio::time::Instant;

use super::position::{Position, resume};
use super::{Progress, Relay, RelayError, Track};
use crate::document::{MaskedDocument, MerchantDocument, to_json};
use crate::message::{Message, message_for};
use crate::publisher::{BucketEntry, BucketValue};

/// Events read at once.
const EVENTS_PAGE: PageSize = PageSize::clamped(500);

/// Merchants read at once when a bucket is rewritten.
const MERCHANTS_PAGE: PageSize = PageSize::clamped(500);

/// Size of the bodies after which a step publishes what it has, in bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// How often a cursor is saved at most: each time is a durable write beside those of the log.
pub(super) const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// What a step publishes and writes.
struct Batch {
    messages: Vec<Message>,
    /// The newest document of each merchant, in log order.
    entries: Vec<BucketEntry>,
    /// The last event that it covers.
    end: Seq,
}

/// A merchant's newest document in a batch.
struct Newest {
    seq: Seq,
    erased: bool,
    document: MaskedDocument,
}

impl Relay {
    /// Takes one step for a tenant: at most 500 events. Does nothing but look if nothing is new.
    pub async fn run_once(&mut self, tenant: TenantId, slug: &Slug) -> Result<Progress, RelayError> {
        self.notice_session();
        let outcome = self.step(tenant, slug).await;
        if outcome.is_err()
            && let Some(track) = self.tracks.get_mut(&tenant)
        {
            track.position = None;
        }
        outcome
    }

    async fn step(&mut self, tenant: TenantId, slug: &Slug) -> Result<Progress, RelayError> {
        let mut position = match self.track(tenant).await?.position {
            Some(position) => position,
            None => self.resume(tenant, slug).await?,
        };
        let page = self.archive.events_after(tenant, position.seq, EVENTS_PAGE).await;
        let page = page.map_err(RelayError::ReadEvents)?;
        let mut published = 0;
        if let Some(last) = page.last().map(|recorded| recorded.stamp.seq) {
            let batch = self.batch(slug, &page, &position, last).await?;
            published = batch.messages.len() as u64;
            self.carry(slug, &batch, &mut position).await?;
            self.status.send_modify(|status| status.published_total += published);
        }
        let more = page.len() == EVENTS_PAGE.get() as usize
            || page.last().is_some_and(|recorded| recorded.stamp.seq > position.seq);
        self.moved(tenant, position).await?;
        Ok(Progress { published, more })
    }

    /// Publishes and writes a batch and moves the position behind it.
    async fn carry(&self, slug: &Slug, batch: &Batch, position: &mut Position) -> Result<(), RelayError> {
        if let Some(last) = batch.messages.last() {
            let stored = self.publisher.publish(slug, position.stream_seq, &batch.messages).await;
            position.stream_seq = stored.map_err(RelayError::Publish)?;
            position.published_seq = last.seq;
        }
        if let Some(last) = batch.entries.last() {
            position.bucket_seq = self.put(slug, position.bucket_seq, &batch.entries).await?;
            position.documents_seq = last.position;
        }
        position.seq = batch.end;
        Ok(())
    }

    /// Turns a page of events into messages and documents, as far as the broker does not hold them.
    async fn batch(
        &mut self,
        slug: &Slug,
        page: &[RecordedEvent],
        position: &Position,
        last: Seq,
    ) -> Result<Batch, RelayError> {
        self.states.forget_erased(page);
        let mut messages = Vec::new();
        let mut newest = HashMap::new();
        let (mut previous, mut end, mut bytes) = (position.published_seq, last, 0);
        for recorded in page {
            let StreamEvent::Merchant(event) = &recorded.event else {
                continue;
            };
            let Some(id) = recorded.stream.merchant_id() else {
                continue;
            };
            let seq = recorded.stamp.seq;
            let (publishes, writes) = (seq > position.published_seq, seq > position.documents_seq);
            if !publishes && !writes {
                continue;
            }
            let merchant = self.states.at(&self.archive, id, event, recorded).await;
            let merchant = merchant.map_err(|source| RelayError::FoldMerchant {
                event_id: recorded.event_id,
                source,
            })?;
            let Some(merchant) = merchant else {
                tracing::error!(event_id = %recorded.event_id, "an event before its merchant's registration is not published");
                continue;
            };
            let document = MerchantDocument::from_merchant(merchant).masked();
            let erased = merchant.erased;
            if publishes && let Some(message) = message_for(slug, recorded, &document, previous) {
                previous = seq;
                bytes += message.body.len();
                messages.push(message);
            }
            if writes {
                newest.insert(id, Newest { seq, erased, document });
            }
            if bytes >= BATCH_BYTES {
                end = seq;
                break;
            }
        }
        Ok(Batch {
            messages,
            entries: in_log_order(newest),
            end,
        })
    }

    /// Looks at what the broker holds and decides from where to go on.
    async fn resume(&mut self, tenant: TenantId, slug: &Slug) -> Result<Position, RelayError> {
        let standing = self.publisher.prepare(slug).await.map_err(RelayError::Prepare)?;
        let reader = self.archive.reader();
        let cursor = reader.publish_cursor(tenant).await.map_err(RelayError::ReadCursor)?;
        let is_ours = match standing.last {
            Some(last) => {
                let found = reader
                    .event(tenant, last.event_id)
                    .await
                    .map_err(RelayError::FindEvent)?;
                found.is_some_and(|row| row.seq == last.seq)
            }
            None => true,
        };
        let resumption = resume(cursor, &standing, is_ours);
        let mut position = resumption.position;
        if !is_ours {
            tracing::error!(
                tenant = %slug, after = %position.seq,
                "the stream ends with an event that is not in the log (a log begun anew, or a restored backup); \
                 publishing goes on behind it"
            );
        }
        if resumption.stream_lost {
            tracing::warn!(tenant = %slug, after = %position.seq, "the stream has lost events; they are published again");
        }
        if resumption.bucket_lost {
            tracing::warn!(tenant = %slug, "the bucket has lost documents; all are written again");
            self.rewrite_bucket(tenant, slug, &mut position).await?;
        }
        self.status.send_modify(|status| status.resumed_total += 1);
        Ok(position)
    }

    /// Writes the documents of all merchants that have no events after the position. Those of the others follow with
    /// their events, so that no document ever becomes older.
    async fn rewrite_bucket(&self, tenant: TenantId, slug: &Slug, position: &mut Position) -> Result<(), RelayError> {
        let mut query = MerchantQuery {
            filter: MerchantFilter {
                stages: Stage::ALL.to_vec(),
                ..MerchantFilter::default()
            },
            sort: SortKey::CreatedAt,
            direction: Direction::Ascending,
            after: None,
            limit: MERCHANTS_PAGE,
        };
        let mut last_entry = None;
        loop {
            let page = self.archive.reader().merchants(tenant, &query).await;
            let page = page.map_err(RelayError::ListMerchants)?;
            let settled = page.iter().filter(|merchant| merchant.seq <= position.seq);
            let entries: Vec<_> = settled.map(entry_of).collect();
            position.bucket_seq = self.put(slug, position.bucket_seq, &entries).await?;
            last_entry = entries.into_iter().next_back().or(last_entry);
            match page.last() {
                Some(end) if page.len() == MERCHANTS_PAGE.get() as usize => {
                    query.after = Some(PagePosition {
                        at: end.created_at,
                        id: end.id,
                    });
                }
                Some(_) | None => break,
            }
        }
        // Only now is the bucket complete, and only its last entry says so.
        if let Some(mut entry) = last_entry {
            entry.position = position.published_seq.min(position.seq);
            position.bucket_seq = self.put(slug, position.bucket_seq, &[entry]).await?;
        }
        position.documents_seq = position.seq;
        Ok(())
    }

    async fn put(&self, slug: &Slug, after: u64, entries: &[BucketEntry]) -> Result<u64, RelayError> {
        if entries.is_empty() {
            return Ok(after);
        }
        let stored = self.publisher.put_documents(slug, after, entries).await;
        stored.map_err(RelayError::PutDocuments)
    }

    /// Remembers a position and writes it down from time to time.
    async fn moved(&mut self, tenant: TenantId, position: Position) -> Result<(), RelayError> {
        let track = self.track(tenant).await?;
        track.position = Some(position);
        track.read = position.seq;
        if track.is_save_due() {
            self.save_cursor(tenant).await?;
        }
        Ok(())
    }

    async fn save_cursor(&mut self, tenant: TenantId) -> Result<(), RelayError> {
        let Some(cursor) = self.tracks.get(&tenant).and_then(Track::unsaved) else {
            return Ok(());
        };
        let saved = self.archive.reader().save_publish_cursor(tenant, cursor).await;
        saved.map_err(RelayError::SaveCursor)?;
        let track = self.track(tenant).await?;
        track.saved = cursor;
        track.saved_at = Instant::now();
        Ok(())
    }

    /// Writes down where every tenant stands.
    pub(super) async fn save_cursors(&mut self) {
        let tenants: Vec<TenantId> = self.tracks.keys().copied().collect();
        for tenant in tenants {
            if let Err(error) = self.save_cursor(tenant).await {
                // Losing it costs a look at the stream.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the relay stops without saving its cursors"
                );
                return;
            }
        }
    }
}

impl Track {
    fn unsaved(&self) -> Option<PublishCursor> {
        let cursor = self.position.as_ref().and_then(Position::cursor)?;
        (cursor != self.saved).then_some(cursor)
    }

    pub(super) fn is_save_due(&self) -> bool {
        self.saved_at.elapsed() >= SAVE_INTERVAL && self.unsaved().is_some()
    }
}

fn in_log_order(newest: HashMap<MerchantId, Newest>) -> Vec<BucketEntry> {
    let mut newest: Vec<_> = newest.into_iter().collect();
    newest.sort_unstable_by_key(|(_, newest)| newest.seq);
    let entry = |(id, newest): (MerchantId, Newest)| entry(id, newest.erased, &newest.document, newest.seq);
    newest.into_iter().map(entry).collect()
}

fn entry_of(merchant: &Merchant) -> BucketEntry {
    let document = MerchantDocument::from_merchant(merchant).masked();
    entry(merchant.id, merchant.erased, &document, Seq::ZERO)
}

fn entry(merchant_id: MerchantId, erased: bool, document: &MaskedDocument, position: Seq) -> BucketEntry {
    let value = if erased {
        BucketValue::Deleted
    } else {
        BucketValue::Document(to_json(document))
    };
    BucketEntry {
        merchant_id,
        value,
        position,
    }
}
