//! `POST /cb/v1/{token}`, and what else may come to a callback URL.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use registry_web::RequestContext;
use registry_web::room::Holder;
use utoipa_axum::routes;

use super::reading::{self, ReadCallback};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// The path as it stands in the contract, in metrics and in logs.
pub const PATH: &str = "/cb/v1/{token}";

/// What the sender wants to read once a callback is safe (official callback page).
const TAKEN: &str = r#"{"code":"0000","msg":"성공하였습니다."}"#;

/// What somebody reads who only looks. It must not be taken for the answer to a callback.
const LOOKED_AT: &str = "This is a callback URL of the registry. Callbacks are sent to it by POST.\n";

/// The operations with their documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Anybody,
        problems: &[
            Code::MalformedRequest,
            Code::CallbackUrlUnknown,
            Code::RequestTimeout,
            Code::ContentEncodingUnsupported,
            Code::Overloaded,
            Code::StorageUnavailable,
            Code::Stopping,
        ],
    };
    operation.document(routes!(receive_callback))
}

/// The same for who only looks.
pub fn look_route() -> Route {
    let operation = Operation {
        access: Access::Anybody,
        problems: &[Code::CallbackUrlUnknown],
    };
    operation.document(routes!(look_at_callback_url))
}

/// Receive a callback
///
/// For Paymint only. The token in the path is the credential: each registration link has its own, and it says for which
/// merchant a callback is. Every body is taken and answered with code `0000` as soon as it is stored, whatever it says;
/// what cannot be read is kept aside. Of a body of more than 1 MiB, the picture of a signature not counted, that is its beginning,
/// with the reason `too_large`. The content type does not matter, nor does a slash too many. Bodies packed with gzip, deflate,
/// br or zstd are unpacked and kept as they are then.
#[utoipa::path(
    post,
    path = "/cb/v1/{token}",
    tag = "Callbacks",
    params(("token" = String, Path, description = "The token of the callback URL that Paymint was given")),
    request_body(
        content = Object,
        description = "A mapping callback as Paymint documents it, any field of which may be absent or null. Others are taken too",
        content_type = "application/json",
        example = json!({
            "memberId": "acad-12",
            "merchantId": "store-3",
            "member": {"id": "paymint-member"},
            "merchant": {
                "companyName": "가나다 학원",
                "branchName": "강남점",
                "businessNumber": "1178178260",
                "reviewStatus": "S",
                "reviewMessage": "사업자등록증 사본을 다시 올려 주세요",
                "isDeleted": "N",
            },
        }),
    ),
    responses((
        status = 200,
        description = "The callback is stored",
        content_type = "application/json",
        body = Object,
        example = json!({"code": "0000", "msg": "성공하였습니다."}),
    ))
)]
async fn receive_callback(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    token: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let Path(token) = token.map_err(|_| Problem::from(Code::CallbackUrlUnknown))?;
    receive(&state, &context, &token, &headers, body).await
}

/// Look at a callback URL
///
/// Says whether a URL is one of ours, for whoever tries it out in a browser or watches it from outside. Nothing is stored.
/// HEAD does the same.
#[utoipa::path(
    get,
    path = "/cb/v1/{token}",
    tag = "Callbacks",
    params(("token" = String, Path, description = "The token of the callback URL that Paymint was given")),
    responses((status = 200, description = "It is one of ours", content_type = "text/plain", body = String))
)]
async fn look_at_callback_url(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    token: Result<Path<String>, PathRejection>,
) -> Result<&'static str, Problem> {
    let Path(token) = token.map_err(|_| Problem::from(Code::CallbackUrlUnknown))?;
    look(&state, &context, &token)
}

/// What no route has: a callback URL with slashes too many is one all the same, anything else is nothing.
pub async fn stray(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    request: Request,
) -> Result<Response, Problem> {
    let Some(token) = token_in(&context.path) else {
        return Err(Code::RouteNotFound.into());
    };
    match *request.method() {
        Method::POST => {
            let (head, body) = request.into_parts();
            receive(&state, &context, token, &head.headers, body).await
        }
        Method::GET | Method::HEAD => Ok(look(&state, &context, token)?.into_response()),
        _ => {
            let allowed = [(ALLOW, HeaderValue::from_static("GET,HEAD,POST"))];
            Ok((allowed, Problem::from(Code::MethodNotAllowed)).into_response())
        }
    }
}

/// Whether a path is in the part of the URLs that is the world's.
pub fn is_callback_path(path: &str) -> bool {
    segments(path).next() == Some("cb")
}

/// The token in a path that is a callback URL but for slashes too many.
pub fn token_in(path: &str) -> Option<&str> {
    let mut segments = segments(path);
    match std::array::from_fn(|_| segments.next()) {
        [Some("cb"), Some("v1"), Some(token), None] => Some(token),
        _ => None,
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Nothing of the body is read before the token is known to be ours, and no more than there is room for.
async fn receive(
    state: &AppState,
    context: &RequestContext,
    token: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let admitted = state.door.admit(token, context.sender)?;
    let mut place = state.bodies.enter(Holder::Tenant(admitted.token().tenant_id()));
    let ReadCallback { bytes, is_cut } = reading::read(headers, body, &mut place).await?;
    state
        .door
        .receive(admitted, bytes, is_cut, context.correlation_id)
        .await?;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    Ok(([(CONTENT_TYPE, json)], TAKEN).into_response())
}

fn look(state: &AppState, context: &RequestContext, token: &str) -> Result<&'static str, Problem> {
    state.door.admit(token, context.sender)?;
    Ok(LOOKED_AT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_too_many_does_not_matter_and_a_segment_does() {
        for path in [
            "/cb/v1/t",
            "/cb/v1/t/",
            "//cb/v1/t",
            "/cb//v1/t",
            "/cb/v1//t",
            "///cb//v1//t///",
        ] {
            assert_eq!(token_in(path), Some("t"), "{path}");
        }
        for path in [
            "/cb/v1",
            "/cb/v1/",
            "/cb",
            "/cb/v2/t",
            "/cb/v1/t/x",
            "/x/cb/v1/t",
            "/CB/v1/t",
            "/",
            "",
        ] {
            assert_eq!(token_in(path), None, "{path}");
        }
        assert!(is_callback_path("//cb/anything") && !is_callback_path("/cbx") && !is_callback_path("/v1/cb/"));
    }
}
