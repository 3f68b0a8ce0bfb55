//! A plan: to whom something would be done, whom it does not fit, and why it shall be done.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use registry_people::Scope;
use serde_json::json;

use super::file::FileRow;
use super::one::{Place, Row};
use super::{PATH, what};
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Job, JobRows, Plan};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::pages::merchants::conditions;
use crate::parts::filters;
use crate::parts::thousands;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

const PLANS: &str = "/v1/plans";

/// What is planned from a file.
const IMPORT: &str = "import";

/// Rows of a file that are shown at once.
const ROWS: &str = "100";

/// What a form says that is meant for all that fit, and not for those that are ticked.
const ALL: &str = "all";

/// What the page shows.
struct Shown {
    what: String,
    count: String,
    eligible: u64,
    fitting: String,
    eligible_text: String,
    refused: u64,
    refused_text: String,
    reasons: Vec<(String, String)>,
    fits: Vec<Row>,
    others: Vec<Row>,
    /// Of a file: rows that cannot be carried out, and some that can.
    bad_rows: Vec<FileRow>,
    good_rows: Vec<FileRow>,
    table: Option<String>,
    next: Option<String>,
    hint: &'static str,
    act: String,
    back: String,
    back_name: &'static str,
    typed: String,
    wrong: Option<String>,
    may_confirm: bool,
}

#[derive(Template)]
#[template(path = "jobs/plan.html")]
pub(super) struct PlanPage {
    frame: Frame,
    shown: Shown,
}

fn of_api(id: &str) -> String {
    format!("{PLANS}/{}", segment(id))
}

/// `POST /console/{tenant}/plans`: from the list of shops, for those that are ticked or for all that fit.
pub async fn create(State(console): State<Arc<Console>>, who: SignedIn, look: Preferences, typed: Form) -> Response {
    let action = typed.get("action");
    let mut body = json!({ "action": action });
    if ["add_tags", "remove_tags"].contains(&action) {
        body["tags"] = json!(typed.all("tags").collect::<Vec<_>>());
    }
    if typed.get("whom") == ALL {
        let state = conditions::for_api(&Query::read(Some(typed.whole("state"))));
        let filter = state.without("sort").without("limit").without("cursor").on("");
        body["filter"] = json!(filter.trim_start_matches('?'));
    } else {
        body["merchant_ids"] = json!(typed.all("merchant").collect::<Vec<_>>());
    }
    match console.api().send::<Plan>(&who, Ask::post(PLANS).body(body)).await {
        Ok(plan) => {
            let tenant = segment(&who.tenant.slug);
            answer::see(&format!("/console/{tenant}/plans/{}", segment(&plan.id)))
        }
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

/// `GET /console/{tenant}/plans/{id}`
pub async fn get(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let typed = Typed {
        reason: "",
        after: query.get("after"),
    };
    draw(&console, &who, look, &id, typed, None).await
}

/// What is typed and chosen on the page.
#[derive(Clone, Copy)]
struct Typed<'a> {
    reason: &'a str,
    /// Behind which row of a file.
    after: Option<&'a str>,
}

/// `POST …/plans/{id}/confirmation`
pub async fn confirm(
    State(console): State<Arc<Console>>,
    who: SignedIn,
    look: Preferences,
    Path((_, id)): Place,
    typed: Form,
) -> Response {
    let body = json!({ "reason": typed.get("reason") });
    let ask = Ask::post(format!("{}/confirmation", of_api(&id))).body(body);
    match console.api().send::<Job>(&who, ask).await {
        Ok(job) => to_job(&who, &job.id),
        Err(trouble) if trouble.is_the_askers() => {
            let typed = Typed {
                reason: typed.whole("reason"),
                after: None,
            };
            draw(&console, &who, look, &id, typed, Some(&trouble)).await
        }
        Err(trouble) => answer::trouble(frame(&who, look, &console), &trouble),
    }
}

fn to_job(who: &SignedIn, id: &str) -> Response {
    let tenant = segment(&who.tenant.slug);
    answer::see(&format!("/console/{tenant}{PATH}/{}", segment(id)))
}

async fn draw(
    console: &Console,
    who: &SignedIn,
    look: Preferences,
    id: &str,
    typed: Typed<'_>,
    trouble: Option<&Trouble>,
) -> Response {
    let path = of_api(id);
    let frame = frame(who, look, console);
    let here = frame.path(&format!("/plans/{}", segment(id)));
    let mut frame = frame.at(here).calls("GET", &path);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    let plan = match console.api().get::<Plan>(who, &path).await {
        // Whoever comes back to it finds what became of it.
        Ok(Plan { job_id: Some(job), .. }) => return to_job(who, &job),
        Ok(plan) => plan,
        Err(trouble) => return answer::trouble(frame, &trouble),
    };
    let rows = if plan.action == IMPORT {
        let query = Query::default().with("state", "refused").with("limit", ROWS);
        let query = query.with("after", typed.after.unwrap_or_default());
        match console
            .api()
            .get::<JobRows>(who, &query.on(&format!("{path}/rows")))
            .await
        {
            Ok(rows) => Some(rows),
            Err(trouble) => return answer::trouble(frame, &trouble),
        }
    } else {
        None
    };
    let wrong = frame.problem.as_ref().and_then(|problem| problem.of_field("reason"));
    let wrong = wrong.map(str::to_owned);
    answer::page(
        frame.status(),
        &PlanPage::new(frame, &plan, rows.as_ref(), typed.reason, wrong),
    )
}

fn frame(who: &SignedIn, look: Preferences, console: &Console) -> Frame {
    Frame::new(who, look, Section::Jobs, look.words().jobs.plan_title, console.now())
}

impl PlanPage {
    pub(super) fn new(frame: Frame, plan: &Plan, rows: Option<&JobRows>, typed: &str, wrong: Option<String>) -> Self {
        let shown = match rows {
            None => Shown::new(&frame, plan, typed, wrong),
            Some(rows) => Shown::new(&frame, plan, typed, wrong).of_file(&frame, plan, rows),
        };
        Self { frame, shown }
    }
}

impl Shown {
    fn new(frame: &Frame, plan: &Plan, typed: &str, wrong: Option<String>) -> Self {
        let words = frame.words();
        let refused = plan.count.saturating_sub(plan.eligible);
        let rows = |state: &str| {
            let of_state = plan
                .sample
                .iter()
                .filter(|row| (row.state == "refused") == (state == "refused"));
            of_state.map(|row| Row::new(frame, row)).collect()
        };
        let list = frame.path("/merchants");
        Self {
            what: what(words, &plan.action, &plan.tags),
            count: thousands(plan.count),
            eligible: plan.eligible,
            fitting: thousands(plan.eligible),
            eligible_text: (words.jobs.confirm)(&thousands(plan.eligible)),
            refused,
            refused_text: thousands(refused),
            reasons: plan
                .refused
                .iter()
                .map(|reason| (words.row_code(&reason.code).to_owned(), thousands(reason.count)))
                .collect(),
            fits: rows("waiting"),
            others: rows("refused"),
            bad_rows: Vec::new(),
            good_rows: Vec::new(),
            table: None,
            next: None,
            hint: words.job_hint(&plan.action),
            act: frame.path(&format!("/plans/{}/confirmation", segment(&plan.id))),
            back: plan
                .filter
                .as_ref()
                .map_or(list.clone(), |filter| format!("{list}?{filter}")),
            back_name: words.frame.merchants,
            typed: typed.to_owned(),
            wrong,
            may_confirm: frame.may(Scope::JobsWrite),
        }
    }

    /// Of a file every row that does not fit is shown, with all that is wrong with it.
    fn of_file(self, frame: &Frame, plan: &Plan, rows: &JobRows) -> Self {
        let here = frame.path(&format!("/plans/{}", segment(&plan.id)));
        let refused = Query::default().with("state", "refused");
        let fits = plan.sample.iter().filter(|row| row.state != "refused");
        let next = rows.page.next_after.map(|after| after.to_string());
        Self {
            bad_rows: rows.data.iter().filter_map(|row| FileRow::new(frame, row)).collect(),
            good_rows: fits.filter_map(|row| FileRow::new(frame, row)).collect(),
            table: (frame.may(Scope::ExportsCreate) && !rows.data.is_empty())
                .then(|| refused.on(&format!("{here}/rows.csv"))),
            next: next.map(|after| Query::default().with("after", &after).on(&here)),
            fits: Vec::new(),
            others: Vec::new(),
            back: frame.path("/imports/new"),
            back_name: frame.words().imports.title,
            ..self
        }
    }
}
