//! The contracts as documents, and what people read of them, with all assets from this process.

mod catalogue;
mod guide;
mod sheet;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use registry_documents::asyncapi;
use sha2::{Digest, Sha256};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::conditional;
use crate::openapi::openapi;
use crate::state::AppState;

const OPENAPI_PATH: &str = "/openapi.json";

/// The rendered pages style themselves inline; everything else comes from here.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
);

/// `/openapi.json`, its rendered form `/docs`, what problems and scopes mean, and `/asyncapi.json`, which describes what is published.
pub fn pages() -> Router<Arc<AppState>> {
    let config = Config::new([OPENAPI_PATH])
        // Without the bar for looking at other documents.
        .use_base_layout()
        .display_operation_id(true)
        .default_models_expand_depth(0)
        .persist_authorization(false)
        // Without this the page would ask a public validator about the document.
        .validator_url("none");
    let ui = SwaggerUi::new("/docs").config(config);
    let openapi = || openapi().to_json().expect("a contract is JSON");
    Router::from(ui)
        .route(OPENAPI_PATH, document(openapi))
        .route("/asyncapi.json", document(|| asyncapi().to_string()))
        .route("/docs/guide", get(guide::guide))
        .route("/docs/changelog", get(guide::changelog))
        .route("/docs/problems", get(catalogue::problems))
        .route("/docs/problems/{code}", get(catalogue::problem))
        .route("/docs/scopes", get(catalogue::scopes))
        .layer(map_response(add_headers))
}

/// A document that never changes.
struct Document {
    tag: HeaderValue,
    bytes: Bytes,
}

impl Document {
    fn new(json: String) -> Self {
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&json)[..8]));
        Self {
            tag: HeaderValue::try_from(tag).expect("hexadecimal digits in quotation marks are a header value"),
            bytes: json.into(),
        }
    }
}

/// A document is made once, when somebody asks for it; every answer sends the same bytes from where they lie.
fn document<S: Clone + Send + Sync + 'static>(make: impl FnOnce() -> String + Send + 'static) -> MethodRouter<S> {
    let make: Box<dyn FnOnce() -> Document + Send> = Box::new(|| Document::new(make()));
    let document = Arc::new(LazyLock::new(make));
    get(async move |headers: HeaderMap| {
        let Document { tag, bytes } = &**document;
        if conditional::names(&headers, tag) {
            return (StatusCode::NOT_MODIFIED, [(ETAG, tag.clone())]).into_response();
        }
        let json = HeaderValue::from_static("application/json");
        ([(CONTENT_TYPE, json), (ETAG, tag.clone())], bytes.clone()).into_response()
    })
}

async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use axum::http::header::IF_NONE_MATCH;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_document_is_sent_from_one_buffer_and_only_to_whom_it_is_new() {
        let router = Router::<()>::new().route("/", document(|| "{}".repeat(1_000)));
        let ask = async |known: Option<&HeaderValue>| {
            let mut request = axum::http::Request::get("/");
            if let Some(tag) = known {
                request = request.header(IF_NONE_MATCH, tag);
            }
            let request = request.body(axum::body::Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        let (first, second) = (ask(None).await, ask(None).await);
        let tag = first.headers()[ETAG].clone();
        let first = first.into_body().collect().await.unwrap().to_bytes();
        let second = second.into_body().collect().await.unwrap().to_bytes();
        assert_eq!((first.len(), first.as_ptr()), (2_000, second.as_ptr()));
        assert_eq!(ask(Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
        let other = HeaderValue::from_static("\"0\"");
        assert_eq!(ask(Some(&other)).await.status(), StatusCode::OK);
    }
}
