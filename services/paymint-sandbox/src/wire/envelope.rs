//! The envelope around every answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// The text of codes of which nobody says what they mean here.
const UNSAID: &str = "요청을 처리할 수 없습니다.";

/// A refusal: a code of the official error table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `PARTNER_002`: no usable key.
    KeyMissing,
    /// `PARTNER_003`: a key that belongs to nobody.
    KeyUnknown,
    /// `PARTNER_004`: no link for these codes.
    LinkNotFound,
    /// `VALIDATION_001`: this parameter is missing or malformed.
    Parameter(&'static str),
    /// `VALIDATION_002`: this field of a bill or a receipt is missing. Upstream uses one code for this and for the hash.
    Missing(&'static str),
    /// `VALIDATION_002`: the hash is not that of the fields.
    Hash,
    /// `BILL_001`: the id was used before.
    IdUsed,
    /// `BILL_003`: this business has no such bill.
    BillNotFound,
    /// `POINT_001`: the wallet is too empty.
    PointsShort,
    /// `POINT_001`: the contract names no wallet. The text is the one that was seen.
    NoWallet,
    /// `PAYMENT_001`: the card company refused.
    CardDeclined,
    /// `PAYMENT_005`: too dear for a test environment.
    AboveCeiling,
    /// A code that the rules of the sandbox choose, where no source says which it is.
    Ruled(String),
    /// `ERROR`: the sandbox is full.
    Full,
    /// `ERROR`: this business is not told about, on purpose.
    Broken,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, message) = match &self {
            Self::KeyMissing => ("PARTNER_002", "apiKey를 확인할 수 없습니다.".to_owned()),
            Self::KeyUnknown => ("PARTNER_003", "정식 파트너가 아닙니다.".to_owned()),
            Self::LinkNotFound => ("PARTNER_004", "하위사업장 연동 정보를 찾을 수 없습니다.".to_owned()),
            Self::Parameter(name) => ("VALIDATION_001", format!("{name} 값을 확인해 주세요.")),
            Self::Missing(name) => ("VALIDATION_002", format!("{name} 은(는) 필수입니다.")),
            Self::Hash => ("VALIDATION_002", "hash 값을 확인해 주세요.".to_owned()),
            Self::IdUsed => ("BILL_001", "이미 사용한 청구서 ID입니다.".to_owned()),
            Self::BillNotFound => ("BILL_003", "청구서를 찾을 수 없습니다.".to_owned()),
            Self::PointsShort => ("POINT_001", "포인트가 부족합니다.".to_owned()),
            Self::NoWallet => ("POINT_001", "must not be null".to_owned()),
            Self::CardDeclined => ("PAYMENT_001", "VAN 응답이 실패했습니다.".to_owned()),
            Self::AboveCeiling => ("PAYMENT_005", "테스트 환경의 결제 한도를 넘었습니다.".to_owned()),
            Self::Ruled(code) => (code.as_str(), UNSAID.to_owned()),
            Self::Full | Self::Broken => ("ERROR", "처리 중 오류가 발생했습니다.".to_owned()),
        };
        let status = match self {
            Self::Parameter(_) => StatusCode::BAD_REQUEST,
            Self::KeyMissing
            | Self::KeyUnknown
            | Self::LinkNotFound
            | Self::Missing(_)
            | Self::Hash
            | Self::IdUsed
            | Self::BillNotFound
            | Self::PointsShort
            | Self::NoWallet
            | Self::CardDeclined
            | Self::AboveCeiling
            | Self::Ruled(_)
            | Self::Full
            | Self::Broken => StatusCode::OK,
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
    Json(json!({ "code": code, "message": UNSAID, "data": null })).into_response()
}
