//! `POST /v1/merchants`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use registry_documents::MerchantDocument;
use registry_domain::merchant::Registration;
use registry_domain::tenant::Scope;
use registry_domain::{BusinessNumber, Label, MemberCode, MerchantCode, MerchantId, Reference};
use registry_journal::Order;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Details, document};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::fields::{Fields, Null};
use crate::idempotency::{self, IDEMPOTENCY_REPLAYED};
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
            Code::IdempotencyKeyInvalid,
            Code::RequestTimeout,
            Code::ReferenceTaken,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::IdempotencyKeyReused,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(create_merchant))
}

/// Register a merchant
///
/// The pair of member code and merchant code is unique among your merchants. A merchant code that stands under another
/// member already is accepted with a warning, and so is a business number that another merchant has.
#[utoipa::path(
    post,
    path = "/v1/merchants",
    tag = "Merchants",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the registration happen only once", max_length = 255)),
    request_body(content = NewMerchant, description = "What you know of the shop"),
    responses((
        status = 201,
        description = "The merchant",
        body = MerchantDocument,
        headers(
            ("Location" = String, description = "The path of the merchant"),
            ("ETag" = String, description = "The merchant's version and form"),
            ("Idempotency-Replayed" = String, description = "`true` if the registration had been done before with this key"),
        ),
    ))
)]
async fn create_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let merchant = NewMerchant::read(body.fields(Null::Absent)?)?;
    let idempotency = idempotency::read(&headers, &context.path, &body.bytes)?;
    let merchant_id = MerchantId::from_uuid(state.ambient.ids.uuid());
    let order = Order::Register {
        merchant_id,
        registration: Box::new(merchant.into_registration()),
    };
    let done = commands::run(&state, &caller, &context, idempotency, merchant_id, order).await?;

    let mut response = document(StatusCode::CREATED, &done.merchant, caller.sight());
    let location = HeaderValue::try_from(format!("/v1/merchants/{}", done.merchant.id));
    response
        .headers_mut()
        .insert(LOCATION, location.expect("an id is a header value"));
    if done.replayed {
        response
            .headers_mut()
            .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// A shop to be registered.
#[derive(ToSchema)]
struct NewMerchant {
    /// 파트너 사용자 코드: your code for the member. A registration URL can be issued for at most 30 characters.
    #[schema(value_type = String, min_length = 1, max_length = 60, example = "acad-12")]
    member_code: MemberCode,
    /// 파트너 매장 코드: your code for the shop. A registration URL can be issued for at most 30 characters.
    #[schema(value_type = String, min_length = 1, max_length = 60, example = "store-3")]
    merchant_code: MerchantCode,
    /// 사업자등록번호, with or without hyphens. Its check digit is verified.
    #[schema(value_type = Option<String>, example = "117-81-78260")]
    business_number: Option<BusinessNumber>,
    /// 사업장명.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "가나다 학원")]
    company_name: Option<Label>,
    /// 지점명.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, example = "강남점")]
    branch_name: Option<Label>,
    /// Your tags, each of 1 to 200 characters.
    #[schema(value_type = Vec<String>, required = false, max_items = 20, example = json!(["seoul"]))]
    tags: Vec<Label>,
    /// Your own data: at most 50 entries, keys of 1 to 40 characters, values of 1 to 200.
    #[schema(value_type = HashMap<String, String>, required = false, example = json!({"contract": "2026-014"}))]
    metadata: BTreeMap<String, Label>,
}

impl NewMerchant {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let member_code = fields.required("member_code", MemberCode::parse);
        let merchant_code = fields.required("merchant_code", MerchantCode::parse);
        let details = Details::read(&mut fields);
        fields.finish()?;
        let (Some(member_code), Some(merchant_code)) = (member_code, merchant_code) else {
            return Err(Problem::from(Code::Internal));
        };
        Ok(Self {
            member_code,
            merchant_code,
            business_number: details.business_number,
            company_name: details.company_name,
            branch_name: details.branch_name,
            tags: details.tags.unwrap_or_default(),
            metadata: details.metadata.unwrap_or_default(),
        })
    }

    fn into_registration(self) -> Registration {
        Registration {
            reference: Reference {
                member_code: self.member_code,
                merchant_code: self.merchant_code,
            },
            company_name: self.company_name,
            branch_name: self.branch_name,
            business_number: self.business_number,
            tags: self.tags,
            metadata: self.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_fields_are_the_ones_that_are_read() {
        let body = serde_json::json!({
            "member_code": "acad-12", "merchant_code": "store-3", "business_number": "117-81-78260",
            "company_name": "가나다 학원", "branch_name": "강남점", "tags": ["seoul"], "metadata": {"contract": "1"},
        });
        let fields = Fields::read(body.to_string().as_bytes(), Null::Absent).unwrap();
        let registration = NewMerchant::read(fields).unwrap().into_registration();
        assert_eq!(registration.business_number.unwrap().digits(), "1178178260");
        assert_eq!((registration.tags.len(), registration.metadata.len()), (1, 1));

        let schema = serde_json::to_value(<NewMerchant as utoipa::PartialSchema>::schema()).unwrap();
        let documented: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        assert!(documented.iter().all(|name| body.get(name.as_str()).is_some()));
        assert_eq!(documented.len(), body.as_object().unwrap().len());
        assert_eq!(schema["required"], serde_json::json!(["member_code", "merchant_code"]));
    }

    #[test]
    fn metadata_keys_are_checked() {
        let problems = |key: &str| {
            let body = serde_json::json!({"member_code": "a", "merchant_code": "b", "metadata": {key: "x"}});
            NewMerchant::read(Fields::read(body.to_string().as_bytes(), Null::Absent).unwrap()).is_err()
        };
        assert!(!problems("k"));
        assert!(!problems(&"가".repeat(40)));
        assert!(problems(&"가".repeat(41)));
        assert!(problems(""));
        assert!(problems(" k"));
        assert!(problems("k\0"));
    }
}
