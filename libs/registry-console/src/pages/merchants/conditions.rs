//! The conditions of the list: what there is to choose from, what is on, and what of it the API is asked for.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
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
pub const DAYS: &[&str] = &["created_from", "created_until", "updated_from", "updated_until"];

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
    /// Days told from today that can be chosen instead: value, name, and whether it is chosen.
    pub instead: Vec<(String, String, bool)>,
}

/// All of them.
pub struct Conditions {
    /// Boxes that people look for most.
    pub first: Vec<Boxes>,
    /// Fields.
    pub fields: Vec<Field>,
    /// The other boxes.
    pub then: Vec<Boxes>,
    /// What is on and has neither a box nor a field.
    pub others: Vec<(String, String)>,
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
            instead: Vec::new(),
        };
        let day = |name, parameter: &'static str| days(words, name, parameter, query);
        let stages = Stage::ALL.map(|stage| (stage.as_str(), stage.name(words))).to_vec();
        let turns = words
            .turns
            .iter()
            .filter(|(word, _)| *word != "none")
            .copied()
            .collect();
        let mut conditions = Self {
            others: Vec::new(),
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
                day(m.created_from, "created_from"),
                day(m.created_until, "created_until"),
                day(m.updated_from, "updated_from"),
                day(m.updated_until, "updated_until"),
                field(m.tag, "tag", "text"),
                field(m.member_code, "member_code", "text"),
            ],
        };
        conditions.others = conditions.without_a_place(query);
        conditions
    }

    /// What the form would lose: conditions that it has no place for. What is searched for is kept beside it.
    fn without_a_place(&self, query: &Query) -> Vec<(String, String)> {
        let boxes = self.first.iter().chain(&self.then).map(|boxes| boxes.parameter);
        let placed: Vec<_> = boxes
            .chain(self.fields.iter().map(|field| field.parameter))
            .chain(["q"])
            .collect();
        let others = NAMES.iter().filter(|name| !placed.contains(name));
        others
            .filter_map(|name| Some(((*name).to_owned(), query.get(name)?.to_owned())))
            .collect()
    }
}

/// Days that are told from today, of which one may be chosen instead of a date.
const RELATIVE: [&str; 6] = ["today", "-1bd", "-3bd", "-5bd", "-7bd", "-30d"];

/// A field for a day: a date, or one that is told from today.
fn days(words: &'static Words, name: &'static str, parameter: &'static str, query: &Query) -> Field {
    let value = query.get(parameter).unwrap_or_default();
    let said = |text: &str| relative(words, parameter, text);
    let is_date = value.is_empty() || NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok();
    let own = Some(value).filter(|value| !is_date && !RELATIVE.contains(value));
    let instead = RELATIVE.into_iter().chain(own).map(|text| {
        let name = said(text).unwrap_or_else(|| text.to_owned());
        (text.to_owned(), name, text == value)
    });
    Field {
        name,
        parameter,
        kind: "date",
        instead: instead.collect(),
        value: if is_date { value.to_owned() } else { String::new() },
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
        let moment = if name.ends_with("_until") && !is_whole(text) {
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

/// The query of a page that asks the API for this, the inverse of [`for_api`].
pub fn from_api(call: &Query) -> Query {
    let mut query = call.clone();
    for name in DAYS {
        let Some(text) = call.get(name) else { continue };
        let moment = is_whole(text).then(|| kst::parse(text)).flatten();
        let last = moment.and_then(|moment| moment.checked_sub_signed(TimeDelta::microseconds(1)));
        let begins = moment.filter(|moment| kst::parse(&kst::date(*moment)) == Some(*moment));
        let day = if name.ends_with("_until") {
            begins.and(last)
        } else {
            begins
        };
        if let Some(day) = day {
            query = query.with(name, &kst::date(day));
        }
    }
    query
}

/// Whether a text is a moment with its offset, and no day.
fn is_whole(text: &str) -> bool {
    DateTime::parse_from_rfc3339(&text.trim().replace(' ', "+")).is_ok()
}

/// A day that is told from today, as people say it; none if the text is none.
fn relative(words: &Words, parameter: &str, text: &str) -> Option<String> {
    let m = &words.merchants;
    let (since, before) = if text == "today" {
        (m.since_today.to_owned(), m.before_today.to_owned())
    } else {
        let count = text.strip_prefix('-')?.strip_suffix('d')?;
        let (count, since, before) = match count.strip_suffix('b') {
            Some(count) => (count, m.last_business_days, m.before_business_days),
            None => (count, m.last_days, m.before_days),
        };
        let count = count.parse::<u64>().ok()?;
        (since(count), before(count))
    };
    Some(if parameter.ends_with("_until") { before } else { since })
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
        let written = text(parameter);
        let said = DAYS.contains(&parameter).then(|| relative(words, parameter, &written));
        add(name, parameter, said.flatten().unwrap_or(written));
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
    fn what_goes_to_the_api_comes_back() {
        for raw in [
            "created_from=2026-11-02&created_until=2026-11-03&updated_from=-7bd&updated_until=today&stage=opened&sort=name",
            "created_from=2026-11-02T03:04:05Z&created_until=2026-11-02T03:04:05Z",
        ] {
            let call = for_api(&Query::read(Some(raw)));
            assert_eq!(for_api(&from_api(&call)).on(""), call.on(""), "{raw}");
        }
        let call = Query::read(Some(
            "created_from=2026-11-01T15:00:00Z&created_until=2026-11-03T15:00:00Z",
        ));
        assert_eq!(
            from_api(&call).on(""),
            "?created_from=2026-11-02&created_until=2026-11-03"
        );
    }

    #[test]
    fn days_told_from_today_are_said_as_people_do() {
        let chips = |raw: &str, words: &'static Words| {
            let chips = chips(words, &Query::read(Some(raw)), "/m").into_iter();
            chips.map(|chip| chip.value).collect::<Vec<_>>()
        };
        let raw = "created_from=-7bd&created_until=today&updated_from=-30d&updated_until=-3bd";
        assert_eq!(
            chips(raw, &crate::words::KO),
            ["지난 7영업일", "오늘 전", "지난 30일", "3영업일 전보다 앞"]
        );
        assert_eq!(
            chips(raw, &crate::words::EN),
            [
                "last 7 business days",
                "before today",
                "last 30 days",
                "before 3 business days ago"
            ]
        );
        assert_eq!(chips("created_from=-1bd", &crate::words::EN), ["last business day"]);
    }

    #[test]
    fn the_form_loses_no_condition() {
        for name in NAMES.iter().filter(|name| **name != "q") {
            let query = Query::read(Some(&format!("{name}=-3bd")));
            let conditions = Conditions::new(&crate::words::EN, &query);
            let is_kept = conditions.others.iter().any(|(other, _)| other == name);
            let boxes = conditions.first.iter().chain(&conditions.then);
            let has_place = boxes.map(|boxes| boxes.parameter).any(|parameter| parameter == *name)
                || conditions.fields.iter().any(|field| field.parameter == *name);
            assert!(is_kept != has_place, "{name}");
        }
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
