//! What every request goes through: an id, a span, a count, an answer even if the handler panics, a problem where
//! something did not work, and headers that keep browsers and caches from doing harm.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use registry_domain::CorrelationId;
use registry_journal::line_limit::Admitted;
use registry_web::serve::{RequestPlace, TurnedAway};
use registry_web::{Language, RequestContext, forwarded};
use tokio::time::Instant;
use tracing::Instrument;

use crate::problem::{self, Code, Failure, Fault, Problem};
use crate::request_rates::Told;
use crate::routes::callbacks::door;
use crate::state::AppState;

/// Names the request on every answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Stands in logs and metrics for a path that no route has. The path itself may hold a secret.
const NO_ROUTE: &str = "none";

/// The beginning of every path that may be shown to whoever sent it.
const API_PATHS: &str = "/v1/";

/// After how many seconds a client should come back whose address has too many requests in flight.
const TOO_MANY_SECONDS: u32 = 1;

/// Wraps the handling of a request.
pub async fn envelope(State(state): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = context_of(&state, &request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route
        .as_ref()
        .map_or_else(|| route_of_stray(&context.path), MatchedPath::as_str);
    let place = place_of(&state, &request, &context);
    let told = Told::default();
    request.extensions_mut().insert(context.clone());
    request.extensions_mut().insert(told.clone());

    let span = tracing::info_span!("http.request", %method, route, request_id = %context.correlation_id);
    let handling = async {
        if let Err(problem) = expect_one_host(&request) {
            return problem.into_response();
        }
        match place {
            Ok(place) => with_place(next.run(request).await, place),
            Err(_turned_away) => Problem::from(Code::TooManyRequests)
                .retry_after(TOO_MANY_SECONDS)
                .into_response(),
        }
    };
    let response = answer_always(handling).instrument(span.clone()).await;
    let refused = door::is_callback_path(&context.path)
        .then(|| problem::told(&response))
        .flatten();
    let mut response = problem::finish(response, &context);
    add_headers(response.headers_mut(), &context);
    told.write(response.headers_mut());
    if let Some(code) = refused {
        state.metrics.count_refused_callback(code);
        close_to_strangers(code, response.headers_mut());
    }
    let took = started.elapsed();
    // Of a service within, only its answer says which of its routes it was.
    let inner = response.extensions_mut().remove::<MatchedPath>();
    let route = inner.as_ref().map_or(route, MatchedPath::as_str);
    state.metrics.count_request(&method, route, response.status(), took);
    let failure = response.extensions_mut().remove::<Failure>();
    span.in_scope(|| tell(&state, response.status(), took, failure));
    response
}

/// What stands for a path that no route has.
fn route_of_stray(path: &str) -> &'static str {
    door::token_in(path).map_or(NO_ROUTE, |_| door::PATH)
}

/// The place of a request among those of its address, where a proxy of ours passed it on.
fn place_of(
    state: &AppState,
    request: &Request,
    context: &RequestContext,
) -> Result<Option<Arc<RequestPlace>>, TurnedAway> {
    match (peer_of(request), context.sender) {
        (Some(peer), Some(sender)) => state.gate.pass(peer, sender),
        (None, _) | (_, None) => Ok(None),
    }
}

/// Whose name was asked for must not be anybody's guess (RFC 9112, 3.2): a proxy could have taken the other one. Calls from within the
/// process ask for no name.
fn expect_one_host(request: &Request) -> Result<(), Problem> {
    let names = request.headers().get_all(HOST).into_iter().count();
    match (peer_of(request), request.version(), names) {
        (None, _, _) | (Some(_), _, 1) | (Some(_), Version::HTTP_10, 0) => Ok(()),
        (Some(_), _, 0) => Err(Problem::malformed_header("Host", Fault::Required)),
        (Some(_), _, _) => Err(Problem::malformed_header("Host", Fault::Repeated)),
    }
}

/// The answer keeps the place until its last byte is sent.
fn with_place(mut response: Response, place: Option<Arc<RequestPlace>>) -> Response {
    if let Some(place) = place {
        response.extensions_mut().insert(place);
    }
    response
}

/// Whoever has no URL of ours is not listened to any longer.
fn close_to_strangers(code: Code, headers: &mut HeaderMap) {
    if matches!(
        code,
        Code::CallbackUrlUnknown | Code::RouteNotFound | Code::MethodNotAllowed
    ) {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

fn peer_of(request: &Request) -> Option<IpAddr> {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map(|info| info.0.ip())
}

/// One line for each request. Of those that failed alike only so many a second: an outage must not wait for its own log.
fn tell(state: &AppState, status: StatusCode, took: Duration, failure: Option<Failure>) {
    let took_us = took.as_micros();
    if !status.is_server_error() {
        tracing::debug!(status = status.as_u16(), took_us, "answered");
        return;
    }
    // None is what a handler says in its own words: a process that is not ready.
    let kind = failure.as_ref().map(|failure| failure.code);
    if let Admitted::Line { left_out } = state.failures.admit(kind) {
        let (status, code, error) = (status.as_u16(), kind.map(Code::as_str), failure.and_then(|it| it.cause));
        // Whoever was given the request's id finds it in the log, unless it is one of many.
        if kind == Some(Code::Internal) {
            tracing::error!(status, code, took_us, left_out, error, "answered with a failure");
        } else {
            tracing::warn!(status, code, took_us, left_out, error, "answered with a failure");
        }
    }
}

/// The answer of a handler, or, if it panics, that something went wrong.
async fn answer_always(handling: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(handling)
        .catch_unwind()
        .await
        .unwrap_or_else(|_panic| {
            // The panic hook has told where; what it was about may be anybody's data.
            Problem::from(Code::Internal)
                .because("a handler panicked".to_owned())
                .into_response()
        })
}

/// A call from within the process, by a page that somebody looks at, brings the context of the request for that page: what
/// both cause has one id.
fn context_of(state: &AppState, request: &Request) -> RequestContext {
    let extensions = request.extensions();
    let route = extensions.get::<MatchedPath>();
    let path = request.uri().path().to_owned();
    let is_shown = route.is_some_and(|route| route.as_str().starts_with(API_PATHS));
    match extensions.get::<RequestContext>() {
        Some(outer) => RequestContext {
            path,
            is_shown,
            ..outer.clone()
        },
        None => RequestContext {
            correlation_id: CorrelationId::from_uuid(state.ambient.ids.uuid()),
            language: Language::preferred(request.headers()),
            path,
            is_shown,
            sender: peer_of(request).map(|peer| forwarded::sender(peer, request.headers(), &state.trusted_proxies)),
        },
    }
}

fn add_headers(headers: &mut HeaderMap, context: &RequestContext) {
    let request_id = HeaderValue::try_from(context.correlation_id.to_string()).expect("an id is a header value");
    headers.insert(REQUEST_ID, request_id);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_handler_that_panics_still_answers() {
        let response = answer_always(async { panic!("a defect") }).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let response = answer_always(async { StatusCode::OK.into_response() }).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
}
