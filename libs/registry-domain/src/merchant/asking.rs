//! When upstream is to be asked about a merchant. What has happened to it goes in, how soon comes out; which moment that
//! is, the clock of whoever writes tells, never the log's time, which may lie ahead of it.

use chrono::{DateTime, TimeDelta, Utc};

use super::event::Event;
use super::state::Merchant;
use crate::review::Verification;

/// How long a shop's own URL may be knocked at without understanding before upstream is asked for that once more. (What
/// is asked for other reasons answers it too.)
pub const KNOCK_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// How soon upstream is to be asked after something has happened. A question that is planned earlier stays where it is: only
/// who has asked may put it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Not at all: the merchant is put away, or upstream cannot know it.
    Never,
    /// As planned: nothing has happened that could be asked about.
    AsPlanned,
    /// In the usual time after a change.
    InTime,
    /// No later than this from now: as long as upstream has not answered, something is believed, held or not understood
    /// that should not stay so.
    Within(TimeDelta),
}

/// What counts of a merchant as it was before something happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskGround {
    is_held: bool,
    is_open: bool,
    is_knocked: bool,
}

impl AskGround {
    /// None for a merchant about which upstream cannot be asked.
    pub fn of(merchant: &Merchant) -> Option<Self> {
        merchant.can_be_asked_about().then(|| Self {
            is_held: merchant.confirmation.is_some(),
            is_open: merchant.is_open(),
            is_knocked: merchant.knock.is_some(),
        })
    }
}

impl Ask {
    /// What follows from these events, which made `after` out of a merchant that was so.
    pub fn after(before: Option<AskGround>, events: &[Event], after: &Merchant) -> Self {
        let Some(now) = AskGround::of(after) else {
            return Self::Never;
        };
        let was = |holds: fn(AskGround) -> bool| before.is_some_and(holds);
        let is_held_anew = now.is_held && !was(|it| it.is_held);
        // A false "opened" costs most: the shop is billed.
        let is_opened_by_claim =
            now.is_open && !was(|it| it.is_open) && after.review.verification != Verification::Verified;
        if is_held_anew || is_opened_by_claim {
            return Self::Within(TimeDelta::zero());
        }
        if let Some(knock) = after.knock.as_ref().filter(|_| !was(|it| it.is_knocked)) {
            let since_asked = after.memory.asked_at.map(|asked_at| knock.since - asked_at);
            let wait = since_asked.map_or(TimeDelta::zero(), |since| KNOCK_INTERVAL - since);
            return Self::Within(wait.clamp(TimeDelta::zero(), KNOCK_INTERVAL));
        }
        if before.is_none() || events.iter().any(Event::is_shown) {
            Self::InTime
        } else {
            Self::AsPlanned
        }
    }
}

/// Which moments follow from how soon upstream shall be asked about a merchant after something has happened to it. All later
/// questions are planned by whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuestionPlan {
    /// How long after a change.
    pub first: TimeDelta,
    /// No question is planned for later than this.
    pub longest: TimeDelta,
}

impl Default for QuestionPlan {
    /// Five minutes, and two days.
    fn default() -> Self {
        Self {
            first: TimeDelta::minutes(5),
            longest: TimeDelta::days(2),
        }
    }
}

impl QuestionPlan {
    /// When to ask at the latest, if this is asked for now. Now is what the clock says and not the log, whose time may lie
    /// ahead.
    pub fn moment(self, ask: Ask, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match ask {
            Ask::Never => None,
            Ask::AsPlanned => Some(now + self.longest),
            Ask::InTime => Some(now + self.first),
            Ask::Within(wait) => Some(now + wait.min(self.first)),
        }
    }

    /// Of what several commands ask for, the earliest counts; and a merchant that is not to be asked about any more is not.
    pub fn earliest(planned: Option<DateTime<Utc>>, wanted: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        wanted.map(|wanted| planned.map_or(wanted, |planned| planned.min(wanted)))
    }

    /// When to ask about a merchant whose row is put in place, so that what was planned for it is not known any more.
    pub fn of_folded(self, merchant: &Merchant) -> Option<DateTime<Utc>> {
        let confirmation = merchant.confirmation.map(|confirmation| confirmation.requested_at);
        let planned = confirmation.unwrap_or(merchant.updated_at + self.first);
        merchant.can_be_asked_about().then_some(planned)
    }
}
