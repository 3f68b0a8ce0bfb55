//! What everything here hangs on.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::people::SignInMethod;
use registry_domain::tenant::{self, Access};
use registry_domain::{Actor, Channel, CorrelationId, PersonId, SessionId, TenantId, causes};
use registry_journal::port::{self, Person};
use registry_journal::{Ambient, Order, Origin, Outcome, Submission, Writer};

use crate::config::PeopleConfig;
use crate::error::{MemberError, SignInError};
use crate::facts::{Ending, Fact, Facts};
use crate::hasher::Hasher;
use crate::oidc::Provider;
use crate::report::{Counts, Refused, Reporter};
use crate::sessions::{Browser, NewSession, SessionSecret};

/// Most sessions that one person has at once: the oldest ends when another begins.
const SESSIONS_PER_PERSON_MAX: u32 = 20;

/// What [`People`] is made of.
pub struct PeopleParts {
    /// Where people are kept.
    pub store: Arc<dyn port::People>,
    /// Takes what becomes of memberships.
    pub writer: Writer,
    /// Time and ids.
    pub ambient: Ambient,
    /// What an operator has set.
    pub config: PeopleConfig,
}

/// Who may do what, and who is signed in. Cheap to clone.
#[derive(Clone)]
pub struct People {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn port::People>,
    pub(crate) writer: Writer,
    pub(crate) ambient: Ambient,
    pub(crate) config: PeopleConfig,
    pub(crate) hasher: Hasher,
    pub(crate) reporter: Reporter,
    pub(crate) facts: Facts,
    pub(crate) provider: Option<Provider>,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

/// How somebody can come in: which forms a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaysIn {
    /// With an address and a password.
    pub password: bool,
    /// Through the OpenID provider.
    pub oidc: bool,
}

impl People {
    /// Puts it together. Nobody is asked anything yet: a provider that is away keeps nothing from starting.
    pub fn new(parts: PeopleParts) -> Result<Self, SignInError> {
        let PeopleParts {
            store,
            writer,
            ambient,
            config,
        } = parts;
        let provider = match &config.oidc {
            Some(oidc) => Some(Provider::new(oidc, &config.console_url)?),
            None => None,
        };
        let inner = Inner {
            store,
            writer,
            ambient,
            config,
            hasher: Hasher::new(),
            reporter: Reporter::default(),
            facts: Facts::default(),
            provider,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// How somebody can come in.
    pub fn ways_in(&self) -> WaysIn {
        WaysIn {
            password: self.inner.config.local_accounts,
            oidc: self.inner.provider.is_some(),
        }
    }

    /// How often what happened since the process began, and how many there are.
    pub fn counts(&self) -> Counts {
        let facts = self.inner.facts.counts();
        self.inner.reporter.counts(facts)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.ambient.now()
    }

    pub(crate) fn store(&self) -> &dyn port::People {
        self.inner.store.as_ref()
    }

    /// Begins a session for somebody who has proved who they are. What the browser came with ends: an id that was planted
    /// there leads nowhere.
    pub(crate) async fn begin_session(
        &self,
        person: Person,
        method: SignInMethod,
        idp_sid: Option<String>,
        browser: &Browser,
        return_path: String,
    ) -> Result<NewSession, SignInError> {
        if person.disabled_at.is_some() {
            return Err(self.kept_out(person.id, browser, Refused::Disabled, SignInError::Disabled));
        }
        let now = self.now();
        let (config, store) = (&self.inner.config, self.store());
        let secret = SessionSecret::new(self.inner.ambient.ids.secret());
        let absolute_until = now + config.absolute_time;
        let session = port::Session {
            digest: secret.digest(),
            id: SessionId::from_uuid(self.inner.ambient.ids.uuid()),
            person_id: person.id,
            method,
            created_at: now,
            seen_at: now,
            idle_until: (now + config.idle_time).min(absolute_until),
            absolute_until,
            idp_sid,
            user_agent: browser.label(),
        };
        if let Some(old) = browser.replaces.as_deref().and_then(SessionSecret::parse) {
            self.replace(old, browser).await?;
        }
        store.add_session(&session, SESSIONS_PER_PERSON_MAX - 1).await?;
        store.forget_sessions(now).await?;
        store.note_sign_in(person.id, now).await?;
        self.inner.reporter.signed_in(person.id, session.id, method);
        let origin = self.origin_of(person.id, browser);
        self.record(Fact::of_all(person.id, origin, Access::SignedIn)).await;
        Ok(NewSession {
            secret,
            person,
            absolute_until,
            return_path,
        })
    }

    /// The session that a browser came with ends when another begins there.
    async fn replace(&self, old: SessionSecret, browser: &Browser) -> Result<(), SignInError> {
        let found = self.store().session(old.digest()).await?;
        let ended = self.store().end_session(old.digest()).await?;
        if let Some((session, person)) = found.filter(|(session, _)| ended && session.is_alive(self.now())) {
            self.inner.reporter.signed_out(person.id, session.id);
            let by = Ending::by_themselves(self.origin_of(person.id, browser));
            self.record_ended(&by, person.id).await;
        }
        Ok(())
    }

    /// Notes that somebody did not come in of whom nobody knows who it was, and why; the reason is not for them.
    pub(crate) fn refused(&self, reason: Refused, error: SignInError) -> SignInError {
        self.inner.reporter.sign_in_refused(None, reason);
        error
    }

    /// The same of somebody who did not come in as this person: that is told to the person's tenants too.
    pub(crate) fn kept_out(
        &self,
        person: PersonId,
        browser: &Browser,
        reason: Refused,
        error: SignInError,
    ) -> SignInError {
        self.inner.reporter.sign_in_refused(Some(person), reason);
        let origin = self.origin_of(person, browser);
        self.inner.facts.note_refused(person, origin, self.now());
        error
    }

    /// A person, with the browser that they come with.
    pub(crate) fn origin_of(&self, id: PersonId, browser: &Browser) -> Origin {
        let actor = Actor::Person {
            id,
            channel: Channel::Console,
        };
        let request = browser.request;
        let correlation_id = request.unwrap_or_else(|| CorrelationId::from_uuid(self.inner.ambient.ids.uuid()));
        Origin {
            address: browser.address,
            ..Origin::of(actor, correlation_id)
        }
    }

    /// What the registry itself does, on its own account.
    pub(crate) fn own_origin(&self) -> Origin {
        let correlation_id = CorrelationId::from_uuid(self.inner.ambient.ids.uuid());
        Origin::of(Actor::System, correlation_id)
    }

    /// Hands a command in. Whether it changed anything.
    pub(crate) async fn submit(
        &self,
        tenant_id: TenantId,
        origin: Origin,
        command: tenant::Command,
    ) -> Result<bool, MemberError> {
        let leaves = if let tenant::Command::RemoveMember { person_id, .. } = &command {
            Some(*person_id)
        } else {
            None
        };
        let submission = Submission {
            tenant_id,
            origin,
            idempotency: None,
            order: Order::Tenant(command),
        };
        match self.inner.writer.submit(submission).await? {
            Outcome::Written(written) => {
                if let Some(person_id) = leaves {
                    self.forget_what_is_kept(tenant_id, person_id).await;
                }
                Ok(!written.event_ids.is_empty())
            }
            Outcome::TenantRefused(refusal) => Err(refusal.into()),
            // None of these can come of a command of a tenant without an Idempotency-Key.
            Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) => Ok(false),
        }
    }

    /// They have left already, and what they kept is seen by nobody: nothing depends on it.
    async fn forget_what_is_kept(&self, tenant: TenantId, id: PersonId) {
        if let Err(error) = self.store().forget_what_is_kept(tenant, id).await {
            tracing::warn!(%tenant, person = %id, error = %causes(&error), "what somebody kept who has left is still there");
        }
    }
}
