//! `POST /v1/alerts/{id}/snooze`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, SubsecRound, Utc};
use registry_domain::Adjustment;
use registry_domain::alerts::SNOOZE_MAX;
use registry_domain::tenant::Scope;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{AlertDocument, Said, parse_id, say};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::conditional;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::AlertsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IfMatchInvalid,
            Code::AlertNotFound,
            Code::RequestTimeout,
            Code::AlertChanged,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IfMatchRequired,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(snooze_alert))
}

/// Put an alert to sleep
///
/// Until that moment it does not become worse, and no list of open alerts has it. It ends all the same if the shop moves. With
/// null it wakes at once.
#[utoipa::path(
    post,
    path = "/v1/alerts/{id}/snooze",
    tag = "Alerts",
    params(
        ("id" = String, Path, description = "The alert's id", example = "alt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("If-Match" = String, Header, description = "The ETag of the alert that you have seen, or `*`", example = "\"9\""),
    ),
    request_body(content = SnoozeBody, description = "Until when"),
    responses((
        status = 200,
        description = "The alert",
        body = AlertDocument,
        headers(("ETag" = String, description = "The alert's version")),
    ))
)]
async fn snooze_alert(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let id = parse_id(&id)?;
    let until = read(body.fields(Null::Refused)?, state.ambient.now())?;
    let expected = conditional::expected(&headers)?;
    let document = say(&state, &caller, &context, id, expected, Said::Asleep(until)).await?;
    Ok(document.answer())
}

/// Until when an alert sleeps.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
#[schema(as = AlertSnooze)]
struct SnoozeBody {
    /// A moment within the next 90 days; null to wake it.
    until: Option<DateTime<Utc>>,
}

fn read(mut fields: Fields, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Problem> {
    let moment = |text: &str| {
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| Fault::NotATime)?;
        let moment = moment.to_utc().trunc_subsecs(6);
        if moment <= now {
            Err(Fault::NotInTheFuture)
        } else if moment > now + SNOOZE_MAX {
            Err(Fault::TooFarAhead)
        } else {
            Ok(moment)
        }
    };
    let until = fields.adjustment("until", |fields, name| fields.required(name, moment));
    fields.finish()?;
    Ok(match until {
        Adjustment::Set(until) => Some(until),
        Adjustment::Keep | Adjustment::Unset => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn it_sleeps_for_a_quarter_at_most() {
        let now = "2026-11-02T00:00:00Z".parse().unwrap();
        let read = |body: Value| read(Fields::read(body.to_string().as_bytes(), Null::Refused).unwrap(), now);
        assert_eq!(read(json!({"until": null})).unwrap(), None);
        assert!(read(json!({"until": "2027-01-31T09:00:00+09:00"})).unwrap().is_some());
        for bad in [
            json!({}),
            json!({"until": "2026-11-02T00:00:00Z"}),
            json!({"until": "2027-01-31T09:00:01+09:00"}),
            json!({"until": "tomorrow"}),
            json!({"till": null}),
        ] {
            assert_eq!(read(bad.clone()).unwrap_err().code(), Code::ValidationFailed, "{bad}");
        }
    }
}
