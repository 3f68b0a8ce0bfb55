//! `PATCH /v1/merchants/{id}`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use registry_documents::MerchantDocument;
use registry_domain::merchant::{Command, DetailsChange};
use registry_domain::tenant::Scope;
use registry_domain::{BusinessNumber, Label};
use registry_journal::Order;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Details, document, parse_id};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::{commands, conditional};

const SCOPE: Scope = Scope::MerchantsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IfMatchInvalid,
            Code::MerchantNotFound,
            Code::RequestTimeout,
            Code::VersionMismatch,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IfMatchRequired,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(change_merchant))
}

/// Change what you keep about a merchant
///
/// Fields that are left out keep their value; `tags` and `metadata` are replaced whole. A change that changes nothing
/// leaves the version as it is. What Paymint reports later may replace names and number again.
#[utoipa::path(
    patch,
    path = "/v1/merchants/{id}",
    tag = "Merchants",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("If-Match" = String, Header, description = "The ETag that the change is meant for, or `*`", example = "\"7.1\""),
    ),
    request_body(content = MerchantChange, description = "What shall be different"),
    responses((
        status = 200,
        description = "The merchant after the change",
        body = MerchantDocument,
        headers(("ETag" = String, description = "The merchant's version and form")),
    ))
)]
async fn change_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let merchant_id = parse_id(&id)?;
    let expected = conditional::expected(&headers)?;
    let change = MerchantChange::read(body.fields(Null::Refused)?)?;
    let command = Command::ChangeDetails(Box::new(change.into_details()));
    let order = Order::Merchant {
        merchant_id,
        command,
        expected,
    };
    let done = commands::run(&state, &caller, &context, None, merchant_id, order).await?;
    Ok(document(StatusCode::OK, &done.merchant, caller.sight()))
}

/// A change of what you keep about a merchant.
#[derive(ToSchema)]
struct MerchantChange {
    /// 사업장명.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "가나다 학원")]
    company_name: Option<Label>,
    /// 지점명.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200, example = "강남점")]
    branch_name: Option<Label>,
    /// 사업자등록번호, with or without hyphens. Its check digit is verified.
    #[schema(value_type = String, required = false, example = "117-81-78260")]
    business_number: Option<BusinessNumber>,
    /// Your tags, whole.
    #[schema(value_type = Vec<String>, required = false, max_items = 20, example = json!(["seoul"]))]
    tags: Option<Vec<Label>>,
    /// Your own data, whole: at most 50 entries, keys of 1 to 40 characters, values of 1 to 200.
    #[schema(value_type = HashMap<String, String>, required = false, example = json!({"contract": "2026-014"}))]
    metadata: Option<BTreeMap<String, Label>>,
}

impl MerchantChange {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let Details {
            company_name,
            branch_name,
            business_number,
            tags,
            metadata,
        } = Details::read(&mut fields);
        fields.finish()?;
        Ok(Self {
            company_name,
            branch_name,
            business_number,
            tags,
            metadata,
        })
    }

    fn into_details(self) -> DetailsChange {
        DetailsChange {
            company_name: self.company_name,
            branch_name: self.branch_name,
            business_number: self.business_number,
            tags: self.tags,
            metadata: self.metadata,
        }
    }
}
