//! `PUT /v1/quarantine/{event_id}/resolution`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::merchant::Command;
use registry_domain::tenant::{self, Scope};
use registry_domain::{Label, MerchantId};
use registry_ingest::RedriveRequest;
use registry_journal::port::QuarantineRow;
use registry_journal::{Order, StreamId};
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::redrive::RedriveDocument;
use super::{QuarantinedDocument, find};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::QuarantineWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::NotQuarantined,
            Code::CallbackNotFound,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::PayloadErased,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(resolve_quarantined_callback))
}

/// Settle a quarantined callback
///
/// `bind` says for which merchant it is: it is driven again for that one, whatever its codes, its link or its sender are.
/// If it cannot be read even then it stays open. `discard` gives it up with a reason. The first settlement stands: on
/// one that is settled already neither does anything, and `callback.state` tells how it was settled.
#[utoipa::path(
    put,
    path = "/v1/quarantine/{event_id}/resolution",
    tag = "Quarantine",
    params(("event_id" = String, Path, description = "The id of the event that recorded the callback", example = "evt_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    request_body(content = Resolution, description = "What becomes of it"),
    responses((status = 200, description = "How it stands now", body = ResolvedDocument))
)]
async fn resolve_quarantined_callback(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(event_id): Path<String>,
    body: JsonBody,
) -> Result<Json<ResolvedDocument>, Problem> {
    caller.require(SCOPE)?;
    let row = find(&state, &caller, &event_id).await?;
    let redrive = match Resolution::read(body.fields(Null::Absent)?)? {
        Action::Bind(merchant_id) => {
            let request = RedriveRequest {
                tenant_id: caller.tenant_id(),
                event_id: row.event_id,
                bound_to: Some(merchant_id),
            };
            let origin = caller.origin(&context);
            let redriven = state.redriver.redrive(&request, origin, None).await?;
            Some(RedriveDocument::new(row.event_id, false, &redriven))
        }
        Action::Discard(reason) => {
            discard(&state, &caller, &context, &row, reason).await?;
            None
        }
    };
    let row = find(&state, &caller, &event_id).await?;
    Ok(Json(ResolvedDocument {
        object: "quarantine_resolution",
        callback: QuarantinedDocument::new(&row),
        redrive,
    }))
}

async fn discard(
    state: &AppState,
    caller: &Caller,
    context: &RequestContext,
    row: &QuarantineRow,
    reason: Label,
) -> Result<(), Problem> {
    let event_id = row.event_id;
    match row.stream {
        StreamId::Merchant(merchant_id) => {
            let command = Command::DiscardCallback { event_id, reason };
            let order = Order::Merchant {
                merchant_id,
                command,
                expected: None,
            };
            commands::run(state, caller, context, None, merchant_id, order).await?;
        }
        StreamId::Tenant(_) => {
            let command = tenant::Command::DiscardCallback { event_id, reason };
            commands::run_of_tenant(state, caller, context, command).await?;
        }
    }
    Ok(())
}

/// What becomes of a quarantined callback.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct Resolution {
    /// `bind` or `discard`.
    #[schema(example = "bind")]
    action: String,
    /// The merchant that it is for. With `bind` only.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: Option<String>,
    /// Why it is given up. With `discard` only.
    #[schema(min_length = 1, max_length = 200)]
    reason: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Action {
    Bind(MerchantId),
    Discard(Label),
}

impl Resolution {
    fn read(mut fields: Fields) -> Result<Action, Problem> {
        let action = fields.required("action", |word| match word {
            "bind" => Ok(true),
            "discard" => Ok(false),
            _ => Err(Fault::UnknownWord(&["bind", "discard"])),
        });
        let action = match action {
            Some(true) => {
                fields.refuse("reason", Fault::Inapplicable);
                fields.required("merchant_id", str::parse).map(Action::Bind)
            }
            Some(false) => {
                fields.refuse("merchant_id", Fault::Inapplicable);
                fields.required("reason", Label::parse).map(Action::Discard)
            }
            None => {
                fields.optional("merchant_id", str::parse::<MerchantId>);
                fields.optional("reason", Label::parse);
                None
            }
        };
        fields.finish()?;
        action.ok_or_else(|| Code::Internal.into())
    }
}

/// How a quarantined callback was settled.
#[derive(Serialize, ToSchema)]
#[schema(as = QuarantineResolution)]
struct ResolvedDocument {
    /// Always `quarantine_resolution`.
    #[schema(example = "quarantine_resolution")]
    object: &'static str,
    /// The callback as it stands now.
    callback: QuarantinedDocument,
    /// What came of it, if it was bound.
    #[schema(required = true)]
    redrive: Option<RedriveDocument>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn each_action_has_its_own_field() {
        let read = |body: &Value| Resolution::read(Fields::read(body.to_string().as_bytes(), Null::Absent).unwrap());
        let id = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6";
        assert_eq!(
            read(&json!({"action": "bind", "merchant_id": id})).unwrap(),
            Action::Bind(id.parse().unwrap())
        );
        assert_eq!(
            read(&json!({"action": "discard", "reason": "시험 호출"})).unwrap(),
            Action::Discard(Label::parse("시험 호출").unwrap())
        );
        for bad in [
            json!({}),
            json!({"action": "delete"}),
            json!({"action": "bind"}),
            json!({"action": "bind", "merchant_id": "store-3"}),
            json!({"action": "bind", "merchant_id": id, "reason": "x"}),
            json!({"action": "discard"}),
            json!({"action": "discard", "reason": " "}),
            json!({"action": "discard", "reason": "x", "merchant_id": id}),
        ] {
            assert_eq!(read(&bad).unwrap_err().code(), Code::ValidationFailed, "{bad}");
        }
    }
}
