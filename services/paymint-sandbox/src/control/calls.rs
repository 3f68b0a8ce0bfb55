//! `GET /_sandbox/calls`: how often each call of the partner API was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::faults::CallName;
use crate::upstream::Upstream;

pub(super) async fn show(State(upstream): State<Arc<Upstream>>) -> Json<BTreeMap<CallName, u64>> {
    Json(upstream.calls())
}
