//! `PATCH /v1/merchants/{id}`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use registry_documents::MerchantDocument;
use registry_domain::merchant::{Command, DetailsChange, METADATA_MAX, MetadataChange, Registration, TAGS_MAX};
use registry_domain::tenant::Scope;
use registry_domain::{Adjustment, BusinessNumber, Label, Reference};
use registry_journal::Order;
use registry_web::RequestContext;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{check_metadata_key, document, parse_id};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::{commands, conditional};

const SCOPE: Scope = Scope::MerchantsWrite;

const METADATA: &str = "metadata";

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
/// Fields that are left out keep their value; null takes a value away. As `application/json`, `tags` and `metadata` are
/// replaced whole; as `application/merge-patch+json` (RFC 7396), the entries of `metadata` are merged into those that there
/// are, and null takes one away. A change that changes nothing leaves the version as it is. What Paymint reports later may
/// replace names and number again.
#[utoipa::path(
    patch,
    path = "/v1/merchants/{id}",
    tag = "Merchants",
    params(
        ("id" = String, Path, description = "The merchant's id", example = "mer_0197f0a1b2c37d4e8f90a1b2c3d4e5f6"),
        ("If-Match" = String, Header, description = "The ETag that the change is meant for, or `*`", example = "\"7.1\""),
    ),
    request_body(
        content((MerchantChange = "application/json"), (MerchantChange = "application/merge-patch+json")),
        description = "What shall be different",
    ),
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
    let change = MerchantChange::read(body.fields(Null::Refused)?, body.is_merge_patch())?;
    let command = Command::ChangeDetails(Box::new(change.into_details()));
    let order = Order::Merchant {
        merchant_id,
        command,
        expected,
    };
    let done = commands::run(&state, &caller, &context, None, merchant_id, order).await?;
    Ok(document(StatusCode::OK, &done.merchant, caller.sight()))
}

/// A change of what you keep about a merchant. What is left out stays as it is; null takes it away.
#[derive(ToSchema)]
pub(super) struct MerchantChange {
    /// 사업장명.
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 200, example = "가나다 학원")]
    company_name: Adjustment<Label>,
    /// 지점명.
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 200, example = "강남점")]
    branch_name: Adjustment<Label>,
    /// 사업자등록번호, with or without hyphens. Its check digit is verified.
    #[schema(value_type = Option<String>, required = false, example = "117-81-78260")]
    business_number: Adjustment<BusinessNumber>,
    /// Your tags, whole.
    #[schema(value_type = Option<Vec<String>>, required = false, max_items = 20, example = json!(["seoul"]))]
    tags: Option<Vec<Label>>,
    /// Your own data: at most 50 entries, keys of 1 to 40 characters, values of 1 to 200.
    #[schema(value_type = Option<HashMap<String, Option<String>>>, required = false, example = json!({"contract": "2026-014"}))]
    metadata: MetadataChange,
}

impl MerchantChange {
    /// Reads it; whether metadata is merged into what there is, or takes its place.
    pub(super) fn read(mut fields: Fields, merges: bool) -> Result<Self, Problem> {
        let change = Self {
            company_name: fields.adjustment("company_name", |fields, name| fields.optional(name, Label::parse)),
            branch_name: fields.adjustment("branch_name", |fields, name| fields.optional(name, Label::parse)),
            business_number: fields.adjustment("business_number", |fields, name| {
                fields.optional(name, BusinessNumber::parse)
            }),
            tags: whole(fields.adjustment("tags", |fields, name| fields.texts(name, TAGS_MAX, Label::parse))),
            metadata: read_metadata(&mut fields, merges),
        };
        fields.finish()?;
        Ok(change)
    }

    pub(super) fn into_details(self) -> DetailsChange {
        DetailsChange {
            company_name: self.company_name,
            branch_name: self.branch_name,
            business_number: self.business_number,
            tags: self.tags,
            metadata: self.metadata,
        }
    }

    /// The same of a shop of which nothing is known yet.
    pub(super) fn into_registration(self, reference: Reference) -> Registration {
        let metadata = match self.metadata {
            MetadataChange::Keep => BTreeMap::new(),
            MetadataChange::Replace(metadata) => metadata,
            MetadataChange::Merge(entries) => {
                let entries = entries.into_iter();
                entries.filter_map(|(key, value)| Some((key, value?))).collect()
            }
        };
        Registration {
            reference,
            company_name: self.company_name.applied_to(None),
            branch_name: self.branch_name.applied_to(None),
            business_number: self.business_number.applied_to(None),
            tags: self.tags.unwrap_or_default(),
            metadata,
        }
    }
}

/// A list or an object that is taken away has nothing in it.
fn whole<T: Default>(change: Adjustment<T>) -> Option<T> {
    match change {
        Adjustment::Keep => None,
        Adjustment::Unset => Some(T::default()),
        Adjustment::Set(value) => Some(value),
    }
}

fn read_metadata(fields: &mut Fields, merges: bool) -> MetadataChange {
    if !merges {
        let read = |fields: &mut Fields, name| fields.text_map(name, METADATA_MAX, check_metadata_key, Label::parse);
        return whole(fields.adjustment(METADATA, read)).map_or(MetadataChange::Keep, MetadataChange::Replace);
    }
    // Whatever is put in, as much may be taken away at once.
    let read =
        |fields: &mut Fields, name| fields.text_changes(name, 2 * METADATA_MAX, check_metadata_key, Label::parse);
    match fields.adjustment(METADATA, read) {
        Adjustment::Keep => MetadataChange::Keep,
        Adjustment::Unset => MetadataChange::Replace(BTreeMap::new()),
        Adjustment::Set(entries) => MetadataChange::Merge(entries),
    }
}
