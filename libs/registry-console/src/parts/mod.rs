//! What pages are made of: badges, ages, moments, icons. Each writes its own markup, of words that are ours and texts that it
//! escapes.

pub mod charts;
pub mod filters;

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, Utc};

use crate::assets::paths::ICONS;
use crate::kst;
use crate::stage::Stage;
use crate::words::Words;

/// From how many weekdays on a shop that should move is marked, and from how many more.
const WARN_DAYS: u64 = 3;
const LATE_DAYS: u64 = 6;
const BAD_DAYS: u64 = 11;

/// A stage as glyph, word and colours.
#[derive(Clone, Copy)]
pub struct Badge {
    stage: Stage,
    words: &'static Words,
    is_big: bool,
}

impl Badge {
    /// As it stands in lists.
    pub fn new(stage: Stage, words: &'static Words) -> Self {
        Self {
            stage,
            words,
            is_big: false,
        }
    }

    /// As it stands beside a title.
    #[must_use]
    pub fn big(mut self) -> Self {
        self.is_big = true;
        self
    }
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (letter, name) = (self.stage.letter(), self.stage.name(self.words));
        let big = if self.is_big { " big" } else { "" };
        write!(
            f,
            "<span class=\"st st-{letter}{big}\"><svg aria-hidden=\"true\"><use href=\"{ICONS}#st-{letter}\"/></svg>{name}</span>"
        )
    }
}

impl HtmlSafe for Badge {}

/// The glyph of a stage alone.
#[derive(Clone, Copy)]
pub struct Glyph(pub Stage);

impl fmt::Display for Glyph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = self.0.letter();
        write!(
            f,
            "<svg class=\"glyph\" aria-hidden=\"true\"><use href=\"{ICONS}#st-{letter}\"/></svg>"
        )
    }
}

impl HtmlSafe for Glyph {}

/// How late somebody is who is expected to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lateness {
    /// Not late.
    None,
    /// Soon.
    Warn,
    /// Late.
    Late,
    /// Very late.
    Bad,
}

impl Lateness {
    /// That of a stage after so many weekdays.
    pub fn of(stage: Stage, weekdays: u64) -> Self {
        if !stage.ages() || weekdays < WARN_DAYS {
            Self::None
        } else if weekdays < LATE_DAYS {
            Self::Warn
        } else if weekdays < BAD_DAYS {
            Self::Late
        } else {
            Self::Bad
        }
    }

    /// The class of its colour.
    pub const fn class(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Warn | Self::Late => "late",
            Self::Bad => "bad",
        }
    }
}

/// For how long a shop has stood where it stands.
#[derive(Clone, Copy)]
pub struct Age {
    /// Where it stands.
    pub stage: Stage,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Now, or the moment that the page is about.
    pub now: DateTime<Utc>,
    /// The business days in it by the tenant's calendar, where they are known.
    pub days: Option<u64>,
    /// All words.
    pub words: &'static Words,
}

impl Age {
    /// How late it is.
    pub fn lateness(&self) -> Lateness {
        Lateness::of(self.stage, self.weekdays())
    }

    /// The business days in it; weekdays, as long as nobody has said which days are holidays.
    pub fn weekdays(&self) -> u64 {
        self.days.unwrap_or_else(|| kst::weekdays(self.since, self.now))
    }

    /// In words: minutes and hours on the first day, weekdays from then on.
    pub fn text(&self) -> String {
        match self.weekdays() {
            0 => ago(self.since, self.now, self.words),
            days => (self.words.units.days)(days),
        }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, title) = (self.text(), kst::whole(self.since));
        let units = &self.words.units;
        let (class, symbol, label) = match self.lateness() {
            Lateness::None => return write!(f, "<span class=\"age\" title=\"{title}\">{text}</span>"),
            Lateness::Warn => ("warn", "a-warn", units.warn),
            Lateness::Late => ("late", "a-late", units.late),
            Lateness::Bad => ("bad", "a-bad", units.bad),
        };
        write!(
            f,
            "<span class=\"age {class}\" title=\"{title}\">{text}<svg role=\"img\" aria-label=\"{label}\"><use href=\"{ICONS}#{symbol}\"/></svg></span>"
        )
    }
}

impl HtmlSafe for Age {}

/// How long ago something was, with the moment to the second at hand.
#[derive(Clone, Copy)]
pub struct Ago {
    /// When it was.
    pub moment: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
    /// All words.
    pub words: &'static Words,
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machine = self.moment.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let (title, text) = (kst::whole(self.moment), ago(self.moment, self.now, self.words));
        write!(f, "<time datetime=\"{machine}\" title=\"{title}\">{text}</time>")
    }
}

impl HtmlSafe for Ago {}

/// A moment to the minute, with the second at hand.
#[derive(Clone, Copy)]
pub struct At {
    /// When it is.
    pub moment: DateTime<Utc>,
    /// Now: the year is left out if it is the same.
    pub now: DateTime<Utc>,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machine = self.moment.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let (title, text) = (kst::whole(self.moment), kst::minute(self.moment, self.now));
        write!(f, "<time datetime=\"{machine}\" title=\"{title}\">{text}</time>")
    }
}

impl HtmlSafe for At {}

fn ago(moment: DateTime<Utc>, now: DateTime<Utc>, words: &Words) -> String {
    let minutes = u64::try_from((now - moment).num_minutes()).unwrap_or(0);
    let units = &words.units;
    match minutes {
        0 => units.just_now.to_owned(),
        minutes if minutes < 60 => (units.minutes)(minutes),
        minutes if minutes < 24 * 60 => (units.hours)(minutes / 60),
        minutes => (units.days)(minutes / (24 * 60)),
    }
}

/// The part of an id by which people tell it from others, behind its kind: `mer_…d4e5f6a7`.
pub fn short_id(id: &str) -> String {
    let skipped = id.chars().count().saturating_sub(8);
    let tail: String = id.chars().skip(skipped).collect();
    match id.split_once('_') {
        Some((kind, _)) => format!("{kind}_…{tail}"),
        None => tail,
    }
}

/// A number with its thousands apart.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Points or won, which may be below zero.
pub fn signed_thousands(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", thousands(number.unsigned_abs()))
}

/// A business number with its last five digits hidden: `117-81-*****`. What does not read as one is hidden whole.
pub fn masked_number(number: &str) -> String {
    let is_number = number.len() == 10 && number.bytes().all(|byte| byte.is_ascii_digit());
    match (is_number, number.get(..3), number.get(3..5)) {
        (true, Some(first), Some(second)) => format!("{first}-{second}-*****"),
        _ if number.contains('*') => number.to_owned(),
        _ => "**********".to_owned(),
    }
}

/// A business number whole: `117-81-78260`.
pub fn whole_number(number: &str) -> String {
    match (number.get(..3), number.get(3..5), number.get(5..)) {
        (Some(first), Some(second), Some(third)) if number.len() == 10 => format!("{first}-{second}-{third}"),
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_threes() {
        let texts = [0, 999, 1_000, 1_284_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,284,567"]);
        assert_eq!(signed_thousands(-5_500), "−5,500");
    }

    #[test]
    fn a_business_number_shows_its_first_half() {
        assert_eq!(masked_number("1178178260"), "117-81-*****");
        assert_eq!(masked_number("117-81-*****"), "117-81-*****");
        assert_eq!(masked_number("about 117"), "**********");
        assert_eq!(whole_number("1178178260"), "117-81-78260");
    }

    #[test]
    fn lateness_begins_where_somebody_should_move() {
        let of = |days| Lateness::of(Stage::InReview, days);
        assert_eq!([0, 2, 3, 5, 6, 10, 11].map(of), {
            use Lateness::{Bad, Late, None, Warn};
            [None, None, Warn, Warn, Late, Late, Bad]
        });
        assert_eq!(Lateness::of(Stage::Opened, 400), Lateness::None);
    }
}
