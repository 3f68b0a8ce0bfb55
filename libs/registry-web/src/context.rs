//! What is known of a request before anybody looks at what it wants.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use registry_domain::CorrelationId;

use crate::language::Language;
use crate::room::Holder;

/// What is known of a request before anybody looks at what it wants.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Ties together everything that the request causes.
    pub correlation_id: CorrelationId,
    /// In which language problems are told.
    pub language: Language,
    /// The path, as it came.
    pub path: String,
    /// Whether the path may be shown. One that no route of the API has may hold a token, wherever a proxy or a person put it.
    pub is_shown: bool,
    /// Who sent it, as far as our own proxies can be believed.
    pub sender: Option<IpAddr>,
}

impl RequestContext {
    /// The path, to be shown to the client. Never one that holds a token.
    pub fn instance(&self) -> Option<&str> {
        self.is_shown.then_some(&self.path)
    }

    /// In whose share of the room its body is read: what it says of who sends it is not known yet.
    pub fn holder(&self) -> Holder {
        self.sender.map_or(Holder::Unknown, Holder::Address)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    /// A route outside the envelope is a defect.
    type Rejection = StatusCode;

    /// The envelope around all routes put it there.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        let context = parts.extensions.get::<Self>().cloned();
        context.ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
