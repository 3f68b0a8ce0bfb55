//! What is known of a request before anybody looks at what it wants.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use registry_domain::{Actor, CorrelationId};
use registry_journal::Origin;

use crate::caller::Caller;
use crate::language::Language;
use crate::problem::{Code, Problem};

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

    /// Who asks, and in which request.
    pub fn origin(&self, caller: &Caller) -> Origin {
        Origin {
            actor: Actor::ApiKey(caller.key().id),
            correlation_id: self.correlation_id,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Problem;

    /// The envelope around all routes put it there.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::from(Code::Internal))
    }
}
