//! `POST /v1/unclaimed-merchants/{id}/dismissal`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::Label;
use registry_domain::tenant::{Command, Scope, UnclaimedResolution};
use registry_journal::port::UnclaimedState;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{UnclaimedDocument, find};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands::run_of_tenant;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::UnclaimedMerchantNotFound,
            Code::RequestTimeout,
            Code::UnclaimedMerchantAdopted,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(dismiss_unclaimed_merchant))
}

/// Dismiss an unclaimed merchant
///
/// You will have nothing to do with the pair: its callbacks are discarded, those that come later too, and it no longer
/// appears. Dismissing it twice changes nothing. If you change your mind, register it like any other merchant.
#[utoipa::path(
    post,
    path = "/v1/unclaimed-merchants/{id}/dismissal",
    tag = "Unclaimed merchants",
    params(("id" = String, Path, description = "Its id", example = "unc_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    request_body(content = Dismissal, description = "Why"),
    responses((status = 200, description = "The pair, dismissed", body = UnclaimedDocument))
)]
async fn dismiss_unclaimed_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<UnclaimedDocument>, Problem> {
    caller.require(SCOPE)?;
    let row = find(&state, &caller, &id).await?;
    let dismissal = Dismissal::read(body.fields(Null::Absent)?)?;
    let command = Command::ResolveUnclaimed {
        reference: row.reference,
        resolution: UnclaimedResolution::Dismissed(dismissal.reason),
        // The write path looks it up under the lock.
    };
    run_of_tenant(&state, &caller, &context, command).await?;
    let row = find(&state, &caller, &id).await?;
    match row.state {
        UnclaimedState::Adopted => Err(Code::UnclaimedMerchantAdopted.into()),
        UnclaimedState::Open | UnclaimedState::Dismissed => Ok(Json(UnclaimedDocument::new(&row))),
    }
}

/// Why a pair is dismissed.
#[derive(ToSchema)]
struct Dismissal {
    /// Why, for whoever asks later.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "시험용 매장")]
    reason: Label,
}

impl Dismissal {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let reason = fields.required("reason", Label::parse);
        fields.finish()?;
        // A reason that is missing is among the faults.
        let reason = reason.ok_or(Code::Internal)?;
        Ok(Self { reason })
    }
}
