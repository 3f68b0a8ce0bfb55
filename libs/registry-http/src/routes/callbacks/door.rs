//! `POST /cb/v1/{token}`

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa_axum::routes;

use crate::body;
use crate::context::RequestContext;
use crate::openapi::{Access, Operation, Route};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// What the sender wants to read once a callback is safe (official callback page).
const TAKEN: &str = r#"{"code":"0000","msg":"성공하였습니다."}"#;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Anybody,
        problems: &[
            Code::MalformedRequest,
            Code::CallbackUrlUnknown,
            Code::RequestTimeout,
            Code::BodyTooLarge,
            Code::Overloaded,
            Code::StorageUnavailable,
            Code::Stopping,
        ],
    };
    operation.document(routes!(receive_callback))
}

/// Receive a callback
///
/// For Paymint only. The token in the path is the credential: each registration link has its own, and it says for which
/// merchant a callback is. Every body is taken and answered with code `0000` as soon as it is stored, whatever it says;
/// what cannot be read is kept aside. The content type does not matter.
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
    body: Body,
) -> Result<Response, Problem> {
    let Path(token) = token.map_err(|_| Problem::from(Code::CallbackUrlUnknown))?;
    let body = body::read(body).await?;
    state
        .door
        .receive(&token, body.into(), context.sender, context.correlation_id)
        .await?;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    Ok(([(CONTENT_TYPE, json)], TAKEN).into_response())
}
