//! Of what somebody wants to be told.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{AlertRule, Problem, Rows};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::parts::filters;
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::stage::Stage;

const RULES: &str = "/v1/alert-rules";

/// The levels of a stage, the mildest first.
const LEVELS: [&str; 4] = ["warn", "late", "critical", "unusual"];

/// Stages in which somebody waits.
const STAGES: [Stage; 8] = [
    Stage::Registered,
    Stage::LinkIssued,
    Stage::Drafting,
    Stage::InReview,
    Stage::DocumentsRequired,
    Stage::Rejected,
    Stage::Unknown,
    Stage::Unlinked,
];

/// What most begin with: where somebody is expected to move, at the days at which the list marks them.
const USUAL_STAGES: [&str; 3] = ["drafting", "in_review", "documents_required"];
const USUAL_DAYS: [u16; 3] = [3, 6, 11];

/// What is told of with how many of it at least.
const COUNTED: [&str; 2] = ["quarantine_growing", "publishing_behind"];

/// A field with its label.
struct Field {
    name: &'static str,
    label: String,
    value: String,
}

/// The rule for a stage, or an empty one.
struct StageRule {
    rule: &'static str,
    name: &'static str,
    version: u64,
    levels: Vec<Field>,
    wrong: Option<String>,
}

/// The rule for what can be wrong with the connection, or an empty one.
struct HealthRule {
    rule: &'static str,
    name: &'static str,
    version: u64,
    severity: String,
    label: String,
    more_than: Option<Field>,
    wrong: Option<String>,
}

/// What the page shows.
struct Sheet {
    is_empty: bool,
    stages: Vec<StageRule>,
    conditions: Vec<HealthRule>,
}

#[derive(Template)]
#[template(path = "alerts/rules.html")]
struct RulesPage {
    frame: Frame,
    sheet: Sheet,
}

/// `GET /console/{tenant}/alerts/rules`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    draw(&console, &who, look, query.get("done"), None, &Form::default()).await
}

/// `POST …/alerts/rules`: one rule, whole. One whose fields are all empty is removed.
pub async fn set(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, form: Form) -> Response {
    let path = format!("{RULES}/{}", segment(form.get("rule")));
    let body = body(&form);
    let version: u64 = form.get("version").parse().unwrap_or_default();
    let is_off = body.values().all(Value::is_null) || body.get("severity").is_some_and(Value::is_null);
    let ask = match (is_off, version) {
        // There was none, and there shall be none.
        (true, 0) => return done(&who),
        (true, version) => Ask::new(Method::DELETE, path).at_version(version),
        (false, 0) => Ask::new(Method::PUT, path).body(body.into()),
        (false, version) => Ask::new(Method::PUT, path).body(body.into()).at_version(version),
    };
    match console.api().tell(&who, ask).await {
        Ok(()) => done(&who),
        Err(trouble) => draw(&console, &who, look, None, Some(&trouble), &form).await,
    }
}

/// `POST …/alerts/rules/usual`
pub async fn add_usual(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences) -> Response {
    let [warn, late, critical] = USUAL_DAYS;
    let stages = USUAL_STAGES.map(|stage| (stage, json!({ "warn": warn, "late": late, "critical": critical })));
    let conditions = [
        ("callbacks_missing", json!({ "severity": "critical" })),
        ("upstream_paused", json!({ "severity": "critical" })),
        ("balance_low", json!({ "severity": "late" })),
        ("quarantine_growing", json!({ "severity": "late", "more_than": 0 })),
        ("publishing_behind", json!({ "severity": "late", "more_than": 1_000 })),
    ];
    for (rule, body) in stages.into_iter().chain(conditions) {
        let ask = Ask::new(Method::PUT, format!("{RULES}/{rule}")).body(body);
        match console.api().tell(&who, ask).await {
            Ok(()) => {}
            // Somebody has said otherwise of this one already.
            Err(Trouble::Refused(problem)) if problem.code == "if_match_required" => {}
            Err(trouble) => return draw(&console, &who, look, None, Some(&trouble), &Form::default()).await,
        }
    }
    done(&who)
}

fn done(who: &SignedIn) -> Response {
    answer::see(&format!(
        "/console/{}/alerts/rules?done=rules",
        segment(&who.tenant.slug)
    ))
}

/// What a form says of a rule. A number that is none is left to the API to refuse.
fn body(form: &Form) -> Map<String, Value> {
    let number = |name: &str| match form.typed(name).map(str::parse::<i64>) {
        Some(Ok(number)) => json!(number),
        Some(Err(_)) => json!(form.get(name)),
        None => Value::Null,
    };
    let mut body = Map::new();
    if form.ticked("severity") {
        let severity = form.typed("severity").map_or(Value::Null, |severity| json!(severity));
        body.insert("severity".to_owned(), severity);
        if form.ticked("more_than") {
            body.insert("more_than".to_owned(), number("more_than"));
        }
    } else if form.get("kind") == "health" {
        body.insert("severity".to_owned(), Value::Null);
    } else {
        body.extend(LEVELS.map(|level| (level.to_owned(), number(level))));
    }
    body
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    done: Option<&str>,
    trouble: Option<&Trouble>,
    typed: &Form,
) -> Response {
    let title = look.words().alerts.rules;
    let mut frame = Frame::new(who, look, Section::Alerts, title, console.now()).calls("GET", RULES);
    frame.here = frame.path("/alerts/rules");
    frame = frame.noticed(done);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<Rows<AlertRule>>(who, RULES).await {
        Ok(rules) => {
            let sheet = Sheet::new(&frame, &rules.data, typed);
            answer::page(frame.status(), &RulesPage { frame, sheet })
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

impl Sheet {
    fn new(frame: &Frame, rules: &[AlertRule], typed: &Form) -> Self {
        let known = |word: &str| rules.iter().find(|rule| rule.rule == word);
        let words = frame.words();
        let stages = STAGES.map(|stage| {
            let (rule, name) = (stage.as_str(), stage.name(words));
            StageRule::new(frame, rule, name, known(rule), typed)
        });
        let conditions = words.alerts.conditions.iter();
        Self {
            is_empty: rules.is_empty(),
            stages: stages.into(),
            conditions: conditions
                .map(|(rule, name)| HealthRule::new(frame, rule, name, known(rule), typed))
                .collect(),
        }
    }
}

/// What is wrong with what was typed for a rule.
fn wrong(problem: Option<&Problem>, typed: &Form, rule: &str) -> Option<String> {
    let error = problem.filter(|_| typed.get("rule") == rule)?.errors.first()?;
    Some(error.detail.clone())
}

impl StageRule {
    fn new(frame: &Frame, rule: &'static str, name: &'static str, known: Option<&AlertRule>, typed: &Form) -> Self {
        let words = frame.words();
        let is_typed = typed.get("rule") == rule;
        let level = |level: &'static str| {
            let kept = known.and_then(|known| match level {
                "warn" => known.warn,
                "late" => known.late,
                "critical" => known.critical,
                _ => known.unusual.map(u16::from),
            });
            let kept = kept.map(|days| days.to_string()).unwrap_or_default();
            let label = if level == "unusual" {
                words.alerts.unusual_label.to_owned()
            } else {
                (words.alerts.level)(words.severity(level))
            };
            Field {
                name: level,
                label: (words.alerts.of_rule)(name, &label),
                value: if is_typed { typed.get(level).to_owned() } else { kept },
            }
        };
        Self {
            rule,
            name,
            version: known.map_or(0, |known| known.version),
            levels: LEVELS.map(level).into(),
            wrong: wrong(frame.problem.as_ref(), typed, rule),
        }
    }
}

impl HealthRule {
    fn new(frame: &Frame, rule: &'static str, name: &'static str, known: Option<&AlertRule>, typed: &Form) -> Self {
        let words = &frame.words().alerts;
        let is_typed = typed.get("rule") == rule;
        let kept = known.and_then(|known| known.severity.clone()).unwrap_or_default();
        let kept_count = known.and_then(|known| known.more_than).map(|count| count.to_string());
        Self {
            rule,
            name,
            version: known.map_or(0, |known| known.version),
            severity: if is_typed {
                typed.get("severity").to_owned()
            } else {
                kept
            },
            label: (words.of_rule)(name, words.how_bad),
            more_than: COUNTED.contains(&rule).then(|| Field {
                name: "more_than",
                label: (words.of_rule)(name, words.more_than),
                value: if is_typed {
                    typed.get("more_than").to_owned()
                } else {
                    kept_count.unwrap_or_default()
                },
            }),
            wrong: wrong(frame.problem.as_ref(), typed, rule),
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::json;

    use super::{AlertRule, Form, Frame, Preferences, RulesPage, Section, Sheet};
    use crate::pages::shops::{self, Sample};

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let rules: Vec<AlertRule> = serde_json::from_value(json!([
            { "rule": "in_review", "warn": 3, "late": 6, "critical": 11, "unusual": 95, "version": 4 },
            { "rule": "documents_required", "warn": 2, "late": 5, "version": 5 },
            { "rule": "quarantine_growing", "severity": "late", "more_than": 10, "version": 6 },
        ]))
        .expect("a sample reads");
        let sample = |name: &'static str, rules: &[AlertRule], is_refused: bool| {
            let title = look.words().alerts.rules;
            let mut frame = Frame::new(&shops::person(look), look, Section::Alerts, title, shops::now());
            frame = frame.calls("GET", super::RULES);
            let mut typed = Form::default();
            if is_refused {
                frame.problem = Some(shops::problem());
                typed = Form::of("rule=in_review&warn=6&late=6&critical=");
            }
            let sheet = Sheet::new(&frame, rules, &typed);
            Sample::new(name, &RulesPage { frame, sheet })
        };
        vec![
            sample("alert-rules", &rules, false),
            sample("alert-rules-none", &[], false),
            sample("alert-rules-refused", &rules, true),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_rule() {
        let of = |raw: &str| Value::from(body(&Form::of(raw)));
        assert_eq!(
            of("warn=3&late=&critical=x"),
            json!({ "warn": 3, "late": null, "critical": "x", "unusual": null })
        );
        assert_eq!(
            of("kind=health&severity=late&more_than=10"),
            json!({ "severity": "late", "more_than": 10 })
        );
        assert_eq!(of("kind=health&severity="), json!({ "severity": null }));
    }
}
