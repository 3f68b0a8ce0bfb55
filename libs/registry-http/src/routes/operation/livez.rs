//! `GET /livez`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::operation::{Access, Operation, Route};

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Anybody,
        problems: &[],
    };
    operation.document(routes!(get_liveness))
}

/// Whether the process answers
///
/// Says nothing about what it stands on; for that see `/readyz`.
#[utoipa::path(
    get,
    path = "/livez",
    tag = "Operation",
    responses((status = 200, description = "It does", body = Liveness))
)]
async fn get_liveness() -> Json<Liveness> {
    Json(Liveness { status: "alive" })
}

/// Whether the process answers.
#[derive(Serialize, ToSchema)]
struct Liveness {
    /// Always `alive`.
    #[schema(example = "alive")]
    status: &'static str,
}
