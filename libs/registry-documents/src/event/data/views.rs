//! What the events about views tell.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A view of the list of merchants was made, changed, shared, taken back or removed. What it asks for stands in no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OfViewData)]
pub struct OfView {
    /// Its id.
    #[schema(example = "viw_0197f0a1b2c37d4e8f90a1b2c3d4e5f6")]
    pub view_id: String,
    /// Its name if it is shared; null if it is somebody's own.
    #[schema(required = true, example = "서류보완 4일+")]
    pub name: Option<String>,
}
