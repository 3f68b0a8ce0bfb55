//! `POST /v1/merchants/{id}/reveals`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use registry_domain::ReportedNumber;
use registry_domain::tenant::{Access as Accessed, Command, Scope};
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::parse_id;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands::{current, run_of_tenant};
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::PersonalRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(reveal_merchant))
}

/// Have a business number shown in full
///
/// For screens that show numbers masked and open them one by one: each time it is written down who looked, as
/// `personal.revealed` in your audit log. A repeat is another look, with any Idempotency-Key. The body may be left out.
#[utoipa::path(
    post,
    path = "/v1/merchants/{id}/reveals",
    tag = "Merchants",
    params(("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")),
    responses((status = 200, description = "What was masked", body = RevealDocument))
)]
async fn reveal_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json<RevealDocument>, Problem> {
    caller.require(SCOPE)?;
    let merchant = current(&state, &caller, parse_id(&id)?).await?;
    if let Some(fields) = body.fields_if_any(Null::Absent)? {
        fields.finish()?;
    }
    // First the fact, then the number.
    let access = Accessed::NumberRevealed {
        merchant_id: merchant.id,
    };
    run_of_tenant(&state, &caller, &context, Command::RecordAccess(access)).await?;
    let number = merchant.business.number.as_ref();
    Ok(Json(RevealDocument {
        object: "reveal",
        merchant_id: merchant.id.to_string(),
        business_number: number.map(|number| number.as_str().to_owned()),
        number_flag: number.and_then(ReportedNumber::flag),
    }))
}

/// What is masked elsewhere.
#[derive(Serialize, ToSchema)]
#[schema(as = Reveal)]
struct RevealDocument {
    /// Always `reveal`.
    #[schema(example = "reveal")]
    object: &'static str,
    /// The merchant.
    #[schema(example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    merchant_id: String,
    /// 사업자등록번호: ten digits, or what Paymint reported if that does not read as one. Null if none is known.
    #[schema(required = true, example = "1178178260")]
    business_number: Option<String>,
    /// Why the number is doubtful.
    #[schema(required = true, example = "checksum_mismatch")]
    number_flag: Option<&'static str>,
}
