//! A plan: to whom something would be done, whom it does not fit, and why it shall be done.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use registry_people::Scope;
use serde_json::json;

use super::one::{Place, Row};
use super::{PATH, what};
use crate::answer;
use crate::api::{Ask, Trouble};
use crate::console::Console;
use crate::documents::{Job, Plan};
use crate::door::SignedIn;
use crate::form::Form;
use crate::frame::{Frame, Section};
use crate::pages::merchants::conditions;
use crate::parts::filters;
use crate::parts::thousands;
use crate::preferences::Preferences;
use crate::query::{Query, segment};

const PLANS: &str = "/v1/plans";

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
    hint: &'static str,
    act: String,
    back: String,
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
) -> Response {
    draw(&console, &who, look, &id, "", None).await
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
            draw(&console, &who, look, &id, typed.whole("reason"), Some(&trouble)).await
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
    typed: &str,
    trouble: Option<&Trouble>,
) -> Response {
    let path = of_api(id);
    let frame = frame(who, look, console);
    let here = frame.path(&format!("/plans/{}", segment(id)));
    let mut frame = frame.at(here).calls("GET", &path);
    if let Some(trouble) = trouble {
        frame = frame.troubled(trouble);
    }
    match console.api().get::<Plan>(who, &path).await {
        // Whoever comes back to it finds what became of it.
        Ok(Plan { job_id: Some(job), .. }) => to_job(who, &job),
        Ok(plan) => {
            let wrong = frame.problem.as_ref().and_then(|problem| problem.of_field("reason"));
            let wrong = wrong.map(str::to_owned);
            answer::page(frame.status(), &PlanPage::new(frame, &plan, typed, wrong))
        }
        Err(trouble) => answer::trouble(frame, &trouble),
    }
}

fn frame(who: &SignedIn, look: Preferences, console: &Console) -> Frame {
    Frame::new(who, look, Section::Jobs, look.words().jobs.plan_title, console.now())
}

impl PlanPage {
    pub(super) fn new(frame: Frame, plan: &Plan, typed: &str, wrong: Option<String>) -> Self {
        let shown = Shown::new(&frame, plan, typed, wrong);
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
            hint: words.job_hint(&plan.action),
            act: frame.path(&format!("/plans/{}/confirmation", segment(&plan.id))),
            back: plan
                .filter
                .as_ref()
                .map_or(list.clone(), |filter| format!("{list}?{filter}")),
            typed: typed.to_owned(),
            wrong,
            may_confirm: frame.may(Scope::JobsWrite),
        }
    }
}
