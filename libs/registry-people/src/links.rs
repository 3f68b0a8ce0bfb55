//! Links that work once: an invitation, with which somebody sets a password, and a link that signs in.
//!
//! What stands in a link is a secret; what is kept is its hash. Looking at a link changes nothing, for mail programs look at
//! every one.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::people::{EmailAddress, LinkPurpose, SignInMethod};
use registry_domain::{Label, PersonId};
use registry_journal::ReadError;
use registry_journal::port::{PersonLink, SecretDigest};
use sha2::{Digest, Sha256};

use crate::error::SignInError;
use crate::facts::Ending;
use crate::password::Password;
use crate::people::People;
use crate::report::Refused;
use crate::sessions::{Browser, NewSession};

/// How long an invitation works.
const INVITATION_TIME: TimeDelta = TimeDelta::days(7);

/// How long a link works that signs in at once.
const SIGN_IN_TIME: TimeDelta = TimeDelta::minutes(15);

/// Where people land who do not say where they want to go.
pub(crate) const HOME: &str = "/console";

/// A link to be handed to its owner. It can be shown this once.
#[derive(Clone)]
pub struct OneTimeLink {
    /// The whole URL.
    pub url: String,
    /// From when on it no longer works.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for OneTimeLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimeLink")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What a page shows before a link is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSeen {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose it is.
    pub email: EmailAddress,
    /// Their name.
    pub name: Label,
}

impl LinkSeen {
    /// Whether it asks for a password: that of an invitation does.
    pub fn sets_password(&self) -> bool {
        match self.purpose {
            LinkPurpose::Invitation => true,
            LinkPurpose::SignIn => false,
        }
    }
}

impl People {
    /// A link, if it still works. Changes nothing.
    pub async fn link(&self, token: &str) -> Result<Option<LinkSeen>, ReadError> {
        let Some(digest) = digest_of(token) else {
            return Ok(None);
        };
        let Some(link) = self.store().link(digest, self.now()).await? else {
            return Ok(None);
        };
        let person = self.store().person(link.person_id).await?;
        let person = person.filter(|person| person.disabled_at.is_none());
        Ok(person.map(|person| LinkSeen {
            purpose: link.purpose,
            email: person.email,
            name: person.name,
        }))
    }

    /// Uses an invitation: the password is set, and the person is signed in. A password that cannot be taken uses nothing up.
    pub async fn accept_invitation(
        &self,
        token: &str,
        password: &str,
        browser: &Browser,
    ) -> Result<NewSession, SignInError> {
        if !self.inner.config.local_accounts {
            return Err(self.refused(Refused::PasswordsOff, SignInError::PasswordsOff));
        }
        let unusable = || self.refused(Refused::Link, SignInError::LinkUnusable);
        let digest = digest_of(token).ok_or_else(unusable)?;
        let link = self.store().link(digest, self.now()).await?;
        let link = link
            .filter(|link| link.purpose == LinkPurpose::Invitation)
            .ok_or_else(unusable)?;
        let person = self.store().person(link.person_id).await?.ok_or_else(unusable)?;
        let password = Password::chosen(password, &person.email)?;
        let turn = self.inner.hasher.turn(browser.address).await?;
        let secret = self.inner.ambient.ids.secret();
        let (salt, _) = secret.split_first_chunk().ok_or(SignInError::Hashing)?;
        let hash = turn.hash(password, *salt).await?;
        // Of two who use it at once one gets here.
        let owner = self
            .store()
            .take_link(digest, LinkPurpose::Invitation, self.now())
            .await?;
        let person_id = owner.ok_or_else(unusable)?;
        self.store().set_password(person_id, Some(&hash)).await?;
        // Whoever asks for a new password may have lost the old one to somebody.
        self.store().drop_links(person_id).await?;
        let by = Ending::by_themselves(self.origin_of(person_id, browser));
        self.end_sessions(&by, person_id).await?;
        let mut person = person;
        person.password_hash = Some(hash);
        self.begin_session(person, SignInMethod::Password, None, browser, HOME.to_owned())
            .await
    }

    /// Uses a link that signs in.
    pub async fn sign_in_with_link(&self, token: &str, browser: &Browser) -> Result<NewSession, SignInError> {
        let unusable = || self.refused(Refused::Link, SignInError::LinkUnusable);
        let digest = digest_of(token).ok_or_else(unusable)?;
        let owner = self.store().take_link(digest, LinkPurpose::SignIn, self.now()).await?;
        let person = self.store().person(owner.ok_or_else(unusable)?).await?;
        let person = person.ok_or_else(unusable)?;
        self.begin_session(person, SignInMethod::Link, None, browser, HOME.to_owned())
            .await
    }

    /// Makes a link. It takes the place of an earlier one of the person for the same.
    pub(crate) async fn make_link(&self, person: PersonId, purpose: LinkPurpose) -> Result<OneTimeLink, ReadError> {
        let secret = self.inner.ambient.ids.secret();
        let now = self.now();
        let (folder, time) = match purpose {
            LinkPurpose::Invitation => ("join", INVITATION_TIME),
            LinkPurpose::SignIn => ("enter", SIGN_IN_TIME),
        };
        let link = PersonLink {
            digest: digest(&secret),
            person_id: person,
            purpose,
            created_at: now,
            expires_at: now + time,
        };
        self.store().put_link(&link).await?;
        let base = self.inner.config.console_url.as_str().trim_end_matches('/');
        Ok(OneTimeLink {
            url: format!("{base}{HOME}/{folder}/{}", URL_SAFE_NO_PAD.encode(secret)),
            expires_at: link.expires_at,
        })
    }
}

fn digest_of(token: &str) -> Option<SecretDigest> {
    let secret: [u8; 32] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    Some(digest(&secret))
}

fn digest(secret: &[u8; 32]) -> SecretDigest {
    SecretDigest(Sha256::digest(secret).into())
}
