//! One step for one tenant.

use std::collections::HashMap;
use std::sync::Arc;

use registry_documents::document::MerchantDocument;
use registry_documents::message::{Message, message_for};
use registry_domain::merchant::Merchant;
use registry_domain::tenant::Slug;
use registry_domain::{Seq, TenantId, Version, causes};
use registry_journal::port::PublishCursor;
use registry_journal::record::StreamEvent;
use registry_journal::{Archive, ReadError, RecordedEvent};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::pages::{Page, Pages, join};
use super::place::Place;
use super::position::{Position, Tie, resume};
use super::states::States;
use super::status::RelayStatus;
use super::track::Track;
use super::waiting::Waiting;
use super::{Progress, RelayError};
use crate::publisher::Publisher;

/// Size of the bodies after which a page is cut, in bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// The messages of a page.
struct Batch {
    messages: Vec<Message>,
    /// There may be more events behind it.
    more: bool,
}

/// Carries the logs of tenants, of several side by side.
pub(super) struct Carrier {
    pub(super) archive: Archive,
    pub(super) publisher: Arc<dyn Publisher>,
    pub(super) states: States,
    pub(super) status: watch::Sender<RelayStatus>,
}

impl Carrier {
    /// Takes one step for a tenant: at most 32 pages of 500 events. Does nothing but look if nothing is new.
    pub(super) async fn carry(&self, tenant: TenantId, slug: &Slug, track: &mut Track) -> Result<Progress, RelayError> {
        // A step that fails leaves no place behind: the next one looks at what the broker holds.
        let mut place = match track.place.take() {
            Some(place) => place,
            None => self.resume(tenant, slug).await?,
        };
        let progress = self.step(tenant, slug, &mut place).await?;
        track.read = place.position.seq;
        track.place = Some(place);
        if track.is_save_due() {
            self.save_cursor(tenant, track).await?;
        }
        Ok(progress)
    }

    async fn step(&self, tenant: TenantId, slug: &Slug, place: &mut Place) -> Result<Progress, RelayError> {
        let mut published = 0;
        let mut pages = Pages::new(&self.archive, tenant);
        // Where the relay stands once everything is stored that is on its way.
        let mut ahead = place.position;
        let mut batch = self
            .next_batch(&mut pages, tenant, slug, &mut ahead, &mut place.waiting)
            .await?;
        let more = loop {
            let (count, more, behind) = (batch.messages.len() as u64, batch.more, ahead);
            let publishing = self.publishing(slug, place.position.stream_seq, batch.messages);
            let goes_on = more && !pages.are_over() && !place.waiting.is_due();
            let next = if goes_on {
                // The broker stores a page while the next one is folded and the one behind that is read.
                let next = self.next_batch(&mut pages, tenant, slug, &mut ahead, &mut place.waiting);
                Some(next.await)
            } else {
                None
            };
            let stream_seq = publishing.await?;
            place.position = Position { stream_seq, ..behind };
            self.status.send_modify(|status| status.published_total += count);
            published += count;
            match next {
                // Whatever is wrong with the next page, this one is stored.
                Some(next) => batch = next?,
                None => break more,
            }
        };
        if !more || place.waiting.is_due() {
            self.write_waiting(tenant, slug, place).await?;
        }
        Ok(Progress { published, more })
    }

    /// Has the broker store messages beside whatever the relay does meanwhile. Dropped, it is given up.
    fn publishing(
        &self,
        slug: &Slug,
        after: u64,
        messages: Vec<Message>,
    ) -> impl Future<Output = Result<u64, RelayError>> + Send + use<> {
        let task = (!messages.is_empty()).then(|| {
            let (publisher, slug) = (Arc::clone(&self.publisher), slug.clone());
            let publish = async move { publisher.publish(&slug, after, messages).await };
            AbortOnDropHandle::new(tokio::spawn(publish))
        });
        async move {
            let Some(task) = task else { return Ok(after) };
            join(task).await.map_err(RelayError::Publish)
        }
    }

    /// The page of events behind `ahead`, as messages; `ahead` then is at its end.
    async fn next_batch(
        &self,
        pages: &mut Pages,
        tenant: TenantId,
        slug: &Slug,
        ahead: &mut Position,
        waiting: &mut Waiting,
    ) -> Result<Batch, RelayError> {
        let Page { events: page, more } = pages.next(ahead.seq).await.map_err(RelayError::ReadEvents)?;
        let mut batch = Batch {
            messages: Vec::with_capacity(page.len()),
            more,
        };
        if let Some(last) = page.last().map(|recorded| recorded.stamp.seq) {
            self.fetch_states(tenant, &page, ahead.published_seq).await?;
            let end = self.fill(&mut batch.messages, slug, &page, ahead, waiting).await?;
            batch.more |= end < last;
            ahead.seq = end;
        }
        Ok(batch)
    }

    /// Has the merchants of a page at hand as they were before the first of their events that is to be published.
    async fn fetch_states(&self, tenant: TenantId, page: &[RecordedEvent], published: Seq) -> Result<(), RelayError> {
        self.states.forget_erased(page);
        let mut before = HashMap::new();
        for recorded in page.iter().filter(|recorded| recorded.stamp.seq > published) {
            if let Some(id) = recorded.stream.merchant_id()
                && let Some(version) = recorded.stamp.version.previous()
            {
                before.entry(id).or_insert(version);
            }
        }
        let wanted = before.into_iter().filter(|(_, version)| *version > Version::ZERO);
        let fetched = self.states.fetch(&self.archive, tenant, wanted).await;
        fetched.map_err(RelayError::ReadEvents)
    }

    /// Turns a page of events into messages and notes whose documents are to be written, as far as the broker does not
    /// hold them. Returns the last event that it came to.
    async fn fill(
        &self,
        messages: &mut Vec<Message>,
        slug: &Slug,
        page: &[RecordedEvent],
        ahead: &mut Position,
        waiting: &mut Waiting,
    ) -> Result<Seq, RelayError> {
        let mut bytes = 0;
        for recorded in page {
            let StreamEvent::Merchant(event) = &recorded.event else {
                continue;
            };
            let Some(id) = recorded.stream.merchant_id() else {
                continue;
            };
            let seq = recorded.stamp.seq;
            if seq > ahead.documents_seq {
                waiting.note(id, recorded.stamp);
            }
            if seq <= ahead.published_seq {
                continue;
            }
            let previous = ahead.published_seq;
            let message = |merchant: &Merchant| {
                let document = MerchantDocument::from_merchant(merchant).masked();
                message_for(slug, recorded, &document, previous)
            };
            let made = self.states.after(&self.archive, id, event, recorded, message).await;
            let made = made.map_err(|source| RelayError::FoldMerchant {
                merchant_id: id,
                source,
            })?;
            let Some(message) = made else {
                tracing::error!(event_id = %recorded.event_id, "an event before its merchant's registration is not published");
                continue;
            };
            if let Some(message) = message {
                ahead.published_seq = seq;
                bytes += message.body.len();
                messages.push(message);
            }
            if bytes >= BATCH_BYTES {
                return Ok(seq);
            }
        }
        Ok(page.last().map_or(ahead.seq, |recorded| recorded.stamp.seq))
    }

    /// Looks at what the broker holds and decides from where to go on.
    async fn resume(&self, tenant: TenantId, slug: &Slug) -> Result<Place, RelayError> {
        let standing = self.publisher.prepare(slug).await.map_err(RelayError::Prepare)?;
        let reader = self.archive.reader();
        let cursor = self.cursor(tenant).await?;
        let found = match standing.last {
            Some(last) => reader.event_at(tenant, last.seq).await.map_err(RelayError::FindEvent)?,
            None => None,
        };
        let tie = Tie::of(standing.last, found.as_ref());
        let resumption = resume(cursor, &standing, tie);
        let mut position = resumption.position;
        self.tell_divergence(slug, tie, position.seq);
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

    /// A stream that says something else than the log is nothing that may pass unseen: one of the two is not what it was.
    fn tell_divergence(&self, slug: &Slug, tie: Tie, after: Seq) {
        match tie {
            Tie::Same => return,
            Tie::Rewritten => tracing::error!(
                tenant = %slug,
                "the log up to the stream's last event has another hash than when that was published: it was written \
                 anew; `registry verify --nats-url` tells from where; publishing goes on"
            ),
            Tie::Foreign => tracing::error!(
                tenant = %slug, %after,
                "the stream ends with an event that is not in the log (a log begun anew, or a restored backup); \
                 publishing goes on behind it"
            ),
        }
        self.status.send_modify(|status| status.diverged_total += 1);
    }

    /// Where the relay stood. One that cannot be read is as good as none, and stops no other tenant's.
    pub(super) async fn cursor(&self, tenant: TenantId) -> Result<PublishCursor, RelayError> {
        match self.archive.reader().publish_cursor(tenant).await {
            Err(ReadError::Inconsistent(row)) => {
                tracing::error!(error = %causes(&row), "the relay's cursor is not used");
                Ok(PublishCursor::START)
            }
            cursor => cursor.map_err(RelayError::ReadCursor),
        }
    }

    /// Writes down where a tenant stands.
    pub(super) async fn save_cursor(&self, tenant: TenantId, track: &mut Track) -> Result<(), RelayError> {
        let Some(cursor) = track.unsaved() else {
            return Ok(());
        };
        let saved = self.archive.reader().save_publish_cursor(tenant, cursor).await;
        saved.map_err(RelayError::SaveCursor)?;
        track.note_saved(cursor);
        Ok(())
    }
}
