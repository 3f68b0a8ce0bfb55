//! `POST /v1/plans`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use registry_domain::jobs::{Action, ActionKind, JobState};
use registry_domain::merchant::TAGS_MAX;
use registry_domain::tenant::Scope;
use registry_domain::{JobId, Label, MerchantId};
use registry_jobs::{PlanWish, Whom};
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::PlanDocument;
use super::import::WantedImport;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::query::Parameters;
use crate::routes::merchants::filter;
use crate::routes::merchants::list::read_order;
use crate::routes::views::query;
use crate::state::AppState;

const SCOPE: Scope = Scope::JobsWrite;

/// Most merchants that can be named one by one.
const NAMED_MAX: usize = 1_000;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::RequestTimeout,
            Code::JobNotFound,
            Code::TooManyJobs,
            Code::PlanTooLong,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::ImportNotFound,
            Code::FileRefused,
            Code::TooManyOwnFiles,
            Code::Overloaded,
        ],
    };
    operation.document(routes!(create_plan))
}

/// Plan something for many merchants
///
/// Freezes for whom it is: all that fit a `filter` now, those with `merchant_ids`, or those for which a job has failed (`failed_of`,
/// whose action it takes over), or, for `import`, those in a file that you have handed over (`import_id`). The answer says to how many it would be done, and whom it does not fit and why. Nothing is done before
/// you confirm it. You need the scope of the action too: `links:write`, `upstream:ask`, `quarantine:write` or `merchants:write`, for an import with links both of links and merchants. A plan that nobody confirms
/// is forgotten after 24 hours.
#[utoipa::path(
    post,
    path = "/v1/plans",
    tag = "Jobs",
    request_body(content = PlanRequest, description = "What to whom"),
    responses((
        status = 201,
        description = "The plan",
        body = PlanDocument,
        headers(("Location" = String, description = "The path of the plan")),
    ))
)]
async fn create_plan(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let wanted = Wanted::read(body.fields(Null::Absent)?)?;
    // Rows of a file take memory until they are planned.
    let (action, whom, _place) = match wanted {
        Wanted::Import(wanted) => wanted.read_file(&state, &caller).await?,
        Wanted::Fitting(action, text) => {
            let whom = fitting(&state, &caller, &text).await?;
            (action, whom, None)
        }
        Wanted::These(action, ids) => (action, Whom::These(distinct(ids)), None),
        Wanted::FailedOf(id) => {
            let job = state.jobs.get(caller.tenant_id(), id).await?;
            if job.state == JobState::Planned {
                return Err(Code::JobNotFound.into());
            }
            let place = match job.action.import() {
                Some(_) => Some(state.imports.place(caller.tenant_id()).await?),
                None => None,
            };
            (job.action, Whom::FailedOf(id), place)
        }
    };
    for scope in action.scopes() {
        caller.require(*scope)?;
    }
    let wish = PlanWish {
        action,
        whom,
        origin: caller.origin(&context),
    };
    let plan = state.jobs.plan(caller.tenant_id(), wish).await?;
    let document = PlanDocument::read(&state, &caller, context.language, &plan).await?;
    let location = HeaderValue::try_from(format!("/v1/plans/{}", document.id));
    let mut response = (StatusCode::CREATED, Json(document)).into_response();
    response
        .headers_mut()
        .insert(LOCATION, location.expect("an id is a header value"));
    Ok(response)
}

/// Those that fit a query now. Its order makes no difference.
async fn fitting(state: &AppState, caller: &Caller, text: &str) -> Result<Whom, Problem> {
    let now = state.ambient.now();
    let text = query::read_as("/filter", text, caller.sight(), now)?;
    let uri = format!("/?{text}").parse::<Uri>().map_err(|_| Code::Internal)?;
    let mut query = Parameters::of(&uri).ok_or(Code::Internal)?;
    let asked = filter::asked(state, caller, &mut query, None, now).await?;
    read_order(&mut query);
    query.limit();
    query.finish()?;
    Ok(Whom::Fitting {
        filter: Box::new(asked.filter),
        text,
    })
}

/// Each once, in the order in which they were named.
fn distinct(ids: Vec<MerchantId>) -> Vec<MerchantId> {
    let mut seen = std::collections::HashSet::new();
    ids.into_iter().filter(|id| seen.insert(*id)).collect()
}

/// A plan to be.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct PlanRequest {
    /// `issue_links`, `ask_now`, `add_tags`, `remove_tags`, `archive`, `restore`, `redrive` (what of its callbacks is in quarantine)
    /// or `import`. Not with `failed_of`.
    #[schema(example = "issue_links")]
    action: Option<String>,
    /// The tags, for `add_tags` and `remove_tags` only.
    #[schema(max_items = 20, example = json!(["seoul"]))]
    tags: Option<Vec<String>>,
    /// A query of `GET /v1/merchants`: all that fit it now.
    #[schema(max_length = 2_000, example = "stage=registered&created_from=-7bd")]
    filter: Option<String>,
    /// These.
    #[schema(max_items = 1_000, example = json!(null))]
    merchant_ids: Option<Vec<String>>,
    /// Those for which this job has failed.
    #[schema(example = json!(null))]
    failed_of: Option<String>,
    /// The file, for `import` only, as are the fields below.
    #[schema(example = json!(null))]
    import_id: Option<String>,
    /// How the bytes of the file are to be read: `utf8`, `utf16le`, `utf16be` or `cp949`. Told by them if left out.
    #[schema(example = json!(null))]
    encoding: Option<String>,
    /// What stands between two texts of the file: `comma`, `semicolon` or `tab`. Told by its first lines if left out.
    #[schema(example = json!(null))]
    separator: Option<String>,
    /// What each column of the file is: `member_code`, `merchant_code`, `company_name`, `branch_name`, `business_number`, `tags` (separated
    /// by commas) or `ignore`. Told by their headings if left out.
    #[schema(max_items = 64, example = json!(null))]
    columns: Option<Vec<String>>,
    /// What becomes of merchants that there are already: `skip` (as if left out) or `update`. An empty cell changes nothing.
    #[schema(example = json!(null))]
    existing: Option<String>,
    /// Whether each merchant gets a registration link that has none. False if left out.
    #[schema(example = json!(null))]
    issue_links: Option<bool>,
}

/// The same, read.
#[derive(Debug, PartialEq)]
enum Wanted {
    Fitting(Action, String),
    These(Action, Vec<MerchantId>),
    FailedOf(JobId),
    Import(WantedImport),
}

/// What goes with a file only.
const OF_FILES: [&str; 6] = [
    "import_id",
    "encoding",
    "separator",
    "columns",
    "existing",
    "issue_links",
];

impl Wanted {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let failed_of = fields.optional("failed_of", str::parse::<JobId>);
        if let Some(job) = failed_of {
            for name in ["action", "tags", "filter", "merchant_ids"].iter().chain(&OF_FILES) {
                fields.refuse(name, Fault::Inapplicable);
            }
            fields.finish()?;
            return Ok(Self::FailedOf(job));
        }
        let kind = fields.required("action", |word| {
            ActionKind::from_word(word).ok_or(Fault::UnknownWord(ActionKind::WORDS))
        });
        if kind == Some(ActionKind::Import) {
            for name in ["tags", "filter", "merchant_ids"] {
                fields.refuse(name, Fault::Inapplicable);
            }
            return WantedImport::read(fields).map(Self::Import);
        }
        for name in OF_FILES {
            fields.refuse(name, Fault::Inapplicable);
        }
        let tags = fields.texts("tags", TAGS_MAX, Label::parse).unwrap_or_default();
        let action = kind.and_then(|kind| {
            let action = Action::of(kind, tags.clone());
            if action.is_none() {
                let fault = if tags.is_empty() {
                    Fault::Required
                } else {
                    Fault::Inapplicable
                };
                fields.blame_there("tags", fault);
            }
            action
        });
        let ids = fields.texts("merchant_ids", NAMED_MAX, str::parse::<MerchantId>);
        if ids.is_some() {
            fields.refuse("filter", Fault::Inapplicable);
        }
        let filter = match ids {
            Some(_) => None,
            None => fields.required("filter", |text| Ok::<_, Fault>(text.to_owned())),
        };
        fields.finish()?;
        match (action, ids, filter) {
            (Some(action), Some(ids), _) => Ok(Self::These(action, ids)),
            (Some(action), None, Some(filter)) => Ok(Self::Fitting(action, filter)),
            (Some(_), None, None) | (None, ..) => Err(Code::Internal.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use registry_web::Language;
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<Wanted, Vec<(Option<String>, &'static str)>> {
        let fields = Fields::read(body.to_string().as_bytes(), Null::Absent).unwrap();
        Wanted::read(fields).map_err(|problem| {
            let document = problem.document(Language::English, String::new(), None);
            let errors = document.errors.into_iter();
            errors.map(|error| (error.pointer, error.code)).collect()
        })
    }

    #[test]
    fn a_plan_is_for_some_in_one_way() {
        let id = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6";
        let job = "job_0197f0a1b2c37d4e8f90a1b2c3d4e5f6";
        let at = |pointer: &str, code| (Some(pointer.to_owned()), code);
        assert!(read(&json!({ "action": "archive", "merchant_ids": [id] })).is_ok());
        assert!(read(&json!({ "action": "archive", "filter": "" })).is_ok());
        assert!(read(&json!({ "failed_of": job })).is_ok());
        assert_eq!(
            read(&json!({ "action": "archive" })),
            Err(vec![at("/filter", "required")])
        );
        assert_eq!(
            read(&json!({ "action": "archive", "filter": "", "merchant_ids": [id] })),
            Err(vec![at("/filter", "inapplicable")])
        );
        assert_eq!(
            read(&json!({ "action": "archive", "failed_of": job })),
            Err(vec![at("/action", "inapplicable")])
        );
    }

    #[test]
    fn tags_go_with_what_is_about_tags() {
        let at = |code| Err(vec![(Some("/tags".to_owned()), code)]);
        assert_eq!(read(&json!({ "action": "add_tags", "filter": "" })), at("required"));
        assert_eq!(
            read(&json!({ "action": "archive", "filter": "", "tags": ["x"] })),
            at("inapplicable")
        );
        assert!(read(&json!({ "action": "remove_tags", "filter": "", "tags": ["x"] })).is_ok());
    }
}
