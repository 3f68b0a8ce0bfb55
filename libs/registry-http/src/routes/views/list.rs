//! `GET /v1/views`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use registry_domain::tenant::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{ViewDocument, asker};
use crate::caller::Caller;
use crate::operation::{Access, Operation, Route};
use crate::problem::Problem;
use crate::state::AppState;

const SCOPE: Scope = Scope::MerchantsRead;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[],
    };
    operation.document(routes!(list_views))
}

/// List views
///
/// Views of the list of merchants: the shared ones, and those of whom you call on behalf of (`Registry-On-Behalf-Of`). There are 150 at
/// most. Whoever opens one asks `GET /v1/merchants` with its query.
#[utoipa::path(
    get,
    path = "/v1/views",
    tag = "Views",
    responses((status = 200, description = "All that you can see", body = ViewsDocument))
)]
async fn list_views(State(state): State<Arc<AppState>>, caller: Caller) -> Result<Json<ViewsDocument>, Problem> {
    caller.require(SCOPE)?;
    let asker = asker(&caller);
    let mut views = state.archive.reader().views(caller.tenant_id(), asker).await?;
    views.sort_by_cached_key(|view| (view.is_shared, view.name.key()));
    let data = views.iter().map(|view| ViewDocument::new(view, asker)).collect();
    Ok(Json(ViewsDocument { data }))
}

/// Views.
#[derive(Serialize, ToSchema)]
#[schema(as = Views)]
struct ViewsDocument {
    /// Those that are not shared first, by name.
    data: Vec<ViewDocument>,
}
