//! The contracts as documents, and the rendered form of one, with all assets from this process.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use registry_publish::asyncapi;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::state::AppState;

/// The rendered pages style themselves inline; everything else comes from here.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
);

/// `/openapi.json`, its rendered form `/docs`, and `/asyncapi.json`, which describes what is published.
pub fn pages(openapi: OpenApi) -> Router<Arc<AppState>> {
    let config = Config::default()
        // Without the bar for looking at other documents.
        .use_base_layout()
        .display_operation_id(true)
        .default_models_expand_depth(0)
        .persist_authorization(false)
        // Without this the page would ask a public validator about the document.
        .validator_url("none");
    let ui = SwaggerUi::new("/docs").url("/openapi.json", openapi).config(config);
    let asyncapi = Bytes::from(asyncapi().to_string());
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Router::from(ui)
        .route("/asyncapi.json", get(async || (json, asyncapi)))
        .layer(map_response(add_headers))
}

async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
