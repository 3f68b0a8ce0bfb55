//! One day of Korea, and where in the log it lies.

use chrono::{DateTime, TimeDelta, Utc};

use crate::api::Trouble;
use crate::console::Console;
use crate::documents::Feed;
use crate::door::SignedIn;
use crate::kst;
use crate::query::Query;

/// Within this time after it came a callback is in the log, or its sender was told to come again.
const RECORDED_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// A stretch of the log.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// It begins behind this position.
    pub after: u64,
    /// It ends with this one.
    pub until: u64,
}

/// A day of Korea.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl Day {
    /// The day that somebody wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self {
            begin: kst::parse(text)?,
            end: kst::end(text)?,
        })
    }

    /// Whether a moment lies in it.
    pub fn has(&self, moment: DateTime<Utc>) -> bool {
        (self.begin..=self.end).contains(&moment)
    }

    /// Where everything lies that came on this day, in a log that ends there.
    pub async fn stretch(&self, console: &Console, who: &SignedIn, end: u64) -> Result<Stretch, Trouble> {
        let (after, until) = futures::try_join!(
            last_before(console, who, self.begin, end),
            last_before(console, who, self.end + RECORDED_WITHIN, end),
        )?;
        Ok(Stretch { after, until })
    }
}

/// The last position that was written before a moment. The log is halved until it is found: twenty looks for a million events.
async fn last_before(console: &Console, who: &SignedIn, moment: DateTime<Utc>, end: u64) -> Result<u64, Trouble> {
    let (mut before, mut not_behind) = (0, end);
    while before < not_behind {
        let middle = before + (not_behind - before) / 2;
        let query = Query::default().with("limit", "1").with("after", &middle.to_string());
        let feed: Feed = console.api().get(who, &query.on("/v1/events")).await?;
        match feed.data.first() {
            Some(event) if event.recorded_at < moment => before = event.seq,
            Some(_) | None => not_behind = middle,
        }
    }
    Ok(before)
}
