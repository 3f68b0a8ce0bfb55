//! A row of the list.

use chrono::{DateTime, Utc};
use registry_documents::{MerchantDocument, WaitDocument, WaitingMerchant};

use crate::frame::Frame;
use crate::kst;
use crate::parts::{Age, Ago, Badge, masked_number};
use crate::stage::Stage;

/// Up to here a wait is not worth a word.
const USUAL_PERCENT: u8 = 50;

/// A merchant in a list.
pub struct Row {
    /// Its id, also of the row.
    pub id: String,
    /// Its page.
    pub href: String,
    /// The name of the company; its codes, if it has none.
    pub company: String,
    /// The name of the branch.
    pub branch: String,
    /// Both.
    pub name_text: String,
    /// How a screen reader calls its box.
    pub select: String,
    /// Its codes.
    pub code: String,
    /// The masked business number.
    pub number: String,
    /// Where it stands.
    pub stage: Stage,
    /// The same, to be seen.
    pub badge: Badge,
    /// Upstream's letter.
    pub letter: String,
    /// For how long.
    pub age: Age,
    /// Longer than how many percent of others, if that is known and more than half.
    pub longer_than: Option<String>,
    /// Whose turn it is.
    pub turn: &'static str,
    /// What Paymint wrote.
    pub message: String,
    /// When Paymint last said anything.
    pub seen: Option<Ago>,
    /// Whether it said so by itself.
    pub by_callback: bool,
    /// Whether it has confirmed that.
    pub is_verified: bool,
    /// Whether a doubtful claim waits for its word.
    pub is_held: bool,
    /// What became of the link.
    pub link: &'static str,
    /// Its tags.
    pub tags: String,
    /// When it was registered.
    pub created: (String, String),
    /// What was searched for, to be shown in names and codes.
    pub searched: String,
}

impl Row {
    /// The row as what a search has found.
    #[must_use]
    pub fn found_by(mut self, searched: Option<&str>) -> Self {
        searched.unwrap_or_default().clone_into(&mut self.searched);
        self
    }

    /// The row of a merchant.
    pub fn new(frame: &Frame, waiting: &WaitingMerchant, now: DateTime<Utc>) -> Self {
        let words = frame.words();
        let document = &waiting.merchant;
        let wait = waiting.wait.as_ref();
        let stage = Stage::of(&document.stage);
        let code = format!("{}/{}", document.member_code, document.merchant_code);
        let company = document.business.company_name.clone().unwrap_or_else(|| code.clone());
        let branch = document.business.branch_name.clone().unwrap_or_default();
        let name_text = format!("{company} {branch}").trim_end().to_owned();
        let held = document
            .confirmation
            .as_ref()
            .map(|_| words.merchants.asking.to_owned());
        Self {
            id: document.id.clone(),
            href: frame.path(&format!("/merchants/{}", document.id)),
            select: (words.merchants.select)(&name_text),
            number: document
                .business
                .number
                .as_deref()
                .map(masked_number)
                .unwrap_or_default(),
            stage,
            badge: Badge::new(stage, words),
            letter: document.review.code.clone().unwrap_or_default(),
            age: Age {
                stage,
                since: since(document),
                now,
                days: wait.map(|wait| wait.business_days.into()),
                words,
            },
            longer_than: waiting.wait.and_then(longer_than),
            turn: words.turn(&document.next_action.actor),
            is_held: held.is_some(),
            message: held.or_else(|| document.review.message.clone()).unwrap_or_default(),
            seen: document.review.observed_at.map(|moment| Ago { moment, now, words }),
            by_callback: document.review.source.as_deref() == Some("callback"),
            is_verified: document.review.verification == "verified",
            link: document.link.as_ref().map_or("", |link| words.link_state(&link.state)),
            tags: document.tags.join(", "),
            created: (kst::whole(document.created_at), kst::day(document.created_at, now)),
            searched: String::new(),
            company,
            branch,
            name_text,
            code,
        }
    }
}

/// Than how many percent of others a wait is longer, if that is known and more than half.
pub fn longer_than(wait: WaitDocument) -> Option<String> {
    let percent = wait.longer_than_percent.filter(|percent| *percent > USUAL_PERCENT);
    percent.map(|percent| format!("{percent}%"))
}

/// Since when a merchant has stood where it stands, as far as its document says so.
pub fn since(document: &MerchantDocument) -> DateTime<Utc> {
    let reviewed = matches!(Stage::of(&document.stage).letter(), 'W' | 'P' | 'S' | 'R' | 'O' | 'X');
    let since = if reviewed { document.review.since } else { None };
    since.unwrap_or(document.next_action.since)
}
