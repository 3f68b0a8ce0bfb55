//! The partner API under `/partner`: the calls of API V2 that concern sub-merchants, as far as they are documented.
//!
//! Every call is a POST with a JSON body that holds the key. Every answer is an envelope `{code, message, data}`;
//! refusals come with HTTP 200, malformed calls with HTTP 400.

mod auth_mapping;
mod call;
mod envelope;
mod mapping_status;
mod read_mapping;
mod remain_count;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{MethodRouter, post};

use crate::faults::CallName;
use crate::upstream::Upstream;
use call::{Call, Handler};

pub(crate) fn router() -> Router<Arc<Upstream>> {
    Router::new()
        .route("/auth/mapping", on(CallName::AuthMapping, auth_mapping::answer))
        .route(
            "/auth/mapping-status",
            on(CallName::MappingStatus, mapping_status::answer),
        )
        .route("/read/mapping", on(CallName::ReadMapping, read_mapping::answer))
        .route(
            "/read/remain_count",
            on(CallName::RemainCount, remain_count::of_partner),
        )
        .route(
            "/read/merchant/remain_count",
            on(CallName::MerchantRemainCount, remain_count::of_merchant),
        )
}

fn on(name: CallName, handler: Handler) -> MethodRouter<Arc<Upstream>> {
    post(move |State(upstream): State<Arc<Upstream>>, body: Bytes| {
        Call {
            name,
            handler,
            upstream,
            body,
        }
        .answer()
    })
}
