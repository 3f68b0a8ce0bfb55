//! Signing in through the OpenID provider: there and back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use registry_people::OidcAnswer;
use registry_web::RequestContext;

use super::SignInPage;
use crate::answer;
use crate::console::{Console, local};
use crate::door;
use crate::preferences::Preferences;
use crate::query::Query;

/// `GET /console/sign-in/oidc`: to the provider. A link and no form: the policy of our pages lets forms lead nowhere else.
pub async fn begin(State(console): State<Arc<Console>>, look: Preferences, RawQuery(raw): RawQuery) -> Response {
    let query = Query::read(raw.as_deref());
    let next = local(query.get("next").unwrap_or("/console"));
    match console.people().begin_oidc(next).await {
        Ok(redirect) => {
            let mut response = answer::see(&redirect.url);
            door::take_along(&mut response, &redirect.round_trip);
            response
        }
        Err(error) => SignInPage::new(look, console.people().ways_in(), next).refusing(&error),
    }
}

/// `GET /console/sign-in/callback`: back again.
pub async fn finish(
    State(console): State<Arc<Console>>,
    look: Preferences,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = Query::read(raw.as_deref());
    let text = |name: &str| query.get(name).map(str::to_owned);
    let told = OidcAnswer {
        code: text("code"),
        state: text("state"),
        iss: text("iss"),
        error: text("error"),
    };
    let browser = door::browser(&headers, Some(&context));
    let people = console.people();
    match people.finish_oidc(told, door::brought_back(&headers), &browser).await {
        Ok(session) => door::let_in(&session, local(&session.return_path)),
        Err(error) => SignInPage::new(look, people.ways_in(), "/console").refusing(&error),
    }
}
