//! Jobs: one thing that is done to many shops. They are begun from the list of shops, confirmed on a page of their own, and followed
//! here.

mod file;
mod live;
mod one;
mod plan;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use crate::answer;
use crate::console::Console;
use crate::documents::{Job, Page};
use crate::door::SignedIn;
use crate::frame::{Frame, Section};
use crate::parts::filters;
use crate::parts::{At, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::words::Words;

pub use file::{plan_table, table};
pub use live::live;
pub use one::{cancel, get, pause, resume, retry};
pub use plan::{confirm, create, get as plan};

const LIST: &str = "/v1/jobs";

/// Where they lie below the tenant's path.
const PATH: &str = "/jobs";

/// Jobs that are shown at once.
const LIMIT: &str = "50";

/// Jobs that are shown elsewhere while they are not over, and among how many of the newest they are looked for.
const OPEN_MAX: usize = 4;
const OPEN_AMONG: &str = "20";

/// A job that is not over, as it is told elsewhere.
pub struct OpenJob {
    /// What is done.
    pub what: String,
    /// Where it is followed.
    pub href: String,
    /// How it stands, in words.
    pub standing: &'static str,
    /// The class of that.
    pub class: &'static str,
    /// How far it is.
    pub progress: String,
}

impl OpenJob {
    /// The call that finds them.
    pub fn call() -> String {
        Query::default().with("limit", OPEN_AMONG).on(LIST)
    }

    /// Those of a page that are not over.
    pub fn among(frame: &Frame, page: &Page<Job>) -> Vec<Self> {
        let open = page.data.iter().filter(|job| job.ended_at.is_none());
        let told = open.map(|job| Self {
            what: what(frame.words(), &job.action, &job.tags),
            href: frame.path(&format!("{PATH}/{}", segment(&job.id))),
            standing: standing(frame.words(), job),
            class: class(job),
            progress: format!("{} / {}", thousands(job.ended()), thousands(job.tried())),
        });
        told.take(OPEN_MAX).collect()
    }
}

/// A job in the list.
struct Row {
    id: String,
    href: String,
    what: String,
    when: At,
    reason: String,
    state: &'static str,
    class: &'static str,
    ended: String,
    tried: String,
    failed: Option<String>,
}

#[derive(Template)]
#[template(path = "jobs/page.html")]
struct JobsPage {
    frame: Frame,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

/// `GET /console/{tenant}/jobs`
pub async fn list(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref()).only(&["cursor"]);
    let call = query.with("limit", LIMIT).on(LIST);
    let frame = frame(&who, look, &console).calls("GET", &call);
    match console.api().get::<Page<Job>>(&who, &call).await {
        Ok(page) => answer::page(frame.status(), &JobsPage::new(frame, &query, &page)),
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn frame(who: &SignedIn, look: Preferences, console: &Console) -> Frame {
    Frame::new(who, look, Section::Jobs, look.words().jobs.title, console.now())
}

impl JobsPage {
    fn new(frame: Frame, query: &Query, page: &Page<Job>) -> Self {
        let path = frame.path(PATH);
        Self {
            rows: page.data.iter().map(|job| Row::new(&frame, job)).collect(),
            first: query.get("cursor").map(|_| path.clone()),
            next: page
                .page
                .next
                .as_ref()
                .map(|cursor| query.with("cursor", cursor).on(&path)),
            frame,
        }
    }
}

impl Row {
    fn new(frame: &Frame, job: &Job) -> Self {
        let words = frame.words();
        Self {
            id: job.id.clone(),
            href: frame.path(&format!("{PATH}/{}", segment(&job.id))),
            what: what(words, &job.action, &job.tags),
            when: At {
                moment: job.created_at,
                now: frame.now,
            },
            reason: job.reason.clone().unwrap_or_default(),
            state: standing(words, job),
            class: class(job),
            ended: thousands(job.ended()),
            tried: thousands(job.tried()),
            failed: Some(job.count("failed"))
                .filter(|failed| *failed > 0)
                .map(words.jobs.failed_count),
        }
    }
}

/// What an action does, with its tags.
fn what(words: &'static Words, action: &str, tags: &[String]) -> String {
    let name = words.job_action(action);
    if tags.is_empty() {
        name.to_owned()
    } else {
        format!("{name}: {}", tags.join(", "))
    }
}

/// How a job stands, in words.
fn standing(words: &'static Words, job: &Job) -> &'static str {
    match job.held_up.as_deref() {
        Some(why) => words.job_held_up(why),
        None => words.job_state(&job.state),
    }
}

fn class(job: &Job) -> &'static str {
    match job.state.as_str() {
        "finished" if job.count("failed") > 0 => "warn",
        "finished" => "ok",
        _ if job.held_up.is_some() => "warn",
        _ => "",
    }
}

/// Samples of the pages.
#[cfg(any(test, feature = "samples"))]
pub(crate) mod samples {
    use serde_json::json;

    use super::one::{OneOf, OnePage};
    use super::plan::PlanPage;
    use super::{Frame, Job, JobsPage, LIST, Page, Preferences, Query, Section};
    use crate::colleagues::Colleagues;
    use crate::documents::{JobRow, JobRows, Next, Plan};
    use crate::pages::shops::{self, Sample};
    use crate::pages::staff::{people, person_id};

    fn job(number: u32, state: &str, held_up: Option<&str>) -> Job {
        let is_over = ["finished", "cancelled"].contains(&state);
        let waiting = if is_over { 0 } else { 600 };
        let one = json!({ "object": "job", "id": format!("job_0197f0a1b2c37d4e8f90a1b2c3d4{number:04x}"),
            "action": if number == 2 { "add_tags" } else { "issue_links" }, "tags": if number == 2 { vec!["서울"] } else { vec![] },
            "filter": "stage=registered&created_from=-7bd", "failed_of": null, "state": state, "held_up": held_up,
            "reason": "월요일 재발송", "actor": { "type": "user", "id": person_id(0), "channel": "console" },
            "counts": { "rows": 1_234, "refused": 54, "waiting": waiting, "running": 0, "done": 1_178 - waiting, "failed": 2,
                "cancelled": 0 },
            "failures": [{ "code": "upstream_refused", "count": 2 }],
            "created_at": shops::now().to_rfc3339(), "ended_at": is_over.then(|| shops::now().to_rfc3339()) });
        serde_json::from_value(one).expect("a sample reads")
    }

    fn names() -> Colleagues {
        Colleagues::of(&people())
    }

    /// The jobs of a page, of which not all are over.
    pub fn page() -> Page<Job> {
        Page {
            data: vec![
                job(1, "running", None),
                job(2, "queued", None),
                job(3, "finished", None),
            ],
            page: Next::default(),
        }
    }

    fn rows(states: &[(&str, Option<&str>)]) -> Vec<JobRow> {
        let row = |(number, (state, code)): (usize, &(&str, Option<&str>))| {
            let one = json!({ "number": number + 1, "merchant_id": "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6", "member_code": "acad-12",
                "merchant_code": format!("store-{number}"), "state": state, "code": code, "upstream_code": code.map(|_| "9999"),
                "link_id": null, "ended_at": shops::now().to_rfc3339() });
            serde_json::from_value(one).expect("a sample reads")
        };
        states.iter().enumerate().map(row).collect()
    }

    /// A plan of which two rows do not fit.
    fn of_file(frame: Frame) -> Sample {
        let row = |number: u32, code: Option<&str>, faults: serde_json::Value, warnings: serde_json::Value| {
            json!({ "number": number, "merchant_id": null, "member_code": "acad-12", "merchant_code": "store-3",
                "state": code.map_or("waiting", |_| "refused"), "code": code, "upstream_code": null, "link_id": null, "ended_at": null,
                "source": { "line": number + 1, "values": { "member_code": "acad-12", "merchant_code": "12", "company_name": "가나다 학원",
                    "business_number": "117-81-78261" }, "faults": faults, "warnings": warnings } })
        };
        let zeros = json!([{ "field": "merchant_code", "code": "maybe_leading_zeros", "detail": "앞자리 0이 사라졌을 수 있습니다" }]);
        let wrong =
            json!([{ "field": "business_number", "code": "checksum_mismatch", "detail": "검증 숫자가 맞지 않습니다" }]);
        let rows = [
            row(17, Some("invalid"), wrong, json!([])),
            row(18, Some("duplicate_row"), json!([]), json!([])),
        ];
        let rows = json!({ "data": rows, "page": { "next_after": 18 } });
        let plan = json!({ "id": "pln_0197f0a1b2c37d4e8f90a1b2c3d4e5f6", "action": "import", "tags": [], "filter": null, "count": 4_892,
            "eligible": 4_890, "refused": [{ "code": "invalid", "count": 1 }, { "code": "duplicate_row", "count": 1 }],
            "sample": [row(1, None, json!([]), zeros)], "job_id": null });
        let (plan, rows) = (serde_json::from_value(plan), serde_json::from_value(rows));
        let (plan, rows): (Plan, JobRows) = (plan.expect("a sample reads"), rows.expect("a sample reads"));
        Sample::new("plan-file", &PlanPage::new(frame, &plan, Some(&rows), "", None))
    }

    fn plan(eligible: u64) -> Plan {
        let refused = [("already_open", 40), ("archived", 14)];
        let refused = refused.map(|(code, count)| json!({ "code": code, "count": count }));
        let mut plan: Plan = serde_json::from_value(
            json!({ "id": "pln_0197f0a1b2c37d4e8f90a1b2c3d4e5f6", "action": "issue_links",
            "tags": [], "filter": "stage=registered", "count": eligible + 54, "eligible": eligible, "refused": refused,
            "sample": [], "job_id": null, "expires_at": shops::now().to_rfc3339() }),
        )
        .expect("a sample reads");
        plan.sample = rows(&[("waiting", None), ("waiting", None), ("refused", Some("already_open"))]);
        plan
    }

    /// The pages in all their states.
    pub fn samples(look: Preferences) -> Vec<Sample> {
        let title = look.words().jobs.title;
        let frame = |who| Frame::new(&who, look, Section::Jobs, title, shops::now()).calls("GET", LIST);
        let list = |name: &'static str, data: Vec<Job>| {
            let page = Page {
                data,
                page: Next {
                    next: Some("n".to_owned()),
                    prev: None,
                },
            };
            Sample::new(
                name,
                &JobsPage::new(frame(shops::person(look)), &Query::default(), &page),
            )
        };
        let one = |name: &'static str, who, job: Job, shown: &[(&str, Option<&str>)]| {
            let rows = JobRows {
                data: rows(shown),
                page: serde_json::from_value(json!({ "next_after": 50 })).expect("a sample reads"),
            };
            let of = OneOf {
                state: "failed",
                after: None,
            };
            Sample::new(name, &OnePage::new(frame(who), &job, &names(), &rows, &of))
        };
        let failed = [
            ("failed", Some("upstream_refused")),
            ("failed", Some("upstream_outcome_unknown")),
        ];
        let planned = |name: &'static str, eligible| {
            Sample::new(
                name,
                &PlanPage::new(frame(shops::person(look)), &plan(eligible), None, "월요일", None),
            )
        };
        vec![
            list(
                "jobs",
                vec![
                    job(1, "running", None),
                    job(2, "finished", None),
                    job(3, "running", Some("upstream_down")),
                ],
            ),
            list("jobs-none", vec![]),
            one("job", shops::person(look), job(1, "running", None), &failed),
            one("job-paused", shops::person(look), job(1, "paused", None), &[]),
            one("job-finished", shops::person(look), job(2, "finished", None), &failed),
            one(
                "job-viewer",
                shops::viewer(look),
                job(1, "running", Some("upstream_down")),
                &[],
            ),
            planned("plan", 1_180),
            planned("plan-nothing", 0),
            of_file(frame(shops::person(look))),
        ]
    }
}
