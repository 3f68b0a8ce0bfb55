//! Who calls: a tenant, through one of its API keys or one of its people.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use registry_documents::Sight;
use registry_domain::tenant::{ApiKey, Scope, TenantState};
use registry_domain::{Actor, KeyId, OnBehalfOf, TenantId, causes};
use registry_journal::Origin;
use registry_journal::port::PresentedKey;
use registry_people::{ActingPerson, Principal};
use registry_web::RequestContext;

use crate::credentials::Presented;
use crate::errand::Errand;
use crate::key_failures::KeyFailure;
use crate::problem::{Code, Problem};
use crate::request_rates::{Asker, Told};
use crate::state::AppState;

/// Notes that a key was used. Nobody waits for it, and nobody is told if it does not work.
fn note_use(state: &AppState, tenant: TenantId, key: KeyId) {
    if !state.authenticator.is_to_be_noted(key) {
        return;
    }
    let (archive, now) = (state.archive.clone(), state.ambient.now());
    tokio::spawn(async move {
        if let Err(error) = archive.reader().save_key_use(tenant, key, now).await {
            tracing::warn!(%key, error = %causes(&error), "the use of an API key was not noted");
        }
    });
}

/// A tenant, through one of its API keys or one of its people. Proof that the key was good when the request came, or that code
/// of this process has said who it is.
#[derive(Debug, Clone)]
pub struct Caller {
    who: Who,
    errand: Errand,
}

#[derive(Debug, Clone)]
enum Who {
    Key {
        presented: Presented,
        kept: Arc<PresentedKey>,
        sender: Option<IpAddr>,
    },
    Person(Arc<ActingPerson>),
}

impl Caller {
    /// Whose data the request is about.
    pub fn tenant_id(&self) -> TenantId {
        match &self.who {
            Who::Key { kept, .. } => kept.tenant_id,
            Who::Person(person) => person.tenant_id,
        }
    }

    /// The key; none if a person asks.
    pub fn key(&self) -> Option<&ApiKey> {
        match &self.who {
            Who::Key { kept, .. } => Some(&kept.key),
            Who::Person(_) => None,
        }
    }

    /// The person; none if a program asks.
    pub fn person(&self) -> Option<&ActingPerson> {
        match &self.who {
            Who::Key { .. } => None,
            Who::Person(person) => Some(person),
        }
    }

    /// On whose behalf it says that it calls.
    pub fn on_behalf_of(&self) -> Option<&OnBehalfOf> {
        self.errand.on_behalf_of()
    }

    /// What it may do.
    pub fn scopes(&self) -> &[Scope] {
        match &self.who {
            Who::Key { kept, .. } => &kept.key.scopes,
            Who::Person(person) => &person.scopes,
        }
    }

    /// Whether it is somebody who administers the installation.
    pub fn is_administrator(&self) -> bool {
        self.person().is_some_and(|person| person.is_administrator)
    }

    /// Who it is, for the log.
    pub fn actor(&self) -> Actor {
        match &self.who {
            Who::Key { kept, .. } => Actor::ApiKey(kept.key.id),
            Who::Person(person) => Actor::Person {
                id: person.person_id,
                channel: person.channel,
            },
        }
    }

    /// Who asks, and in which request.
    pub fn origin(&self, context: &RequestContext) -> Origin {
        self.errand.origin(self.actor(), context)
    }

    /// How much it may see of what is about persons.
    pub fn sight(&self) -> Sight {
        if self.may(Scope::PersonalRead) {
            Sight::Whole
        } else {
            Sight::Masked
        }
    }

    /// Whether it has the scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes().contains(&scope)
    }

    /// Refuses whoever lacks the scope, and has that written down.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.may(scope) {
            Ok(())
        } else {
            self.errand.note_refusal(self.tenant_id(), self.actor(), scope);
            Err(Problem::insufficient_scope(scope))
        }
    }

    /// Refuses whoever lacks the scope, but for the person of this id.
    pub fn require_or_own(&self, scope: Scope, person_id: &str) -> Result<(), Problem> {
        let is_own = self
            .person()
            .is_some_and(|person| person.person_id.to_string() == person_id);
        if is_own { Ok(()) } else { self.require(scope) }
    }

    /// Looks again whether it may still ask, for a request that lasts.
    pub async fn is_still_good(&self, state: &AppState) -> bool {
        match &self.who {
            Who::Key { presented, sender, .. } => {
                let (keys, now) = (state.keys.as_ref(), state.ambient.now());
                let checked = state.authenticator.authenticate(keys, *presented, *sender, now);
                checked.await.is_ok()
            }
            Who::Person(person) => {
                let tenant = state.keys.tenant(person.tenant_id).await.ok().flatten();
                let member = tenant.as_ref().and_then(|tenant| tenant.member(person.person_id));
                member.is_some_and(|member| member.rights.scopes() == person.scopes)
            }
        }
    }
}

impl FromRequestParts<Arc<AppState>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let errand = Errand::read(parts, &state.refusals)?;
        if let Some(Principal::Person(person)) = parts.extensions.get::<Principal>() {
            let who = Who::Person(Arc::new(person.clone()));
            return match person.tenant_state {
                TenantState::Active => {
                    count(state, parts, person.tenant_id, Asker::Person(person.person_id))?;
                    Ok(Self { who, errand })
                }
                TenantState::Suspended => Err(Code::TenantSuspended.into()),
            };
        }
        let context = parts.extensions.get::<RequestContext>();
        let sender = context.and_then(|context| context.sender);
        let authenticator = &state.authenticator;
        let presented = presented_in(&parts.headers);
        let presented = presented.ok_or_else(|| authenticator.refuse(KeyFailure::Absent, sender))?;
        let (keys, now) = (state.keys.as_ref(), state.ambient.now());
        let kept = authenticator.authenticate(keys, presented, sender, now).await?;
        count(state, parts, kept.tenant_id, Asker::Key(presented.key_id))?;
        note_use(state, kept.tenant_id, presented.key_id);
        let who = Who::Key {
            presented,
            kept,
            sender,
        };
        Ok(Self { who, errand })
    }
}

/// Counts the request among those of whoever makes it, unless there were too many.
fn count(state: &AppState, parts: &Parts, tenant: TenantId, asker: Asker) -> Result<(), Problem> {
    let told = parts.extensions.get::<Told>().cloned().unwrap_or_default();
    state.request_rates.count(tenant, asker, &told)
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
