//! The way out.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_web::{RequestContext, causes};

use super::SignInPage;
use crate::answer;
use crate::console::Console;
use crate::door;
use crate::form::Form;
use crate::preferences::Preferences;

/// Leads a browser on after a page is shown.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// `POST /console/sign-out`. Whoever came from the OpenID provider is led on to its own way out by the page that follows: the
/// policy of our pages lets forms lead nowhere else.
pub async fn post(
    State(console): State<Arc<Console>>,
    look: Preferences,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
) -> Response {
    let browser = door::browser(&headers, Some(&context));
    let session = match door::session(&console, &headers).await {
        Ok(session) => session,
        Err(response) => return response,
    };
    let elsewhere = match session {
        Some(session) => match console.people().sign_out(&session, &browser).await {
            Ok(elsewhere) => elsewhere,
            Err(error) => {
                tracing::error!(error = %causes(&error), "a session could not be ended");
                return answer::unavailable(look);
            }
        },
        None => None,
    };
    let mut response = match elsewhere {
        Some(url) => leave(&console, look, url),
        None => answer::see("/console/signed-out"),
    };
    door::forget(&mut response);
    response
}

fn leave(console: &Console, look: Preferences, url: String) -> Response {
    let lead_on = HeaderValue::from_str(&format!("0; url={url}"));
    let mut page = signed_out(console, look);
    page.provider_out = Some(url);
    let mut response = answer::page(StatusCode::OK, &page);
    if let Ok(lead_on) = lead_on {
        response.headers_mut().insert(REFRESH, lead_on);
    }
    response
}

fn signed_out(console: &Console, look: Preferences) -> SignInPage {
    let mut page = SignInPage::new(look, console.people().ways_in(), "/console");
    page.note = Some(page.w.sign_in.signed_out);
    page
}

/// `GET /console/signed-out`
pub async fn get(State(console): State<Arc<Console>>, look: Preferences) -> Response {
    answer::page(StatusCode::OK, &signed_out(&console, look))
}

/// `POST /console/sign-out/backchannel`: the OpenID provider says that somebody has signed out there.
pub async fn backchannel(State(console): State<Arc<Console>>, form: Form) -> Response {
    let status = match console.people().oidc_logged_out(form.get("logout_token")).await {
        Ok(_sessions) => StatusCode::OK,
        Err(error) if error.is_ours() => {
            tracing::error!(error = %causes(&error), "a sign-out at the provider could not be followed");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(_nothing_proven) => StatusCode::BAD_REQUEST,
    };
    status.into_response()
}
