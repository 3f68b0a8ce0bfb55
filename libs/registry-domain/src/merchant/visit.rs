//! What a shop does at the pages that are made for it: it opens its link, goes on to Paymint, comes back.

use chrono::{DateTime, Utc};

use super::event::Event;
use crate::ids::LinkId;

/// One thing that a shop did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// It looked at the page behind its link.
    Opened,
    /// It went on to Paymint.
    Continued {
        /// With the URL of this link.
        link_id: LinkId,
        /// It had been issued before.
        reused: bool,
    },
    /// It came back from Paymint.
    Returned,
}

/// When a shop last did each, as far as it was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Visits {
    /// It looked at the page behind its link.
    pub opened_at: Option<DateTime<Utc>>,
    /// It went on to Paymint.
    pub continued_at: Option<DateTime<Utc>>,
    /// It came back from Paymint.
    pub returned_at: Option<DateTime<Utc>>,
}

impl Visits {
    /// Notes when it did something.
    pub(super) fn note(&mut self, event: &Event, at: DateTime<Utc>) {
        if let Event::LinkOpened = event {
            self.opened_at = Some(at);
        } else if let Event::LinkContinued { .. } = event {
            self.continued_at = Some(at);
        } else if let Event::MerchantReturned = event {
            self.returned_at = Some(at);
        }
    }

    /// Whether it did the same thing a while ago and not since.
    pub(super) fn is_news(&self, visit: Visit, quiet_since: DateTime<Utc>) -> bool {
        let last = match visit {
            Visit::Opened => self.opened_at,
            // A URL that was issued for it has a fact of its own already; this one says that the shop has got it.
            Visit::Continued { reused: false, .. } => return true,
            Visit::Continued { reused: true, .. } => self.continued_at,
            Visit::Returned => self.returned_at,
        };
        last.is_none_or(|last| last <= quiet_since)
    }
}
