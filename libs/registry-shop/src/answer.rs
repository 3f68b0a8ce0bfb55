//! How pages are answered: nothing runs in them, nothing is kept of them, and nobody finds them by searching.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, VARY,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// Our own stylesheet, and nobody's frame. A browser holds where a form leads to against `form-action`, redirects included, and
/// where Paymint's pages are is not known before one was issued.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' https:; base-uri 'none'; \
    frame-ancestors 'none'";

/// The same for an installation that is reached without TLS: on one's own machine.
const PLAIN_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' http: https:; \
    base-uri 'none'; frame-ancestors 'none'";

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// The stylesheet.
const STYLE: &str = include_str!("../assets/shop.css");

/// Its name, which changes with it: a browser may keep it for ever.
pub(crate) fn style_name() -> String {
    format!("style-{:016x}.css", hash(STYLE))
}

/// FNV-1a. It tells one version of the stylesheet from another, and nothing else.
const fn hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (mut hash, mut index) = (0xcbf2_9ce4_8422_2325_u64, 0);
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    hash
}

/// The stylesheet under a name. Another version's gets this one, for now: while an installation is updated, replicas differ.
pub(crate) fn style(name: &str) -> Response {
    let caching = if name == style_name() {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
    ];
    (headers, STYLE).into_response()
}

/// A page.
pub(crate) fn page(status: StatusCode, template: &impl Template, is_plain_http: bool) -> Response {
    let Ok(html) = template.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let policy = if is_plain_http { PLAIN_POLICY } else { POLICY };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (VARY, HeaderValue::from_static("accept-language")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (ROBOTS, HeaderValue::from_static("noindex, nofollow")),
    ];
    (status, headers, html).into_response()
}

/// Says in which language a page is.
pub(crate) fn in_language(mut response: Response, tag: &'static str) -> Response {
    response
        .headers_mut()
        .insert(CONTENT_LANGUAGE, HeaderValue::from_static(tag));
    response
}

/// Leads somewhere else; none if that cannot stand in a header.
pub(crate) fn see(url: &str) -> Option<Response> {
    let location = HeaderValue::try_from(url).ok()?;
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (ROBOTS, HeaderValue::from_static("noindex, nofollow")),
    ];
    Some((StatusCode::SEE_OTHER, headers).into_response())
}
