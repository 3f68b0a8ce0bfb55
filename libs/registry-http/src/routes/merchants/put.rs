//! `PUT /v1/merchants/by-reference/{member_code}/{merchant_code}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{IF_MATCH, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use registry_documents::MerchantDocument;
use registry_domain::merchant::{Command, Merchant};
use registry_domain::tenant::Scope;
use registry_domain::{MemberCode, MerchantCode, MerchantId, Reference, Version};
use registry_journal::Order;
use registry_web::RequestContext;
use utoipa_axum::routes;

use super::by_reference::find;
use super::change::MerchantChange;
use super::document;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands::{self, Done};
use crate::conditional;
use crate::fields::Null;
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, FieldFault, Place, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::IfMatchInvalid,
            Code::RequestTimeout,
            Code::VersionMismatch,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(put_merchant))
}

/// Register a merchant, or change it
///
/// Afterwards there is a merchant with these codes, and what you keep about it is as the body says: what is left out stays
/// as it is, and null takes it away; `tags` and `metadata` are replaced whole. However often it is sent, the merchant is
/// registered once, and a request that changes nothing leaves the version as it is: it may be repeated without an
/// `Idempotency-Key`.
///
/// `If-None-Match: *` registers only, `If-Match` changes only; otherwise the answer is `version_mismatch`.
#[utoipa::path(
    put,
    path = "/v1/merchants/by-reference/{member_code}/{merchant_code}",
    tag = "Merchants",
    params(
        ("member_code" = String, Path, description = "Your code for the member, percent-encoded", example = "acad-12"),
        ("merchant_code" = String, Path, description = "Your code for the shop, percent-encoded", example = "store-3"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the change is meant for, or `*` for any"),
        ("If-None-Match" = Option<String>, Header, description = "`*`, if the merchant is to be registered and not changed"),
    ),
    request_body(content = MerchantChange, description = "What you know of the shop"),
    responses(
        (
            status = 200,
            description = "The merchant that there was, after the change",
            body = MerchantDocument,
            headers(("ETag" = String, description = "The merchant's version and form")),
        ),
        (
            status = 201,
            description = "The merchant, which is new",
            body = MerchantDocument,
            headers(
                ("Location" = String, description = "The path of the merchant"),
                ("ETag" = String, description = "The merchant's version and form"),
            ),
        ),
    )
)]
async fn put_merchant(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    Path((member_code, merchant_code)): Path<(String, String)>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    caller.require(SCOPE)?;
    let wanted = Precondition::read(&headers)?;
    if body.is_merge_patch() {
        return Err(Code::UnsupportedMediaType.into());
    }
    let read = || MerchantChange::read(body.fields(Null::Refused)?, false);
    let change = read()?;
    let errand = Errand {
        state: &state,
        caller: &caller,
        context: &context,
    };
    if let Some(merchant) = find(&state, &caller, &member_code, &merchant_code).await? {
        return errand.change(&merchant, wanted, change).await;
    }
    if let Precondition::Exists(_) = wanted {
        return Err(Code::VersionMismatch.into());
    }
    let reference = parse(&member_code, &merchant_code)?;
    match errand.register(change, reference).await {
        // Somebody was quicker.
        Err(problem) if problem.code() == Code::ReferenceTaken => {
            let merchant = find(&state, &caller, &member_code, &merchant_code).await?;
            errand.change(&merchant.ok_or(problem)?, wanted, read()?).await
        }
        answer => answer,
    }
}

/// Which merchant the request is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Precondition {
    /// One that there is or one to be.
    None,
    /// One that there is, in this version if one is named.
    Exists(Option<Version>),
    /// One to be.
    New,
}

impl Precondition {
    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let is_star = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.trim() == "*");
        match headers.get(IF_NONE_MATCH) {
            Some(_) if headers.contains_key(IF_MATCH) => Err(Code::IfMatchInvalid.into()),
            Some(value) if is_star(value) => Ok(Self::New),
            Some(_) => Err(Problem::malformed_header("If-None-Match", Fault::WrongType)),
            None if headers.contains_key(IF_MATCH) => conditional::expected(headers).map(Self::Exists),
            None => Ok(Self::None),
        }
    }
}

/// Who does it for whom.
struct Errand<'a> {
    state: &'a AppState,
    caller: &'a Caller,
    context: &'a RequestContext,
}

impl Errand<'_> {
    async fn register(&self, change: MerchantChange, reference: Reference) -> Result<Response, Problem> {
        let merchant_id = MerchantId::from_uuid(self.state.ambient.ids.uuid());
        let order = Order::Register {
            merchant_id,
            registration: Box::new(change.into_registration(reference)),
        };
        let done = self.run(merchant_id, order).await?;
        let mut response = document(StatusCode::CREATED, &done.merchant, self.caller.sight());
        let location = HeaderValue::try_from(format!("/v1/merchants/{}", done.merchant.id));
        response
            .headers_mut()
            .insert(LOCATION, location.expect("an id is a header value"));
        Ok(response)
    }

    async fn change(
        &self,
        merchant: &Merchant,
        wanted: Precondition,
        change: MerchantChange,
    ) -> Result<Response, Problem> {
        let expected = match wanted {
            Precondition::None => None,
            Precondition::Exists(version) => version,
            Precondition::New => return Err(Problem::version_mismatch(merchant.version)),
        };
        let order = Order::Merchant {
            merchant_id: merchant.id,
            command: Command::ChangeDetails(Box::new(change.into_details())),
            expected,
        };
        let done = self.run(merchant.id, order).await?;
        Ok(document(StatusCode::OK, &done.merchant, self.caller.sight()))
    }

    async fn run(&self, merchant_id: MerchantId, order: Order) -> Result<Done, Problem> {
        commands::run(self.state, self.caller, self.context, None, merchant_id, order).await
    }
}

/// Codes under which a merchant may be registered.
fn parse(member_code: &str, merchant_code: &str) -> Result<Reference, Problem> {
    let fault = |name, fault: Fault| FieldFault {
        place: Place::Path(name),
        fault,
    };
    match (MemberCode::parse(member_code), MerchantCode::parse(merchant_code)) {
        (Ok(member_code), Ok(merchant_code)) => Ok(Reference {
            member_code,
            merchant_code,
        }),
        (member, merchant) => {
            let member = member.err().map(|error| fault("member_code", error.into()));
            let merchant = merchant.err().map(|error| fault("merchant_code", error.into()));
            Err(Problem::validation(member.into_iter().chain(merchant).collect()))
        }
    }
}
