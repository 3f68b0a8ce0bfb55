//! Being signed in: 32 random bytes that a browser holds, and a row that is found by their hash.

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::people::Rights;
use registry_domain::tenant::{Scope, Slug, Tenant, TenantState};
use registry_domain::{CorrelationId, FreeText, Label, PersonId, SessionId, TenantId};
use registry_journal::ReadError;
use registry_journal::port::{Person, SecretDigest, Session};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::facts::Ending;
use crate::people::People;

/// A session that is used is noted once in so long: a write for each request would be one too many.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Most characters that are kept of what a browser says of itself.
const LABEL_LENGTH_MAX: usize = 200;

/// What a browser holds. Whoever has it is signed in.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SessionSecret([u8; 32]);

impl SessionSecret {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads what a browser shows. `None` for what [`Self::expose`] never wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// 43 characters for a cookie, and for nothing else.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is kept of it.
    pub(crate) fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(hidden)")
    }
}

/// The browser with which somebody comes.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// Its address, as far as our own proxies can be believed.
    pub address: Option<IpAddr>,
    /// The request that it comes with; none for one that nobody numbered.
    pub request: Option<CorrelationId>,
    /// What it says of itself.
    pub user_agent: Option<String>,
    /// The cookie of a session that it came with: that one ends.
    pub replaces: Option<String>,
}

impl Browser {
    /// What is shown of it in a list of sessions.
    pub(crate) fn label(&self) -> Option<String> {
        let clean = FreeText::from_untrusted(self.user_agent.as_deref()?);
        let label: String = clean.as_str().chars().take(LABEL_LENGTH_MAX).collect();
        let label = label.trim();
        (!label.is_empty()).then(|| label.to_owned())
    }
}

/// Somebody has just come in.
#[derive(Debug)]
pub struct NewSession {
    /// For the browser.
    pub secret: SessionSecret,
    /// Who.
    pub person: Person,
    /// When the session ends at the latest.
    pub absolute_until: DateTime<Utc>,
    /// Where they wanted to go: a path of this site.
    pub return_path: String,
}

/// A tenant that somebody belongs to.
#[derive(Debug, Clone)]
pub struct Membership {
    /// Which.
    pub tenant_id: TenantId,
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: Label,
    /// Whether it may work.
    pub state: TenantState,
    /// What they may do for it.
    pub rights: Rights,
    /// Every scope that comes of that.
    pub scopes: Vec<Scope>,
}

impl Membership {
    fn of(tenant: Tenant, person: PersonId) -> Option<Self> {
        let rights = tenant.member(person)?.rights.clone();
        Some(Self {
            tenant_id: tenant.id,
            scopes: rights.scopes(),
            rights,
            slug: tenant.slug,
            name: tenant.name,
            state: tenant.state,
        })
    }
}

/// Somebody who is signed in, and what they may do at this moment.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// With which session.
    pub session: Session,
    /// The tenants that they belong to, by slug. Read anew each time: what was taken away is gone at the next request.
    pub memberships: Vec<Membership>,
}

impl SignedIn {
    /// What they may do for a tenant.
    pub fn membership(&self, slug: &str) -> Option<&Membership> {
        self.memberships
            .iter()
            .find(|membership| membership.slug.as_str() == slug)
    }
}

impl People {
    /// Who shows this cookie; none if it opens nothing, any more or at all. Asked with every request, and each counts as use.
    pub async fn authenticate(&self, cookie: &str) -> Result<Option<SignedIn>, ReadError> {
        let Some(mut signed_in) = self.recognise(cookie).await? else {
            return Ok(None);
        };
        let (now, session) = (self.now(), &mut signed_in.session);
        if now - session.seen_at >= NOTED_EVERY {
            session.seen_at = now;
            session.idle_until = (now + self.inner.config.idle_time).min(session.absolute_until);
            let (digest, idle_until) = (session.digest, session.idle_until);
            self.store().touch_session(digest, now, idle_until).await?;
        }
        Ok(Some(signed_in))
    }

    /// The same for what stays open by itself: that nobody looks at it any more must not keep a session alive.
    pub async fn recognise(&self, cookie: &str) -> Result<Option<SignedIn>, ReadError> {
        let Some(secret) = SessionSecret::parse(cookie) else {
            return Ok(None);
        };
        let Some((session, person)) = self.store().session(secret.digest()).await? else {
            return Ok(None);
        };
        if !session.is_alive(self.now()) || person.disabled_at.is_some() {
            return Ok(None);
        }
        let tenants = self.store().tenants_of(person.id).await?;
        let memberships = tenants
            .into_iter()
            .filter_map(|tenant| Membership::of(tenant, person.id));
        Ok(Some(SignedIn {
            memberships: memberships.collect(),
            person,
            session,
        }))
    }

    /// Ends the session. Returns where the browser goes to sign out at the OpenID provider too, if that is where it came from
    /// and there is such a place.
    pub async fn sign_out(&self, signed_in: &SignedIn, browser: &Browser) -> Result<Option<String>, ReadError> {
        let (session, person) = (&signed_in.session, signed_in.person.id);
        if self.store().end_session(session.digest).await? {
            self.inner.reporter.signed_out(person, session.id);
            let by = Ending::by_themselves(self.origin_of(person, browser));
            self.record_ended(&by, person).await;
        }
        Ok(self.sign_out_url(session).await)
    }

    /// A person's sessions, newest first.
    pub async fn sessions(&self, person: PersonId) -> Result<Vec<Session>, ReadError> {
        self.store().sessions_of(person, self.now()).await
    }

    /// Ends one of a person's sessions. False if they have none of this name.
    pub async fn end_session(&self, by: &Ending, person: PersonId, session: SessionId) -> Result<bool, ReadError> {
        let ended = self.store().end_session_of(person, session).await?;
        self.tell_ended(by, person, ended.into()).await;
        Ok(ended)
    }

    /// Ends all of a person's sessions, in whatever browser; returns how many there were.
    pub async fn end_sessions(&self, by: &Ending, person: PersonId) -> Result<u64, ReadError> {
        let ended = self.store().end_sessions(person).await?;
        self.tell_ended(by, person, ended).await;
        Ok(ended)
    }

    /// Tells that somebody's sessions have ended, if any did.
    pub(crate) async fn tell_ended(&self, by: &Ending, person: PersonId, ended: u64) {
        if ended > 0 {
            self.inner.reporter.sessions_ended(person, ended);
            self.record_ended(by, person).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_nothing_else_does() {
        let secret = SessionSecret::new([0xfb; 32]);
        let text = secret.expose();
        assert_eq!(text.len(), 43);
        assert_eq!(SessionSecret::parse(&text), Some(secret.clone()));
        assert!(!format!("{secret:?}").contains(&text));
        let kept = URL_SAFE_NO_PAD.encode(secret.digest().0);
        assert_ne!(kept, text);
        let opened = SessionSecret::parse(&kept).unwrap().digest();
        assert_ne!(opened, secret.digest(), "what is kept opens nothing");
        for bad in [
            "",
            "x",
            &text[1..],
            &format!("{text}="),
            &format!("{text}A"),
            &"가".repeat(43),
        ] {
            assert_eq!(SessionSecret::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_a_browser_says_is_cut_and_cleaned() {
        let label = |text: &str| {
            Browser {
                user_agent: Some(text.to_owned()),
                ..Browser::default()
            }
            .label()
        };
        assert_eq!(label(" Firefox \u{1b}[1m").as_deref(), Some("Firefox \u{fffd}[1m"));
        assert_eq!(label(&"x".repeat(900)).unwrap().len(), LABEL_LENGTH_MAX);
        assert_eq!(label("  "), None);
    }
}
