//! One job: how far it is, what can be done to it, and what came of each shop.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use registry_people::Scope;
use serde_json::json;

use super::{LIST, PATH, class, frame, standing, what};
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::colleagues::Colleagues;
use crate::console::Console;
use crate::documents::{Job, JobRow, JobRows, Plan};
use crate::door::SignedIn;
use crate::frame::Frame;
use crate::pages::merchants::Choice;
use crate::parts::filters;
use crate::parts::{At, thousands};
use crate::preferences::Preferences;
use crate::query::{Query, segment};
use crate::words::Words;

/// The tenant's name, and the job's id.
pub(super) type Place = Path<(String, String)>;

/// Of which rows there are tabs.
const TABS: [&str; 5] = ["failed", "refused", "waiting", "done", "cancelled"];

/// Rows that are shown at once.
const LIMIT: &str = "50";

/// A shop, and what came of it.
pub(super) struct Row {
    pub(super) number: u32,
    /// None as long as it is not registered.
    pub(super) href: Option<String>,
    pub(super) code: String,
    pub(super) state: &'static str,
    pub(super) why: String,
    pub(super) ended: Option<At>,
}

/// Which rows are shown.
pub(super) struct OneOf<'a> {
    /// Those that stand so.
    pub(super) state: &'a str,
    /// Behind which row.
    pub(super) after: Option<&'a str>,
}

/// What the page shows.
pub(super) struct One {
    what: String,
    standing: &'static str,
    class: &'static str,
    state: String,
    reason: String,
    who: String,
    when: At,
    /// Where those shops are listed for whom it was planned.
    list: Option<String>,
    failed_of: Option<String>,
    ended: u64,
    tried: u64,
    ended_text: String,
    tried_text: String,
    counts: Vec<(&'static str, &'static str, String)>,
    failures: Vec<(String, String)>,
    live: Option<String>,
    act: String,
    /// What whoever looks can do to it now.
    acts: Vec<&'static str>,
    tabs: Vec<Choice>,
    /// The rows that are shown as a file, if there are any and whoever looks may have one.
    table: Option<String>,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "jobs/one.html")]
pub(super) struct OnePage {
    frame: Frame,
    one: One,
}

fn of_api(id: &str) -> String {
    format!("{LIST}/{}", segment(id))
}

/// `GET /console/{tenant}/jobs/{id}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    draw(&console, &who, look, &id, &query, None).await
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    query: &Query,
    trouble: Option<&Trouble>,
) -> Response {
    let path = of_api(id);
    let frame = frame(who, look, console);
    let here = query.on(&frame.path(&format!("{PATH}/{}", segment(id))));
    let mut frame = frame.at(here).calls("GET", &path).noticed(query.get("done"));
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    let job = match console.api().get::<Job>(who, &path).await {
        Ok(job) => job,
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let of = OneOf {
        state: shown(&job, query),
        after: query.get("after"),
    };
    let rows = Query::default().with("state", of.state).with("limit", LIMIT);
    let rows = rows.with("after", of.after.unwrap_or_default());
    let rows = rows.on(&format!("{path}/rows"));
    let (rows, names) = futures::join!(console.api().get::<JobRows>(who, &rows), Colleagues::read(console, who));
    match rows {
        Ok(rows) => answer::page(frame.status(), &OnePage::new(frame, &job, &names, &rows, &of)),
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

/// The rows that somebody wants to see: what did not work, if there is such, and else what is done.
fn shown(job: &Job, query: &Query) -> &'static str {
    let wanted = query.get("state");
    let known = TABS.into_iter().find(|tab| Some(*tab) == wanted);
    known.unwrap_or(if job.count("failed") > 0 { "failed" } else { "done" })
}

/// `POST …/jobs/{id}/pause`
pub async fn pause(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    act(&console, &who, look, &id, "pause").await
}

/// `POST …/jobs/{id}/resume`
pub async fn resume(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    act(&console, &who, look, &id, "resume").await
}

/// `POST …/jobs/{id}/cancellation`
pub async fn cancel(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    act(&console, &who, look, &id, "cancellation").await
}

async fn act(console: &Console, who: &SignedIn, look: Preferences, id: &str, what: &str) -> Response {
    let ask = Ask::post(format!("{}/{what}", of_api(id)));
    match console.api().send::<Job>(who, ask).await {
        Ok(job) => answer::see(&format!(
            "/console/{}{PATH}/{}",
            segment(&who.tenant.slug),
            segment(&job.id)
        )),
        Err(trouble) if trouble.is_the_askers() => {
            draw(console, who, look, id, &Query::default(), Some(&trouble)).await
        }
        Err(trouble) => answer::trouble(frame(who, look, console), &trouble),
    }
}

/// `POST …/jobs/{id}/retry`: a plan for what failed.
pub async fn retry(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
) -> Response {
    let ask = Ask::post("/v1/plans").body(json!({ "failed_of": id }));
    match console.api().send::<Plan>(&who, ask).await {
        Ok(plan) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!("/console/{tenant}/plans/{}", segment(&plan.id)))
        }
        Err(trouble) if trouble.is_the_askers() => {
            draw(&console, &who, look, &id, &Query::default(), Some(&trouble)).await
        }
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

impl OnePage {
    pub(super) fn new(frame: Frame, job: &Job, names: &Colleagues, rows: &JobRows, of: &OneOf<'_>) -> Self {
        let one = One::new(&frame, job, names, rows, of);
        Self { frame, one }
    }
}

/// What can be done to a job as it stands.
fn acts(job: &Job, is_over: bool, may: bool) -> Vec<&'static str> {
    let acts = [
        ("pause", ["queued", "running"].contains(&job.state.as_str())),
        (
            "resume",
            job.state == "paused" || job.held_up.as_deref() == Some("not_allowed"),
        ),
        ("cancellation", !is_over),
        ("retry", is_over && job.count("failed") > 0),
    ];
    acts.into_iter()
        .filter(|(_, fits)| may && *fits)
        .map(|(act, _)| act)
        .collect()
}

impl One {
    fn can(&self, act: &str) -> bool {
        self.acts.contains(&act)
    }

    fn new(frame: &Frame, job: &Job, names: &Colleagues, page: &JobRows, of: &OneOf<'_>) -> Self {
        let words = frame.words();
        let path = frame.path(&format!("{PATH}/{}", segment(&job.id)));
        let is_over = job.ended_at.is_some() || ["finished", "cancelled"].contains(&job.state.as_str());
        let tab = Query::default().with("state", of.state);
        let next = page.page.next_after.map(|after| after.to_string());
        Self {
            what: what(words, &job.action, &job.tags),
            standing: standing(words, job),
            class: class(job),
            state: job.state.clone(),
            reason: job.reason.clone().unwrap_or_default(),
            who: names.who(&job.actor, words),
            when: At {
                moment: job.created_at,
                now: frame.now,
            },
            list: job
                .filter
                .as_ref()
                .map(|filter| format!("{}?{filter}", frame.path("/merchants"))),
            failed_of: job
                .failed_of
                .as_ref()
                .map(|id| frame.path(&format!("{PATH}/{}", segment(id)))),
            ended: job.ended(),
            tried: job.tried(),
            ended_text: thousands(job.ended()),
            tried_text: thousands(job.tried()),
            counts: counts(words, job),
            failures: job
                .failures
                .iter()
                .map(|reason| (words.row_code(&reason.code).to_owned(), thousands(reason.count)))
                .collect(),
            live: (!is_over).then(|| format!("{path}/live")),
            acts: acts(job, is_over, frame.may(Scope::JobsWrite)),
            tabs: tabs(words, job, of, &path),
            table: (frame.may(Scope::ExportsCreate) && !page.data.is_empty())
                .then(|| tab.on(&format!("{path}/rows.csv"))),
            rows: page.data.iter().map(|row| Row::new(frame, row)).collect(),
            first: of.after.map(|_| tab.on(&path)),
            next: next.map(|after| tab.with("after", &after).on(&path)),
            act: path,
        }
    }
}

fn counts(words: &'static Words, job: &Job) -> Vec<(&'static str, &'static str, String)> {
    let states = ["done", "failed", "running", "waiting", "cancelled", "refused"];
    let count = states.map(|state| (state, words.row_state(state), thousands(job.count(state))));
    count.into()
}

fn tabs(words: &'static Words, job: &Job, of: &OneOf<'_>, path: &str) -> Vec<Choice> {
    let tab = TABS.map(|state| Choice {
        name: format!("{} {}", words.row_state(state), thousands(job.count(state))),
        href: Query::default().with("state", state).on(path),
        is_on: state == of.state,
    });
    tab.into()
}

impl Row {
    pub(super) fn new(frame: &Frame, row: &JobRow) -> Self {
        let words = frame.words();
        let code = row.code.as_deref().map(|code| words.row_code(code).to_owned());
        let faults = row.source.iter().flat_map(|source| &source.faults);
        let faults = faults.map(|fault| Some(format!("{}: {}", words.import_field(&fault.field), fault.detail)));
        let why = [code, row.upstream_code.clone()].into_iter().chain(faults);
        let codes = [row.member_code.as_deref(), row.merchant_code.as_deref()];
        let codes: Vec<_> = codes.into_iter().flatten().collect();
        Self {
            number: row.number,
            href: row
                .merchant_id
                .as_ref()
                .map(|id| frame.path(&format!("/merchants/{}", segment(id)))),
            code: if codes.is_empty() {
                // Of a row of a file that cannot be used it is not known whom it is about.
                let line = row
                    .source
                    .as_ref()
                    .map(|source| (words.imports.line_of_file)(source.line));
                row.merchant_id.clone().or(line).unwrap_or_default()
            } else {
                codes.join("/")
            },
            state: words.row_state(&row.state),
            why: why.flatten().collect::<Vec<_>>().join(" · "),
            ended: row.ended_at.map(|moment| At { moment, now: frame.now }),
        }
    }
}
