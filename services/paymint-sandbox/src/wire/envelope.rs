//! The envelope around every answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// A refusal: a code of the official error table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `PARTNER_002`: no usable key.
    KeyMissing,
    /// `PARTNER_003`: a key that belongs to nobody.
    KeyUnknown,
    /// `PARTNER_004`: no link for these codes.
    LinkNotFound,
    /// `VALIDATION_001`: this parameter is missing or malformed.
    Parameter(&'static str),
    /// `ERROR`: the sandbox is full.
    Full,
    /// `ERROR`: this business is not told about, on purpose.
    Broken,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Parameter(_) => StatusCode::BAD_REQUEST,
            Self::KeyMissing | Self::KeyUnknown | Self::LinkNotFound | Self::Full | Self::Broken => StatusCode::OK,
        };
        let (code, message) = match self {
            Self::KeyMissing => ("PARTNER_002", "apiKey를 확인할 수 없습니다.".to_owned()),
            Self::KeyUnknown => ("PARTNER_003", "정식 파트너가 아닙니다.".to_owned()),
            Self::LinkNotFound => ("PARTNER_004", "하위사업장 연동 정보를 찾을 수 없습니다.".to_owned()),
            Self::Parameter(name) => ("VALIDATION_001", format!("{name} 값을 확인해 주세요.")),
            Self::Full | Self::Broken => ("ERROR", "처리 중 오류가 발생했습니다.".to_owned()),
        };
        (status, Json(json!({ "code": code, "message": message, "data": null }))).into_response()
    }
}

/// An answer with code `0000`.
pub(super) fn success(data: &Value) -> Response {
    Json(json!({ "code": "0000", "message": "성공하였습니다.", "data": data })).into_response()
}

/// A refusal with any code at all, as a fault has it.
pub(super) fn any_code(code: &str) -> Response {
    Json(json!({ "code": code, "message": "요청을 처리할 수 없습니다.", "data": null })).into_response()
}
