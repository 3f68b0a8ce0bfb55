//! Who calls: a tenant, through one of its API keys.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use moka::sync::Cache;
use registry_documents::Sight;
use registry_domain::tenant::{ApiKey, Scope, TenantState};
use registry_domain::{Actor, KeyId, TenantId};
use registry_journal::port::PresentedKey;
use registry_journal::{Origin, ReadError, Reader};
use registry_web::RequestContext;

use crate::credentials::Presented;
use crate::errand::Errand;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// How long a good key is believed without asking storage again; a revoked one works for so long at most.
const BELIEF_TIME: Duration = Duration::from_secs(5);

/// How many good keys are remembered.
const BELIEFS_MAX: u64 = 10_000;

/// Remembers good keys for a moment, so that a busy client does not cost a read per request.
pub struct Authenticator {
    beliefs: Cache<(KeyId, [u8; 32]), Arc<PresentedKey>>,
}

impl Authenticator {
    /// An authenticator that remembers nothing yet.
    pub fn new() -> Self {
        Self {
            beliefs: Cache::builder()
                .max_capacity(BELIEFS_MAX)
                .time_to_live(BELIEF_TIME)
                .build(),
        }
    }

    /// Finds the key that was presented and says whether it works now.
    pub async fn authenticate(
        &self,
        reader: &dyn Reader,
        presented: Presented,
        now: DateTime<Utc>,
    ) -> Result<Caller, Problem> {
        let kept = self.find(reader, presented).await?;
        let kept = kept
            .filter(|kept| kept.key.is_usable(now))
            .ok_or(Code::Unauthenticated)?;
        match kept.tenant_state {
            TenantState::Active => Ok(Caller {
                presented,
                kept,
                errand: Errand::default(),
            }),
            TenantState::Suspended => Err(Code::TenantSuspended.into()),
        }
    }

    async fn find(&self, reader: &dyn Reader, presented: Presented) -> Result<Option<Arc<PresentedKey>>, ReadError> {
        let belief = (presented.key_id, presented.secret_hash.0);
        if let Some(kept) = self.beliefs.get(&belief) {
            return Ok(Some(kept));
        }
        let kept = reader.presented_key(presented.key_id).await?;
        let Some(kept) = kept.filter(|kept| presented.proves(kept.key.secret_hash)) else {
            return Ok(None);
        };
        let kept = Arc::new(kept);
        self.beliefs.insert(belief, Arc::clone(&kept));
        Ok(Some(kept))
    }
}

/// A tenant, through one of its API keys. Proof that the key was good when the request came.
#[derive(Debug, Clone)]
pub struct Caller {
    presented: Presented,
    kept: Arc<PresentedKey>,
    errand: Errand,
}

impl Caller {
    /// Whose data the request is about.
    pub fn tenant_id(&self) -> TenantId {
        self.kept.tenant_id
    }

    /// The key.
    pub fn key(&self) -> &ApiKey {
        &self.kept.key
    }

    /// What was presented, to be checked again by a request that lasts.
    pub fn presented(&self) -> Presented {
        self.presented
    }

    /// Who asks, and in which request.
    pub fn origin(&self, context: &RequestContext) -> Origin {
        self.errand.origin(self.actor(), context)
    }

    /// How much it may see of what is about persons.
    pub fn sight(&self) -> Sight {
        if self.key().scopes.contains(&Scope::PersonalRead) {
            Sight::Whole
        } else {
            Sight::Masked
        }
    }

    fn actor(&self) -> Actor {
        Actor::ApiKey(self.key().id)
    }

    /// Refuses a key without the scope, and has that written down.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.kept.key.scopes.contains(&scope) {
            Ok(())
        } else {
            self.errand.note_refusal(self.tenant_id(), self.actor(), scope);
            Err(Problem::insufficient_scope(scope))
        }
    }
}

impl FromRequestParts<Arc<AppState>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let presented = presented_in(&parts.headers).ok_or(Code::Unauthenticated)?;
        let authenticating = state
            .authenticator
            .authenticate(state.keys.as_ref(), presented, state.ambient.now());
        let caller = authenticating.await?;
        Ok(Self {
            errand: Errand::read(parts, &state.refusals)?,
            ..caller
        })
    }
}

/// The API key in `Authorization: Bearer …`. Two such headers are as good as none: which one counts is anybody's guess.
fn presented_in(headers: &HeaderMap) -> Option<Presented> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let text = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, credentials) = text.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Presented::parse(credentials.trim())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use uuid::Uuid;

    use super::*;
    use crate::credentials::mint;

    #[test]
    fn exactly_one_bearer_key_is_read() {
        let key_id = KeyId::from_uuid(Uuid::from_u128(7));
        let (text, _) = mint(key_id, [1; 32]);
        let read = |values: &[String]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            presented_in(&headers).map(|presented| presented.key_id)
        };
        assert_eq!(read(&[format!("Bearer {text}")]), Some(key_id));
        assert_eq!(read(&[format!("bearer  {text}")]), Some(key_id));
        assert_eq!(read(&[]), None);
        assert_eq!(read(std::slice::from_ref(&text)), None);
        assert_eq!(read(&[format!("Basic {text}")]), None);
        assert_eq!(read(&[format!("Bearer {text}"), format!("Bearer {text}")]), None);
    }
}
