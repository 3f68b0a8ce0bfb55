//! Who is signed in.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, InvalidHeaderValue};
use axum::http::request::Parts;
use axum::response::Response;
use registry_web::{Language, RequestContext};

use crate::answer;
use crate::console::Console;
use crate::preferences::Preferences;

/// A tenant of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantChoice {
    /// Its short name, which stands in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// Tells who is signed in. Nobody is, until somebody is let in.
#[derive(Debug, Clone, Default)]
pub struct Door {
    resident: Arc<OnceLock<Resident>>,
}

/// Who comes in without being asked.
#[derive(Debug, Clone)]
struct Resident {
    name: String,
    tenant: TenantChoice,
    /// Marked as a secret: it does not show.
    authorization: HeaderValue,
}

impl Door {
    /// From now on everybody who comes is this one, at this tenant and with this API key: on a machine where one tries things
    /// out. The first who is let in stays.
    pub fn admit(&self, name: &str, tenant: TenantChoice, api_key: &str) -> Result<(), InvalidHeaderValue> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {api_key}"))?;
        authorization.set_sensitive(true);
        self.resident.get_or_init(|| Resident {
            name: name.to_owned(),
            tenant,
            authorization,
        });
        Ok(())
    }

    /// The tenant to begin with.
    pub fn first_tenant(&self) -> Option<&str> {
        self.resident.get().map(|resident| resident.tenant.slug.as_str())
    }

    fn look(&self, parts: &Parts, slug: &str) -> Option<SignedIn> {
        let resident = self.resident.get().filter(|resident| resident.tenant.slug == slug)?;
        Some(SignedIn {
            name: resident.name.clone(),
            tenant: resident.tenant.clone(),
            tenants: vec![resident.tenant.clone()],
            language: Preferences::of(&parts.headers).language,
            context: parts.extensions.get().cloned(),
            authorization: Some(resident.authorization.clone()),
        })
    }
}

impl FromRequestParts<Arc<Console>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Response> {
        let path = RawPathParams::from_request_parts(parts, console).await.ok();
        let slug = path
            .as_ref()
            .and_then(|path| path.iter().find(|(name, _)| *name == "tenant"));
        let (_, slug) = slug.unwrap_or_default();
        let found = console.door().look(parts, slug);
        found.ok_or_else(|| match console.door().first_tenant() {
            // Another tenant's is nobody's.
            Some(_) => answer::nowhere(Preferences::of(&parts.headers)),
            None => answer::see("/console/sign-in"),
        })
    }
}

/// A person who is signed in, at a tenant of theirs.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person's name.
    pub name: String,
    /// The tenant that the page is about.
    pub tenant: TenantChoice,
    /// All tenants of the person.
    pub tenants: Vec<TenantChoice>,
    /// In which language the API shall say what is wrong.
    pub language: Language,
    context: Option<RequestContext>,
    authorization: Option<HeaderValue>,
}

impl SignedIn {
    /// Says to the API who asks.
    pub fn vouch<B>(&self, request: &mut Request<B>) {
        if let Some(context) = &self.context {
            let language = self.language;
            let context = RequestContext {
                language,
                ..context.clone()
            };
            request.extensions_mut().insert(context);
        }
        if let Some(value) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
        }
    }
}

#[cfg(any(test, feature = "samples"))]
impl SignedIn {
    /// A person for samples.
    pub fn sample(name: &str, tenant: TenantChoice, other: TenantChoice, language: Language) -> Self {
        Self {
            name: name.to_owned(),
            tenants: vec![tenant.clone(), other],
            tenant,
            language,
            context: None,
            authorization: None,
        }
    }
}
