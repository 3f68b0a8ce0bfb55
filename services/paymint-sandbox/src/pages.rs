//! Pages for people, in Korean: the registration page of a sub-merchant, the pages of a payer and the review desk. They need
//! no script and nothing from elsewhere.

mod bill;
mod card;
mod desk;
mod desk_mapping;
mod register;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};

use crate::clock;
use crate::upstream::Upstream;
use crate::world::ReviewLetter;

const STYLE_SHEET: &str = include_str!("../assets/sandbox.css");

pub(crate) fn router() -> Router<Arc<Upstream>> {
    Router::new()
        .route("/register/{token}", get(register::show).post(register::submit))
        .route("/b/{token}", get(bill::show))
        .route("/b/{token}/pay", post(bill::pay))
        .route("/b/{token}/decline", post(bill::decline))
        .route("/rp/{token}", get(card::show).post(card::register))
        .route("/desk", get(desk::show))
        .route("/desk/{id}", get(desk_mapping::show))
        .route("/desk/{id}/review", post(desk_mapping::review))
        .route("/desk/{id}/deletion", post(desk_mapping::set_deleted))
        .route("/desk/{id}/resend", post(desk_mapping::resend))
        .route(
            "/assets/sandbox.css",
            get(|| async { ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE_SHEET) }),
        )
        .layer(middleware::map_response(harden))
}

/// The address of a registration page is a secret, so it must not leave as a referrer; and no page may be framed.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Renders a page, or says that it could not be rendered.
fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound;

fn not_found() -> Response {
    page(StatusCode::NOT_FOUND, &NotFound)
}

/// A letter as the pages show it.
struct LetterView {
    code: char,
    label: &'static str,
    /// The end of the style class, one for each official letter.
    style: &'static str,
}

impl From<ReviewLetter> for LetterView {
    fn from(letter: ReviewLetter) -> Self {
        let style = match letter {
            ReviewLetter::None => "none",
            ReviewLetter::Drafting => "drafting",
            ReviewLetter::InReview => "review",
            ReviewLetter::DocumentsRequired => "documents",
            ReviewLetter::Rejected => "rejected",
            ReviewLetter::Opened => "opened",
            ReviewLetter::Invented(_) => "invented",
        };
        Self {
            code: letter.code(),
            label: letter.label(),
            style,
        }
    }
}

/// A time as people in Seoul read it.
fn seoul(time: DateTime<Utc>) -> String {
    clock::in_seoul(time).format("%m-%d %H:%M:%S").to_string()
}
