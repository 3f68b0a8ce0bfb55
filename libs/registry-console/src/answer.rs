//! How pages are answered: with headers that let nothing run that is not ours, and nothing be kept that is not theirs.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_tables::{Cell, csv};
use registry_web::body::BodyError;

use crate::api::Trouble;
use crate::frame::Frame;
use crate::pages::trouble::{PlainPage, TroublePage};
use crate::preferences::Preferences;

/// Nothing but our own files, and nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");
const HX_REQUEST_TYPE: HeaderName = HeaderName::from_static("hx-request-type");

/// Whether a part of the page is asked for, and not the whole.
pub fn is_fragment(headers: &HeaderMap) -> bool {
    headers.get(HX_REQUEST_TYPE).is_some_and(|value| value == "partial")
}

/// A whole page.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    rendered(status, template)
}

/// A part of one.
pub fn fragment(status: StatusCode, template: &impl Template) -> Response {
    rendered(status, template)
}

/// The page that says what did not work.
pub fn trouble(frame: Frame, trouble: &Trouble) -> Response {
    if let Trouble::Unreadable(error) = trouble {
        tracing::error!(%error, "an answer of the API could not be shown");
    }
    let frame = frame.troubled(trouble);
    page(frame.status(), &TroublePage { frame })
}

/// What follows a change: the page that shows it.
pub fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // What cannot stand in a header was never a path of ours.
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/console"));
    response.headers_mut().insert(LOCATION, location);
    protect(response.headers_mut());
    response
}

/// What leads the whole page elsewhere when only a part of it was asked for.
pub fn lead_away(path: &str) -> Response {
    let mut response = StatusCode::OK.into_response();
    let target = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/console"));
    response.headers_mut().insert(HX_REDIRECT, target);
    protect(response.headers_mut());
    response
}

fn rendered(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => html(status, text),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that is written already.
pub fn html(status: StatusCode, text: String) -> Response {
    let mut response = (status, text).into_response();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    protect(response.headers_mut());
    response
}

fn protect(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.append(VARY, HeaderValue::from_static("HX-Request-Type"));
}

/// A file of the API's, handed on as it comes.
pub fn file(from: Response) -> Response {
    let (parts, body) = from.into_parts();
    let mut response = Response::new(body);
    let kept = [CONTENT_TYPE, CONTENT_DISPOSITION];
    let headers = kept
        .into_iter()
        .filter_map(|name| Some((name.clone(), parts.headers.get(&name)?.clone())));
    response.headers_mut().extend(headers);
    protect(response.headers_mut());
    response
}

/// A small table as a file.
pub fn table(name: &str, rows: &[Vec<Cell>]) -> Response {
    let bytes = match csv::table(rows) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(%error, "a table could not be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = bytes.into_response();
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}.csv\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(CONTENT_DISPOSITION, disposition);
    protect(headers);
    response
}

/// The page for a path that is none of ours.
pub fn nowhere(look: Preferences) -> Response {
    let words = &look.words().trouble;
    bare(look, StatusCode::NOT_FOUND, words.not_found, words.not_found_hint)
}

/// A form of another site sent somebody here.
pub fn from_elsewhere(look: Preferences) -> Response {
    let words = &look.words().trouble;
    bare(
        look,
        StatusCode::FORBIDDEN,
        words.from_elsewhere,
        words.from_elsewhere_hint,
    )
}

/// Nobody can be looked up now.
pub fn unavailable(look: Preferences) -> Response {
    let words = &look.words().trouble;
    bare(
        look,
        StatusCode::SERVICE_UNAVAILABLE,
        words.internal,
        words.internal_hint,
    )
}

/// What a form could not be read for.
pub fn unread(error: BodyError) -> Response {
    let look = Preferences::default();
    let words = &look.words().trouble;
    let status = match error {
        BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        BodyError::BrokenOff => StatusCode::BAD_REQUEST,
        BodyError::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
    };
    bare(look, status, words.form, words.form_hint)
}

/// What did not work before anybody knew who asks.
pub fn plain(trouble: &Trouble) -> Response {
    let look = Preferences::default();
    let problem = look.words().problem(trouble);
    let words = &look.words().trouble;
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    bare(look, status, words.form, words.form_hint)
}

fn bare(look: Preferences, status: StatusCode, title: &'static str, hint: &'static str) -> Response {
    let plain = PlainPage {
        title,
        hint,
        home: look.words().trouble.home,
        tag: look.language.tag(),
        theme: look.theme.word(),
    };
    page(status, &plain)
}
