//! What somebody is told of: shops that wait too long, and what is wrong with the connection.

mod rules;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use chrono::{DateTime, Days, NaiveTime, Utc};
use serde_json::{Value, json};

pub use rules::{add_usual, get as rules, set as set_rule};

use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Alert, AlertCounts, Page};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::kst;
use crate::parts::{At, filters, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::stage::Stage;

/// Whom the list shows if nobody says.
const SHOWN: &str = "open";

/// The word for all of them.
const ALL: &str = "all";

/// How many are on a page.
const LIMIT: &str = "50";

/// When the day begins on which an alert wakes.
const MORNING: (u32, u32, u32) = (9, 0, 0);

/// A way to see others.
struct Tab {
    name: &'static str,
    count: Option<String>,
    href: String,
    is_on: bool,
}

/// An alert, with what can be said to it.
pub struct Row {
    pub id: String,
    pub version: u64,
    pub path: String,
    pub severity: String,
    pub class: &'static str,
    pub what: String,
    pub more: String,
    pub href: String,
    pub rule: String,
    pub waits: String,
    pub due: At,
    pub state: String,
    pub can_note: bool,
    pub is_asleep: bool,
}

/// What the page shows.
struct List {
    summary: String,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    next: Option<String>,
    here: String,
}

#[derive(Template)]
#[template(path = "alerts/page.html")]
struct AlertsPage {
    frame: Frame,
    list: List,
}

/// `GET /console/{tenant}/alerts`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    draw(&console, &who, look, &query, None).await
}

/// `POST …/alerts/{id}/acknowledgement`
pub async fn acknowledge(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
    form: Form,
) -> Response {
    let ask = Ask::post(format!("/v1/alerts/{}/acknowledgement", segment(&id)));
    said(&console, &who, look, &form, ask, "acknowledged").await
}

/// `POST …/alerts/{id}/snooze`: until the morning of a day, or not any more.
pub async fn snooze(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Path<(String, String)>,
    form: Form,
) -> Response {
    let days = form.typed("days").map(|days| days.parse::<u64>().unwrap_or_default());
    let until = days.map_or(Value::Null, |days| json!(morning(console.now(), days).to_rfc3339()));
    let done = if until.is_null() { "woken" } else { "snoozed" };
    let ask = Ask::post(format!("/v1/alerts/{}/snooze", segment(&id))).body(json!({ "until": until }));
    said(&console, &who, look, &form, ask, done).await
}

/// The morning in Korea so many days ahead.
fn morning(now: DateTime<Utc>, days: u64) -> DateTime<Utc> {
    let (hour, minute, second) = MORNING;
    let day = kst::local(now).date().checked_add_days(Days::new(days));
    let time = NaiveTime::from_hms_opt(hour, minute, second);
    let local = day.zip(time).map(|(day, time)| day.and_time(time));
    local.and_then(kst::moment).unwrap_or(now)
}

/// Says something to an alert, and goes back to where that was said.
async fn said(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    form: &Form,
    ask: Ask,
    done: &'static str,
) -> Response {
    let version = form.get("version").parse().unwrap_or_default();
    let home = format!("/console/{}", segment(&who.tenant.slug));
    match console.api().tell(who, ask.at_version(version)).await {
        Ok(()) => {
            // To a page of this tenant's, and nowhere else.
            let next = form.get("next");
            let next = if next.starts_with(&format!("{home}/")) {
                next
            } else {
                ""
            };
            let (path, raw) = next.split_once('?').unwrap_or((next, ""));
            let path = if path.is_empty() {
                format!("{home}/alerts")
            } else {
                path.to_owned()
            };
            answer::see(&Query::read(Some(raw)).with("done", done).on(&path))
        }
        Err(trouble) => draw(console, who, look, &Query::default(), Some(&trouble)).await,
    }
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    query: &Query,
    trouble: Option<&Trouble>,
) -> Response {
    let state = query.get("state").unwrap_or(SHOWN);
    let call = Query::default()
        .with("state", if state == ALL { "" } else { state })
        .with("cursor", query.get("cursor").unwrap_or_default())
        .with("limit", LIMIT)
        .on("/v1/alerts");
    let title = look.words().alerts.title;
    let mut frame = Frame::new(who, look, Section::Alerts, title, console.now()).calls("GET", &call);
    frame.here = query.without("done").on(&frame.path("/alerts"));
    frame = frame.noticed(query.get("done"));
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    let api = console.api();
    let (alerts, counts) = futures::join!(
        api.get::<Page<Alert>>(who, &call),
        api.get::<AlertCounts>(who, "/v1/stats/alerts")
    );
    match (alerts, counts) {
        (Ok(alerts), Ok(counts)) => {
            let list = List::new(&frame, &alerts, &counts, state);
            answer::page(frame.status(), &AlertsPage { frame, list })
        }
        (Err(trouble), _) | (_, Err(trouble)) => answer::trouble(frame, &trouble),
    }
}

impl List {
    fn new(frame: &Frame, alerts: &Page<Alert>, counts: &AlertCounts, shown: &str) -> Self {
        let words = &frame.words().alerts;
        let count = |state: &str| thousands(counts.by_state.get(state).copied().unwrap_or_default());
        let list = |state: &str| Query::default().with("state", state).on(&frame.path("/alerts"));
        let tabs = words.states.iter().map(|(state, name)| Tab {
            name,
            count: Some(count(state)),
            href: list(state),
            is_on: *state == shown,
        });
        let all = Tab {
            name: words.all,
            count: None,
            href: list(ALL),
            is_on: shown == ALL,
        };
        let next = alerts.page.next.as_deref();
        Self {
            summary: (words.summary)(&count("open"), &count("acknowledged"), &count("snoozed")),
            tabs: tabs.chain([all]).collect(),
            rows: alerts.data.iter().map(|alert| Row::new(frame, alert)).collect(),
            next: next.map(|next| {
                let query = Query::default().with("state", shown).with("cursor", next);
                query.on(&frame.path("/alerts"))
            }),
            here: frame.here.clone(),
        }
    }
}

impl Row {
    /// The row of an alert.
    pub fn new(frame: &Frame, alert: &Alert) -> Self {
        let words = frame.words();
        let merchant = alert.merchant.as_ref();
        let name = merchant.map(|merchant| {
            let company = merchant.company_name.clone();
            company.unwrap_or_else(|| format!("{}/{}", merchant.member_code, merchant.merchant_code))
        });
        let asleep = alert
            .snoozed_until
            .map(|until| (words.alerts.asleep)(&kst::minute(until, frame.now)));
        let days = merchant.map(|merchant| u64::try_from(merchant.business_days).unwrap_or(0));
        Self {
            id: alert.id.clone(),
            version: alert.version,
            path: frame.path(&format!("/alerts/{}", segment(&alert.id))),
            severity: words.severity(&alert.severity).to_owned(),
            class: class(&alert.severity),
            what: name.unwrap_or_else(|| words.alert_rule(&alert.rule).to_owned()),
            more: merchant
                .and_then(|merchant| merchant.branch_name.clone())
                .unwrap_or_default(),
            href: merchant.map_or_else(
                || frame.path(health_page(&alert.rule)),
                |merchant| frame.path(&format!("/merchants/{}", segment(&merchant.id))),
            ),
            rule: merchant.map_or_else(String::new, |_| words.alert_rule(&alert.rule).to_owned()),
            waits: days.map_or_else(String::new, words.alerts.days),
            due: At {
                moment: alert.due_at,
                now: frame.now,
            },
            state: asleep.unwrap_or_else(|| words.alert_state(&alert.state).to_owned()),
            can_note: alert.state == "open",
            is_asleep: alert.state == "snoozed",
        }
    }
}

/// The class of the colours of a severity.
fn class(severity: &str) -> &'static str {
    match severity {
        "critical" => "st st-R",
        "late" => "st st-S",
        _ => "st st-W",
    }
}

/// Where one sees what is wrong.
fn health_page(rule: &str) -> &'static str {
    match rule {
        "quarantine_growing" => "/quarantine",
        "balance_low" => "/settings",
        _ => "/health",
    }
}

impl crate::words::Words {
    /// How bad something is.
    pub fn severity<'a>(&self, word: &'a str) -> &'a str {
        let found = self.alerts.severities.iter().find(|(known, _)| *known == word);
        found.map_or(word, |(_, name)| name)
    }

    /// How an alert stands.
    pub fn alert_state<'a>(&self, word: &'a str) -> &'a str {
        let found = self.alerts.states.iter().find(|(known, _)| *known == word);
        found.map_or(word, |(_, name)| name)
    }

    /// Why an alert ended.
    pub fn alert_end<'a>(&self, word: &'a str) -> &'a str {
        let found = self.alerts.ends.iter().find(|(known, _)| *known == word);
        found.map_or(word, |(_, name)| name)
    }

    /// What a rule is about.
    pub fn alert_rule<'a>(&'a self, word: &'a str) -> &'a str {
        let found = self.alerts.conditions.iter().find(|(known, _)| *known == word);
        let stage = Stage::of(word);
        match found {
            Some((_, name)) => name,
            None if stage.as_str() == word => stage.name(self),
            None => word,
        }
    }
}

/// Samples of the page.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::json;

    use super::{Alert, AlertCounts, AlertsPage, Frame, List, Page, Preferences, Section, rules};
    use crate::pages::shops::{self, Sample};

    fn alerts() -> Page<Alert> {
        let shop = |number: u64, name: &str, branch: &str, days: u64| {
            json!({ "id": format!("mer_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "member_code": "acad-12",
                "merchant_code": format!("store-{number}"), "company_name": name, "branch_name": branch,
                "business_days": days })
        };
        let alert = |number: u64, rule: &str, severity: &str, state: &str, merchant: serde_json::Value| {
            json!({ "id": format!("alt_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"), "rule": rule, "severity": severity,
                "state": state, "due_at": "2026-11-26T00:00:00Z", "version": 9, "merchant": merchant,
                "snoozed_until": (state == "snoozed").then_some("2026-12-01T00:00:00Z") })
        };
        serde_json::from_value(json!({ "data": [
            alert(1, "quarantine_growing", "critical", "open", json!(null)),
            alert(2, "documents_required", "critical", "open", shop(1, "온담한의원", "수원점", 12)),
            alert(3, "in_review", "late", "acknowledged", shop(2, "모아약국", "부천점", 7)),
            alert(4, "in_review", "warn", "snoozed", shop(3, "푸른솔태권도", "상계관", 3)),
        ], "page": { "next": "NEXT" } }))
        .expect("a sample reads")
    }

    /// The page in all its states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let sample = |name: &'static str, alerts: &Page<Alert>, counts: &AlertCounts, shown: &str| {
            let title = look.words().alerts.title;
            let frame = Frame::new(&shops::person(look), look, Section::Alerts, title, shops::now());
            let frame = frame.calls("GET", "/v1/alerts?state=open&limit=50");
            let list = List::new(&frame, alerts, counts, shown);
            Sample::new(name, &AlertsPage { frame, list })
        };
        let counts = json!({ "by_state": { "open": 2, "acknowledged": 1, "snoozed": 1 },
            "open_by_severity": { "warn": 0, "late": 0, "critical": 2 } });
        let counts = serde_json::from_value(counts).expect("a sample reads");
        let none = serde_json::from_value(json!({ "data": [], "page": { "next": null } })).expect("a sample reads");
        let mut samples = vec![
            sample("alerts", &alerts(), &counts, "all"),
            sample("alerts-none", &none, &AlertCounts::default(), "open"),
        ];
        samples.extend(rules::samples::samples(look));
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_sleeps_until_a_morning() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        // Saturday in Korea, Friday elsewhere.
        assert_eq!(morning(at("2026-11-27T16:00:00Z"), 1), at("2026-11-29T09:00:00+09:00"));
        assert_eq!(morning(at("2026-11-27T05:00:00Z"), 7), at("2026-12-04T09:00:00+09:00"));
    }
}
