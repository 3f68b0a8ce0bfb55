//! What the relay remembers of a tenant.

use std::time::Duration;

use registry_domain::Seq;
use registry_domain::tenant::Slug;
use registry_journal::port::PublishCursor;
use tokio::time::Instant;

use super::place::Place;

/// Pause after a tenant's first failed attempt; it doubles with each further one.
const RETRY_DELAY_MIN: Duration = Duration::from_millis(500);

/// Longest pause between two attempts.
const RETRY_DELAY_MAX: Duration = Duration::from_secs(10);

/// How often a cursor is saved at most: each time is a durable write beside those of the log.
pub(super) const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// Where the relay stands with a tenant. A step takes it along and brings it back.
pub(super) struct Track {
    /// Where it stands; none if the broker must be looked at first.
    pub(super) place: Option<Place>,
    /// The last position read, for the lag. Stays while the position is unknown.
    pub(super) read: Seq,
    /// What was written down last, and when we wrote or read it.
    saved: PublishCursor,
    saved_at: Instant,
}

impl Track {
    pub(super) fn new(cursor: PublishCursor) -> Self {
        Self {
            place: None,
            read: cursor.seq,
            saved: cursor,
            saved_at: Instant::now(),
        }
    }

    pub(super) fn unsaved(&self) -> Option<PublishCursor> {
        let place = self.place.as_ref()?;
        // Events whose documents are not written yet are to be read again after a restart.
        let cursor = place.position.cursor().filter(|_| place.waiting.is_empty())?;
        (cursor != self.saved).then_some(cursor)
    }

    pub(super) fn is_save_due(&self) -> bool {
        self.saved_at.elapsed() >= SAVE_INTERVAL && self.unsaved().is_some()
    }

    pub(super) fn note_saved(&mut self, cursor: PublishCursor) {
        self.saved = cursor;
        self.saved_at = Instant::now();
    }

    /// Whether a step would do anything in a log that ends at `head`.
    fn has_work(&self, head: Seq) -> bool {
        self.place.as_ref().is_none_or(|place| place.position.seq < head) || self.is_save_due()
    }
}

/// A tenant whose log is ours to carry, or was looked at.
pub(super) struct Seen {
    pub(super) slug: Slug,
    /// Where its log ended when it was last looked at.
    pub(super) head: Seq,
    /// None while a step has it.
    pub(super) track: Option<Track>,
    /// The last position read, when that was last known.
    read: Seq,
    /// The last step did not come to the end of what it found.
    more: bool,
    /// When its last step began; none if none has yet.
    pub(super) stepped_at: Option<Instant>,
    retry: Option<Retry>,
}

/// The next attempt after a failure.
#[derive(Clone, Copy)]
struct Retry {
    at: Instant,
    delay: Duration,
}

impl Seen {
    pub(super) fn new(slug: Slug, head: Seq, track: Track) -> Self {
        Self {
            slug,
            head,
            read: track.read,
            track: Some(track),
            more: false,
            stepped_at: None,
            retry: None,
        }
    }

    /// Whether what was written down was read or written longer ago than this.
    pub(super) fn is_older_than(&self, age: Duration) -> bool {
        self.track.as_ref().is_some_and(|track| track.saved_at.elapsed() > age)
    }

    /// Events that are not read yet.
    pub(super) fn lag(&self) -> u64 {
        let read = self.track.as_ref().map_or(self.read, |track| track.read);
        self.head.0.saturating_sub(read.0)
    }

    /// Whether the last attempt failed.
    pub(super) fn is_failing(&self) -> bool {
        self.retry.is_some()
    }

    /// Whether a step would do anything, and may be tried.
    pub(super) fn is_due(&self) -> bool {
        let may_try = self.retry.is_none_or(|retry| retry.at <= Instant::now());
        let has_work = |track: &Track| self.more || track.has_work(self.head);
        may_try && self.track.as_ref().is_some_and(has_work)
    }

    /// Gives a step what it takes along.
    pub(super) fn begin(&mut self) -> Option<Track> {
        let track = self.track.take()?;
        self.read = track.read;
        self.stepped_at = Some(Instant::now());
        Some(track)
    }

    /// Takes back what a step has brought. `more` says whether it came to the end; none if it failed. Returns whether that is
    /// another outcome than before.
    pub(super) fn end(&mut self, track: Track, more: Option<bool>) -> bool {
        self.track = Some(track);
        self.more = more.unwrap_or(false);
        let was_failing = self.is_failing();
        self.retry = match (more, self.retry) {
            (Some(_), _) => None,
            (None, last) => {
                let delay = last.map_or(RETRY_DELAY_MIN, |retry| (retry.delay * 2).min(RETRY_DELAY_MAX));
                let at = Instant::now() + delay;
                Some(Retry { at, delay })
            }
        };
        was_failing != self.is_failing()
    }

    /// Forgets where it stands, and that attempts have failed: the broker is another one, or may hold less.
    pub(super) fn look_anew(&mut self) {
        self.retry = None;
        if let Some(track) = &mut self.track {
            track.place = None;
        }
    }
}
