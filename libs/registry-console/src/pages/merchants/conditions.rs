//! The conditions of the list: what there is to choose from, what is on, and what of it the API is asked for.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use registry_documents::is_searchable;

use super::Chip;
use crate::kst;
use crate::query::Query;
use crate::stage::Stage;
use crate::words::Words;

/// What of a page's query the API understands as it stands there. Several boxes of a form are several parameters, and there they
/// are one.
pub const LISTS: &[&str] = &[
    "stage",
    "status",
    "next_actor",
    "verification",
    "link",
    "alert",
    "warning",
    "milestone",
];
const TEXTS: &[&str] = &[
    "q",
    "attention",
    "held",
    "may_bill",
    "member_code",
    "tag",
    "metadata",
    "age_min",
    "age_max",
];
/// Days of Korea on the page, moments for the API.
const DAYS: &[&str] = &["created_from", "created_until", "updated_from", "updated_until"];

/// What makes a list another one.
pub const NAMES: &[&str] = &[
    "stage",
    "status",
    "next_actor",
    "verification",
    "link",
    "alert",
    "warning",
    "milestone",
    "q",
    "attention",
    "held",
    "may_bill",
    "member_code",
    "tag",
    "metadata",
    "age_min",
    "age_max",
    "created_from",
    "created_until",
    "updated_from",
    "updated_until",
    "as_of",
];

/// Boxes of which several may be ticked.
pub struct Boxes {
    /// What they are about.
    pub name: &'static str,
    /// The parameter.
    pub parameter: &'static str,
    /// Value, name, and whether it is ticked.
    pub choices: Vec<(&'static str, &'static str, bool)>,
}

/// A field to write into.
pub struct Field {
    /// What it is about.
    pub name: &'static str,
    /// The parameter.
    pub parameter: &'static str,
    /// `number`, `date` or `text`.
    pub kind: &'static str,
    /// What stands in it.
    pub value: String,
}

/// All of them.
pub struct Conditions {
    /// Boxes that people look for most.
    pub first: Vec<Boxes>,
    /// Fields.
    pub fields: Vec<Field>,
    /// The other boxes.
    pub then: Vec<Boxes>,
}

impl Conditions {
    /// Those of a query.
    pub fn new(words: &'static Words, query: &Query) -> Self {
        let m = &words.merchants;
        let boxes = |name, parameter: &'static str, choices: Vec<(&'static str, &'static str)>| Boxes {
            name,
            parameter,
            choices: choices
                .into_iter()
                .map(|(value, name)| (value, name, query.words(parameter).any(|word| word == value)))
                .collect(),
        };
        let field = |name, parameter: &'static str, kind| Field {
            name,
            parameter,
            kind,
            value: query.get(parameter).unwrap_or_default().to_owned(),
        };
        let stages = Stage::ALL.map(|stage| (stage.as_str(), stage.name(words))).to_vec();
        let turns = words
            .turns
            .iter()
            .filter(|(word, _)| *word != "none")
            .copied()
            .collect();
        Self {
            first: vec![
                boxes(m.stage, "stage", stages),
                boxes(m.turn, "next_actor", turns),
                boxes(m.attention, "attention", vec![("true", m.attention_wanted)]),
                boxes(m.held, "held", vec![("true", m.held_wanted)]),
                boxes(
                    m.may_bill,
                    "may_bill",
                    vec![("true", m.may_bill_yes), ("false", m.may_bill_no)],
                ),
            ],
            then: vec![
                boxes(words.insight.farthest, "milestone", words.insight.milestones.to_vec()),
                boxes(words.alerts.title, "alert", words.alerts.severities.to_vec()),
                boxes(m.link, "link", words.link_states.to_vec()),
                boxes(m.warning, "warning", words.warnings.to_vec()),
            ],
            fields: vec![
                field(m.age_min, "age_min", "number"),
                field(m.age_max, "age_max", "number"),
                field(m.created_from, "created_from", "date"),
                field(m.created_until, "created_until", "date"),
                field(m.tag, "tag", "text"),
                field(m.member_code, "member_code", "text"),
            ],
        }
    }
}

/// The query for the API.
pub fn for_api(query: &Query) -> Query {
    let mut call = query.only(TEXTS);
    // Whoever types is told how much is needed, and sees the list until then.
    if query.get("q").is_some_and(|typed| !is_searchable(typed)) {
        call = call.without("q");
    }
    for name in ["sort", "limit", "cursor"] {
        call = call.with(name, query.get(name).unwrap_or_default());
    }
    for name in LISTS {
        call = call.with(name, &query.words(name).collect::<Vec<_>>().join(","));
    }
    for name in DAYS {
        let Some(text) = query.get(name) else { continue };
        let moment = if name.ends_with("_until") {
            // The day itself is meant too.
            kst::end(text).and_then(|end| end.checked_add_signed(TimeDelta::microseconds(1)))
        } else {
            kst::parse(text)
        };
        // What does not read goes as it is, for the API to name.
        call = call.with(name, &moment.map_or_else(|| text.to_owned(), moment_text));
    }
    if let Some(text) = query.get("as_of") {
        let moment = kst::end(text).map_or_else(|| text.to_owned(), moment_text);
        call = call.with("as_of", &moment);
    }
    call
}

fn moment_text(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// One chip for each condition that no tab shows.
pub fn chips(words: &'static Words, query: &Query, path: &str) -> Vec<Chip> {
    let m = &words.merchants;
    let mut chips = Vec::new();
    let mut add = |name: &'static str, parameter: &str, value: String| {
        if !value.is_empty() {
            chips.push(Chip {
                remove: (m.remove)(name),
                name,
                value,
                without: query.without(parameter).on(path),
            });
        }
    };
    let text = |parameter| query.get(parameter).unwrap_or_default().to_owned();
    add(m.as_of, "as_of", text("as_of"));
    add(m.search, "q", text("q"));
    let stages: Vec<_> = query.words("stage").map(Stage::of).collect();
    if stages.len() > 1 && stages != Stage::STUCK {
        let names: Vec<_> = stages.iter().map(|stage| stage.name(words)).collect();
        add(m.stage, "stage", names.join(", "));
    }
    for (name, parameter, word_name) in chosen(words) {
        let names: Vec<_> = query.words(parameter).map(word_name).collect();
        add(name, parameter, names.join(", "));
    }
    let yes_or_no = |parameter, yes: &'static str, no: &'static str| match query.get(parameter) {
        Some("true") => yes.to_owned(),
        Some("false") => no.to_owned(),
        Some(other) => other.to_owned(),
        None => String::new(),
    };
    add(
        m.attention,
        "attention",
        yes_or_no("attention", m.attention_wanted, "–"),
    );
    add(m.held, "held", yes_or_no("held", m.held_wanted, "–"));
    add(
        m.may_bill,
        "may_bill",
        yes_or_no("may_bill", m.may_bill_yes, m.may_bill_no),
    );
    for (name, parameter) in written(words) {
        add(name, parameter, text(parameter));
    }
    chips
}

/// What it is about, the parameter, and how a word of it is called.
type Chosen = (&'static str, &'static str, Box<dyn Fn(&str) -> String>);

/// What is ticked in boxes.
fn chosen(words: &'static Words) -> Vec<Chosen> {
    let m = &words.merchants;
    let milestone = |word: &str| {
        let mut milestones = words.insight.milestones.iter();
        let found = milestones.find(|(known, _)| *known == word);
        found.map_or_else(|| word.to_owned(), |(_, name)| (*name).to_owned())
    };
    vec![
        (
            m.status,
            "status",
            Box::new(|word| Stage::of_status(word).name(words).to_owned()),
        ),
        (m.turn, "next_actor", Box::new(|word| words.turn(word).to_owned())),
        (m.trust, "verification", Box::new(ToOwned::to_owned)),
        (m.link, "link", Box::new(|word| words.link_state(word).to_owned())),
        (
            words.alerts.title,
            "alert",
            Box::new(|word| words.severity(word).to_owned()),
        ),
        (m.warning, "warning", Box::new(|word| words.warning(word).to_owned())),
        (words.insight.farthest, "milestone", Box::new(milestone)),
    ]
}

/// What is written into fields, and shown as it was written.
const fn written(words: &'static Words) -> [(&'static str, &'static str); 9] {
    let m = &words.merchants;
    [
        (m.age_min, "age_min"),
        (m.age_max, "age_max"),
        (m.created_from, "created_from"),
        (m.created_until, "created_until"),
        (m.updated_from, "updated_from"),
        (m.updated_until, "updated_until"),
        (m.tag, "tag"),
        (m.member_code, "member_code"),
        (m.metadata, "metadata"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_korea_are_moments_for_the_api() {
        let query = Query::read(Some(
            "stage=opened&stage=in_review&created_from=2026-11-02&created_until=2026-11-03&x=1&age_min=3",
        ));
        let call = for_api(&query);
        assert_eq!(call.get("stage"), Some("opened,in_review"));
        assert_eq!(call.get("created_from"), Some("2026-11-01T15:00:00Z"));
        assert_eq!(call.get("created_until"), Some("2026-11-03T15:00:00Z"));
        assert_eq!((call.get("age_min"), call.get("x")), (Some("3"), None));
    }

    #[test]
    fn every_condition_goes_to_the_api() {
        let all: Vec<_> = NAMES.iter().map(|name| format!("{name}=111")).collect();
        let call = for_api(&Query::read(Some(&all.join("&"))));
        for name in NAMES {
            assert!(call.get(name).is_some(), "{name}");
        }
    }
}
