//! A line of the record: what happened, told in one sentence, with the details at hand.

use registry_documents::PublicEvent;

use crate::colleagues::Colleagues;
use crate::frame::Frame;
use crate::kst;
use crate::parts::Glyph;
use crate::query::Query;
use crate::words::Words;

/// What a line is about, for those who look for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Where the shop stands.
    State,
    /// Its links.
    Links,
    /// What Paymint sent.
    Callbacks,
    /// What Paymint was asked.
    Questions,
    /// What people wrote.
    Notes,
    /// What people did.
    People,
}

impl About {
    /// Its word in a query.
    pub const fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Links => "links",
            Self::Callbacks => "callbacks",
            Self::Questions => "questions",
            Self::Notes => "notes",
            Self::People => "people",
        }
    }
}

/// The word in a query for lines that somebody should look at.
pub const TROUBLE: &str = "trouble";

/// A field that is another now.
#[derive(Debug, Clone)]
pub struct Change {
    /// The field.
    pub name: &'static str,
    /// What stood there.
    pub was: String,
    /// What stands there.
    pub is: String,
}

/// What an event says.
#[derive(Clone)]
pub struct Told {
    /// What it is about.
    pub about: About,
    /// Whether somebody should look at it.
    pub is_trouble: bool,
    /// Its icon, where it has no glyph.
    pub icon: &'static str,
    /// The glyph of the stage that it leads to.
    pub glyph: Option<Glyph>,
    /// The sentence.
    pub text: String,
    /// What is quoted beside it.
    pub more: String,
    /// Which fields changed.
    pub diff: Vec<Change>,
    /// What else it tells.
    pub facts: Vec<(&'static str, String)>,
    /// Whether bytes are kept of it.
    pub has_payload: bool,
}

impl Told {
    /// A plain sentence.
    pub fn new(about: About, icon: &'static str, text: impl Into<String>) -> Self {
        Self {
            about,
            is_trouble: false,
            icon,
            glyph: None,
            text: text.into(),
            more: String::new(),
            diff: Vec::new(),
            facts: Vec::new(),
            has_payload: false,
        }
    }

    /// With a quotation.
    #[must_use]
    pub fn more(mut self, more: impl Into<String>) -> Self {
        self.more = more.into();
        self
    }

    /// With a fact, if there is one.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: Option<String>) -> Self {
        self.facts.extend(value.map(|value| (name, value)));
        self
    }

    /// To be looked at, if that is so.
    #[must_use]
    pub fn trouble_if(mut self, is_trouble: bool) -> Self {
        self.is_trouble |= is_trouble;
        self
    }
}

/// A line of the record.
#[derive(Clone)]
pub struct Line {
    pub id: String,
    pub machine: String,
    pub title: String,
    pub day: String,
    pub time: String,
    pub who: String,
    pub event_id: String,
    pub trace: String,
    pub version: String,
    pub as_of: String,
    pub payload: Option<String>,
    pub about: About,
    pub is_trouble: bool,
    pub is_big: bool,
    pub icon: &'static str,
    pub glyph: Option<Glyph>,
    pub text: String,
    pub more: String,
    pub diff: Vec<Change>,
    pub facts: Vec<(&'static str, String)>,
}

impl Line {
    /// The line of an event.
    pub fn new(frame: &Frame, names: &Colleagues, event: &PublicEvent, told: Told, path: &str) -> Self {
        let words = frame.words();
        let version = Query::default().with("version", &event.version.to_string());
        Self {
            id: format!("v{}", event.version),
            machine: event.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            title: kst::whole(event.recorded_at),
            day: kst::day(event.recorded_at, frame.now),
            time: kst::time(event.recorded_at),
            who: who(event, names, words),
            event_id: event.id.clone(),
            trace: event.correlation_id.clone(),
            version: (words.merchant.version)(event.version),
            as_of: version.on(path),
            payload: told
                .has_payload
                .then(|| frame.path(&format!("/callbacks/{}", event.id))),
            about: told.about,
            is_trouble: told.is_trouble,
            is_big: told.glyph.is_some(),
            icon: told.icon,
            glyph: told.glyph,
            text: told.text,
            more: told.more,
            diff: told.diff,
            facts: told.facts,
        }
    }

    /// Whether it is of a kind: all are, if none is named.
    pub fn is_of(&self, kind: &str) -> bool {
        kind.is_empty() || self.about.word() == kind || (kind == TROUBLE && self.is_trouble)
    }
}

/// Who said it or did it: what Paymint said it through, or through what somebody acted, and who that was.
fn who(event: &PublicEvent, names: &Colleagues, words: &Words) -> String {
    if let Some(source) = &event.source {
        return words.source(source).to_owned();
    }
    let actor = &event.actor;
    let channel = actor.channel.as_deref().map(|word| words.channel(word));
    let name = names.name(actor.id.as_deref());
    let through = channel.unwrap_or_else(|| words.actor(&actor.kind));
    let person = event.on_behalf_of.as_deref().or(name);
    person.map_or_else(|| through.to_owned(), |person| format!("{through} · {person}"))
}
