//! What the page of a shop says, by where the shop stands.

use askama::Template;
use chrono::{DateTime, Utc};
use registry_domain::FreeText;
use registry_domain::merchant::{Merchant, Stage};

use crate::answer::style_name;
use crate::limits::ShopLimits;
use crate::next::issued;
use crate::pages::Known;
use crate::words::{Notice, StageWords, Words};

/// Longest message of Paymint's that is shown, in characters.
const QUOTE_LENGTH_MAX: usize = 1_000;

/// A step on the way.
pub(crate) struct Step {
    letter: char,
    name: &'static str,
    when: String,
    is_now: bool,
}

/// The page behind a link.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct Sheet {
    words: &'static Words,
    style: String,
    window: String,
    partner: String,
    shop: String,
    letter: char,
    title: &'static str,
    text: String,
    quoted: &'static str,
    quote: Option<String>,
    has_tips: bool,
    button: &'static str,
    /// Whether going on is what the shop should do.
    is_asked: bool,
    action: String,
    /// Where a new URL is asked for, if there is one that may not open.
    another: Option<String>,
    steps: Vec<Step>,
    questions: String,
}

impl Sheet {
    pub(crate) fn new(
        known: &Known,
        words: &'static Words,
        action: String,
        limits: &ShopLimits,
        now: DateTime<Utc>,
    ) -> Self {
        let Known { tenant, merchant } = known;
        let partner = tenant.name.as_str();
        let stage = merchant.stage();
        let (said, letter) = of_stage(stage, words);
        let is_young = |at: DateTime<Utc>| now - at < limits.reuse;
        let has_young = issued(merchant).and_then(|link| link.issued_at).is_some_and(is_young);
        let separator = if action.ends_with('?') { "" } else { "&" };
        let another = (has_young && !said.button.is_empty()).then(|| format!("{action}{separator}new=1"));
        let message = merchant.review.message.as_ref().filter(|_| !said.quoted.is_empty());
        Self {
            words,
            style: style_name(),
            window: (words.window)(partner),
            partner: partner.to_owned(),
            shop: name_of(merchant),
            letter,
            title: said.title,
            text: (said.text)(partner),
            quoted: said.quoted,
            quote: message.and_then(quote),
            has_tips: stage == Stage::DocumentsRequired,
            button: said.button,
            is_asked: !matches!(stage, Stage::InReview | Stage::Unknown),
            another,
            action,
            steps: steps(merchant, stage, words),
            questions: (words.questions)(partner),
        }
    }
}

fn quote(message: &FreeText) -> Option<String> {
    let text: String = message.as_str().trim().chars().take(QUOTE_LENGTH_MAX).collect();
    (!text.is_empty()).then_some(text)
}

fn name_of(merchant: &Merchant) -> String {
    let names = [&merchant.business.company_name, &merchant.business.branch_name];
    let names: Vec<_> = names.into_iter().flatten().map(FreeText::as_str).collect();
    names.join(" ")
}

/// What is said of a stage, and the letter whose colour it has.
fn of_stage(stage: Stage, words: &Words) -> (&StageWords, char) {
    match stage {
        // One that was put away has no such page.
        Stage::Registered | Stage::LinkIssued | Stage::Archived => (&words.apply, 'N'),
        Stage::Drafting => (&words.draft, 'W'),
        Stage::InReview => (&words.review, 'P'),
        Stage::DocumentsRequired => (&words.documents, 'S'),
        Stage::Rejected => (&words.rejected, 'R'),
        Stage::Opened => (&words.opened, 'O'),
        Stage::Unknown => (&words.unknown_stage, 'N'),
        Stage::Unlinked => (&words.unlinked, 'N'),
    }
}

/// The way, with where the shop stands on it; nothing where that is not known.
fn steps(merchant: &Merchant, stage: Stage, words: &Words) -> Vec<Step> {
    let names = &words.steps;
    let (here, way): (usize, &[(&'static str, char)]) = match stage {
        Stage::Registered | Stage::LinkIssued | Stage::Drafting => {
            (0, &[(names.apply, 'W'), (names.review, 'N'), (names.open, 'N')])
        }
        Stage::InReview => (1, &[(names.apply, 'O'), (names.review, 'P'), (names.open, 'N')]),
        Stage::DocumentsRequired => (
            2,
            &[
                (names.apply, 'O'),
                (names.review, 'O'),
                (names.documents, 'S'),
                (names.open, 'N'),
            ],
        ),
        Stage::Rejected => (
            2,
            &[
                (names.apply, 'O'),
                (names.review, 'O'),
                (names.rejected, 'R'),
                (names.open, 'N'),
            ],
        ),
        Stage::Opened => (2, &[(names.apply, 'O'), (names.review, 'O'), (names.open, 'O')]),
        Stage::Unknown | Stage::Unlinked | Stage::Archived => return Vec::new(),
    };
    let begun = !matches!(stage, Stage::Registered | Stage::LinkIssued);
    let last = way.len() - 1;
    let step = |(index, (name, letter)): (usize, &(&'static str, char))| {
        let is_now = index == here;
        let since = merchant.stage_since();
        let when = match (is_now, stage) {
            (true, Stage::Opened) => (words.on)(since),
            (true, _) if begun => (words.since)(since),
            (false, _) if index == last => names.opened.to_owned(),
            (_, _) => String::new(),
        };
        Step {
            letter: *letter,
            name,
            when,
            is_now,
        }
    };
    way.iter().enumerate().map(step).collect()
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "plain.html")]
pub(crate) struct Plain {
    words: &'static Words,
    style: String,
    notice: &'static Notice,
    partner: Option<String>,
    questions: Option<String>,
}

impl Plain {
    pub(crate) fn new(words: &'static Words, notice: &'static Notice) -> Self {
        Self {
            words,
            style: style_name(),
            notice,
            partner: None,
            questions: None,
        }
    }

    /// The same, with whose shop it is about.
    pub(crate) fn of(mut self, partner: &str) -> Self {
        self.partner = Some(partner.to_owned());
        self.questions = self.notice.names_partner.then(|| (self.words.questions)(partner));
        self
    }
}
