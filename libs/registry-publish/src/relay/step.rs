//! One step for one tenant.

use std::time::Duration;

use registry_domain::tenant::Slug;
use registry_domain::{Seq, TenantId};
use registry_journal::RecordedEvent;
use registry_journal::port::{PageSize, PublishCursor};
use registry_journal::record::StreamEvent;
use tokio::time::Instant;

use super::documents::Waiting;
use super::position::{Position, resume};
use super::{Progress, Relay, RelayError, Track};
use crate::document::MerchantDocument;
use crate::message::{Message, message_for};

/// Events read at once.
const EVENTS_PAGE: PageSize = PageSize::clamped(500);

/// Size of the bodies after which a step publishes what it has, in bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// How often a cursor is saved at most: each time is a durable write beside those of the log.
pub(super) const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// Where the relay stands, and the documents that it has yet to write.
pub(super) struct Place {
    pub(super) position: Position,
    pub(super) waiting: Waiting,
}

/// The messages of a page.
struct Batch {
    messages: Vec<Message>,
    /// The last event that it covers.
    end: Seq,
}

impl Relay {
    /// Takes one step for a tenant: at most 500 events. Does nothing but look if nothing is new.
    pub async fn run_once(&mut self, tenant: TenantId, slug: &Slug) -> Result<Progress, RelayError> {
        self.notice_session();
        // A step that fails leaves no place behind: the next one looks at what the broker holds.
        let mut place = match self.track(tenant).await?.place.take() {
            Some(place) => place,
            None => self.resume(tenant, slug).await?,
        };
        let progress = self.step(tenant, slug, &mut place).await?;
        let track = self.track(tenant).await?;
        track.read = place.position.seq;
        track.place = Some(place);
        if track.is_save_due() {
            self.save_cursor(tenant).await?;
        }
        Ok(progress)
    }

    async fn step(&mut self, tenant: TenantId, slug: &Slug, place: &mut Place) -> Result<Progress, RelayError> {
        let page = self.archive.events_after(tenant, place.position.seq, EVENTS_PAGE).await;
        let page = page.map_err(RelayError::ReadEvents)?;
        let mut progress = Progress {
            published: 0,
            more: page.len() == EVENTS_PAGE.get() as usize,
        };
        if let Some(last) = page.last().map(|recorded| recorded.stamp.seq) {
            let batch = self.batch(slug, &page, place, last).await?;
            progress.more |= batch.end < last;
            progress.published = batch.messages.len() as u64;
            self.publish(slug, &batch, &mut place.position).await?;
        }
        if !progress.more || place.waiting.is_due() {
            self.write_waiting(tenant, slug, place).await?;
        }
        Ok(progress)
    }

    async fn publish(&self, slug: &Slug, batch: &Batch, position: &mut Position) -> Result<(), RelayError> {
        if let Some(last) = batch.messages.last() {
            let stored = self.publisher.publish(slug, position.stream_seq, &batch.messages).await;
            position.stream_seq = stored.map_err(RelayError::Publish)?;
            position.published_seq = last.seq;
            let published = batch.messages.len() as u64;
            self.status.send_modify(|status| status.published_total += published);
        }
        position.seq = batch.end;
        Ok(())
    }

    /// Turns a page of events into messages and notes whose documents are to be written, as far as the broker does not
    /// hold them.
    async fn batch(
        &mut self,
        slug: &Slug,
        page: &[RecordedEvent],
        place: &mut Place,
        last: Seq,
    ) -> Result<Batch, RelayError> {
        self.states.forget_erased(page);
        let position = place.position;
        let mut messages = Vec::new();
        let (mut previous, mut bytes) = (position.published_seq, 0);
        for recorded in page {
            let StreamEvent::Merchant(event) = &recorded.event else {
                continue;
            };
            let Some(id) = recorded.stream.merchant_id() else {
                continue;
            };
            let seq = recorded.stamp.seq;
            if seq > position.documents_seq {
                place.waiting.note(id, recorded.stamp);
            }
            if seq <= position.published_seq {
                continue;
            }
            let merchant = self.states.after(&self.archive, id, event, recorded).await;
            let merchant = merchant.map_err(|source| RelayError::FoldMerchant {
                merchant_id: id,
                source,
            })?;
            let Some(merchant) = merchant else {
                tracing::error!(event_id = %recorded.event_id, "an event before its merchant's registration is not published");
                continue;
            };
            let document = MerchantDocument::from_merchant(merchant).masked();
            if let Some(message) = message_for(slug, recorded, &document, previous) {
                previous = seq;
                bytes += message.body.len();
                messages.push(message);
            }
            if bytes >= BATCH_BYTES {
                return Ok(Batch { messages, end: seq });
            }
        }
        Ok(Batch { messages, end: last })
    }

    /// Looks at what the broker holds and decides from where to go on.
    async fn resume(&mut self, tenant: TenantId, slug: &Slug) -> Result<Place, RelayError> {
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
        Ok(Place {
            position,
            waiting: Waiting::default(),
        })
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
        let place = self.place.as_ref()?;
        // Events whose documents are not written yet are to be read again after a restart.
        let cursor = place.position.cursor().filter(|_| place.waiting.is_empty())?;
        (cursor != self.saved).then_some(cursor)
    }

    pub(super) fn is_save_due(&self) -> bool {
        self.saved_at.elapsed() >= SAVE_INTERVAL && self.unsaved().is_some()
    }
}
