//! Sub-merchants.

pub mod archive;
pub mod by_reference;
pub mod callbacks;
pub mod change;
pub mod create;
pub mod eligibility;
pub mod events;
pub mod filter;
pub mod get;
pub mod list;
pub mod put;
pub mod restore;
pub mod reveal;
mod timeline;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_documents::{MerchantDocument, Sight};
use registry_domain::MerchantId;
use registry_domain::codes::CODE_LENGTH_MAX;
use registry_domain::merchant::{METADATA_MAX, Merchant, TAGS_MAX};
use registry_domain::{BusinessNumber, Label};

use crate::conditional::{etag, is_known};
use crate::fields::Fields;
use crate::problem::{Code, Fault, Problem};

/// Longest key of a metadata entry, in characters.
const METADATA_KEY_LENGTH_MAX: usize = 40;

/// The merchant that a path names. What does not read as an id is nobody's.
pub fn parse_id(text: &str) -> Result<MerchantId, Problem> {
    text.parse().map_err(|_| Code::MerchantNotFound.into())
}

/// The merchant's document with its `ETag`, as a reader may see it.
fn document(status: StatusCode, merchant: &Merchant, sight: Sight) -> Response {
    let headers = [
        (ETAG, etag(merchant.version, sight)),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    (status, headers, Json(MerchantDocument::shown(merchant, sight))).into_response()
}

/// The same for a reader, who may have it already.
fn document_unless_known(headers: &HeaderMap, merchant: &Merchant, sight: Sight) -> Response {
    let mut response = document(StatusCode::OK, merchant, sight);
    if is_known(headers, merchant.version, sight) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
        response.headers_mut().remove(axum::http::header::CONTENT_TYPE);
        response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
    }
    response
}

/// What a tenant says about the business behind a shop, and what it keeps for itself. Absent = not said.
pub struct Details {
    /// 사업장명.
    pub company_name: Option<Label>,
    /// 지점명.
    pub branch_name: Option<Label>,
    /// 사업자등록번호.
    pub business_number: Option<BusinessNumber>,
    /// Tags, whole.
    pub tags: Option<Vec<Label>>,
    /// Own data, whole.
    pub metadata: Option<std::collections::BTreeMap<String, Label>>,
}

impl Details {
    /// Reads the fields that every such body may have.
    pub fn read(fields: &mut Fields) -> Self {
        Self {
            company_name: fields.optional("company_name", Label::parse),
            branch_name: fields.optional("branch_name", Label::parse),
            business_number: fields.optional("business_number", BusinessNumber::parse),
            tags: fields.texts("tags", TAGS_MAX, Label::parse),
            metadata: fields.text_map("metadata", METADATA_MAX, check_metadata_key, Label::parse),
        }
    }
}

fn check_metadata_key(key: &str) -> Result<(), Fault> {
    if key.chars().count() > METADATA_KEY_LENGTH_MAX {
        return Err(Fault::TooLong);
    }
    match Label::parse(key) {
        Ok(label) if label.as_str() == key => Ok(()),
        Ok(_trimmed) => Err(Fault::BadCharacter),
        Err(error) => Err(error.into()),
    }
}

const _: () = assert!(
    CODE_LENGTH_MAX == 60,
    "the limit stands in the descriptions of the request bodies"
);
