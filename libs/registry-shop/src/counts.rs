//! What came of it, since the process started.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a page was not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The token is none of ours.
    Unknown,
    /// The same, from an address that has shown too many of those.
    TooManyFailures,
    /// The shop's pages are asked for too often.
    TooManyRequests,
    /// Too many pages are under way.
    NoRoom,
}

impl Refused {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Unknown,
        Self::TooManyFailures,
        Self::TooManyRequests,
        Self::NoRoom,
    ];

    /// The word for it in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::TooManyFailures => "too_many_failures",
            Self::TooManyRequests => "too_many_requests",
            Self::NoRoom => "no_room",
        }
    }
}

/// What came of a shop's wish to go on, or of its return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// To a URL that was issued for it.
    Issued,
    /// To one that had been issued before.
    Reused,
    /// Nowhere.
    Nowhere,
    /// It came back, and Paymint was asked.
    BackAsked,
    /// It came back, and Paymint was not asked.
    Back,
}

impl Went {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Issued, Self::Reused, Self::Nowhere, Self::BackAsked, Self::Back];

    /// The word for it in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Reused => "reused",
            Self::Nowhere => "nowhere",
            Self::BackAsked => "back_asked",
            Self::Back => "back",
        }
    }
}

/// Numbers since the process started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopStats {
    /// Pages that were not shown.
    pub refused: Vec<(&'static str, u64)>,
    /// Shops that went on or came back.
    pub went: Vec<(&'static str, u64)>,
    /// Requests for pages that are under way.
    pub under_way: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    refused: [AtomicU64; 4],
    went: [AtomicU64; 5],
}

impl Counts {
    pub(crate) fn refused(&self, why: Refused) {
        let place = Refused::ALL.iter().position(|it| *it == why);
        add(&self.refused, place);
    }

    pub(crate) fn went(&self, went: Went) {
        let place = Went::ALL.iter().position(|it| *it == went);
        add(&self.went, place);
    }

    pub(crate) fn stats(&self, under_way: usize) -> ShopStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ShopStats {
            refused: Refused::ALL
                .iter()
                .zip(&self.refused)
                .map(|(why, count)| (why.as_str(), read(count)))
                .collect(),
            went: Went::ALL
                .iter()
                .zip(&self.went)
                .map(|(went, count)| (went.as_str(), read(count)))
                .collect(),
            under_way,
        }
    }
}

fn add(counts: &[AtomicU64], place: Option<usize>) {
    if let Some(count) = place.and_then(|place| counts.get(place)) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}
