//! People, their sessions, and what leads to them. Rows, and no events: who somebody is can be forgotten.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::people::{EmailAddress, LinkPurpose, Role, SignInMethod};
use registry_domain::tenant::Tenant;
use registry_domain::{Label, PersonId, SessionId, TenantId};

use super::{PageSize, ReadError};

/// Most sessions that are listed of one person.
pub const SESSIONS_LISTED_MAX: u32 = 100;

/// SHA-256 of a secret with 256 random bits: it finds the row and cannot be guessed back.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretDigest(pub [u8; 32]);

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(hidden)")
    }
}

/// A password's hash, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

/// What an OpenID provider calls somebody: it never changes and is given to nobody else.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its name for the person.
    pub subject: String,
}

/// Some providers put an address into it.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Somebody who works with this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id, by which the log knows them.
    pub id: PersonId,
    /// Their address. No two people have the same.
    pub email: EmailAddress,
    /// Their name.
    pub name: Label,
    /// What the OpenID provider calls them; none for somebody who never came from there.
    pub identity: Option<Identity>,
    /// Against what a password is compared; none for somebody who has none.
    pub password_hash: Option<PasswordHash>,
    /// Whether they administer the installation.
    pub is_administrator: bool,
    /// Since when they are known.
    pub created_at: DateTime<Utc>,
    /// Since when they may not sign in; none if they may.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When they last signed in.
    pub signed_in_at: Option<DateTime<Utc>>,
}

/// A link that works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLink {
    /// Of what stands in it.
    pub digest: SecretDigest,
    /// Whose.
    pub person_id: PersonId,
    /// What for.
    pub purpose: LinkPurpose,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it no longer works.
    pub expires_at: DateTime<Utc>,
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Of what the browser holds.
    pub digest: SecretDigest,
    /// Names it in lists.
    pub id: SessionId,
    /// Whose.
    pub person_id: PersonId,
    /// How they signed in.
    pub method: SignInMethod,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to a minute or so.
    pub seen_at: DateTime<Utc>,
    /// When it ends unless it is used.
    pub idle_until: DateTime<Utc>,
    /// When it ends however much it is used.
    pub absolute_until: DateTime<Utc>,
    /// The OpenID provider's name for its own session.
    pub idp_sid: Option<String>,
    /// A few words about the browser.
    pub user_agent: Option<String>,
}

impl Session {
    /// Whether it has not ended by itself.
    pub fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now < self.idle_until && now < self.absolute_until
    }
}

/// A group of the OpenID provider that is a role of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMapping {
    /// Whose.
    pub tenant_id: TenantId,
    /// The group, as the provider calls it.
    pub group: String,
    /// The role.
    pub role: Role,
}

/// Sign-ins that failed of late, for one account or from one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInFailures {
    /// Of the account or the address.
    pub digest: SecretDigest,
    /// How many, since the last that was forgotten.
    pub count: u32,
    /// When the last one was.
    pub failed_at: DateTime<Utc>,
}

/// How many people, memberships and sessions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// People who have come and may come.
    pub active: u64,
    /// People who were made known and have not come yet.
    pub invited: u64,
    /// People who are kept out.
    pub disabled: u64,
    /// Pairs of a person and a tenant that they have ever belonged to.
    pub memberships: u64,
    /// Sessions that are alive.
    pub sessions: u64,
}

/// People. What is asked here is asked before a tenant is known; none of it is seen by those who read for one.
#[async_trait]
pub trait People: Sessions {
    /// A person by id.
    async fn person(&self, id: PersonId) -> Result<Option<Person>, ReadError>;

    /// A person by address.
    async fn person_by_email(&self, email: &EmailAddress) -> Result<Option<Person>, ReadError>;

    /// A person by what the OpenID provider calls them.
    async fn person_by_identity(&self, identity: &Identity) -> Result<Option<Person>, ReadError>;

    /// The people whom an OpenID provider knows and who came with this session of it.
    async fn persons_of_idp_session(&self, issuer: &str, sid: &str) -> Result<Vec<Person>, ReadError>;

    /// How many there are. Goes over all of them: not to be asked with each request.
    async fn census(&self, now: DateTime<Utc>) -> Result<Census, ReadError>;

    /// People by id, in no order. One who does not exist is missing.
    async fn persons(&self, ids: &[PersonId]) -> Result<Vec<Person>, ReadError>;

    /// A page of all people, by id.
    async fn list_persons(&self, after: Option<PersonId>, limit: PageSize) -> Result<Vec<Person>, ReadError>;

    /// Adds a person. False, with nothing changed, if the id, the address or the identity is somebody's already.
    async fn add_person(&self, person: &Person) -> Result<bool, ReadError>;

    /// Gives a person another password, or none.
    async fn set_password(&self, id: PersonId, hash: Option<&PasswordHash>) -> Result<bool, ReadError>;

    /// Writes down what the OpenID provider says of a person. False, with nothing changed, if the address is somebody
    /// else's, or if the provider calls the person something else already.
    async fn set_identity(
        &self,
        id: PersonId,
        identity: &Identity,
        email: &EmailAddress,
        name: &Label,
    ) -> Result<bool, ReadError>;

    /// Keeps a person out since a moment, or lets them in again.
    async fn set_disabled(&self, id: PersonId, since: Option<DateTime<Utc>>) -> Result<bool, ReadError>;

    /// Says whether a person administers the installation.
    async fn set_administrator(&self, id: PersonId, is_administrator: bool) -> Result<bool, ReadError>;

    /// Notes that a person signed in.
    async fn note_sign_in(&self, id: PersonId, at: DateTime<Utc>) -> Result<(), ReadError>;

    /// The tenants that a person belongs to, by slug.
    async fn tenants_of(&self, id: PersonId) -> Result<Vec<Tenant>, ReadError>;

    /// Keeps a link. It takes the place of an earlier one of the person for the same.
    async fn put_link(&self, link: &PersonLink) -> Result<(), ReadError>;

    /// A link, if it still works.
    async fn link(&self, digest: SecretDigest, now: DateTime<Utc>) -> Result<Option<PersonLink>, ReadError>;

    /// Uses a link up. Of several who try at once one gets it; the others, and those who come too late, get none.
    async fn take_link(
        &self,
        digest: SecretDigest,
        purpose: LinkPurpose,
        now: DateTime<Utc>,
    ) -> Result<Option<PersonId>, ReadError>;

    /// Takes a person's links back.
    async fn drop_links(&self, id: PersonId) -> Result<(), ReadError>;

    /// A tenant's role mappings, by group.
    async fn role_mappings(&self, tenant: TenantId) -> Result<Vec<RoleMapping>, ReadError>;

    /// Puts other role mappings in the place of a tenant's.
    async fn replace_role_mappings(&self, tenant: TenantId, mappings: &[RoleMapping]) -> Result<(), ReadError>;

    /// Removes what somebody kept at a tenant for themselves alone: their own views.
    async fn forget_what_is_kept(&self, tenant: TenantId, id: PersonId) -> Result<(), ReadError>;

    /// The role mappings of all tenants for some groups.
    async fn mappings_of_groups(&self, groups: &[String]) -> Result<Vec<RoleMapping>, ReadError>;
}

/// Who is signed in, and who tried to.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins a session. Of the person's others only the newest `others` stay.
    async fn add_session(&self, session: &Session, others: u32) -> Result<(), ReadError>;

    /// A session with its person, alive or not.
    async fn session(&self, digest: SecretDigest) -> Result<Option<(Session, Person)>, ReadError>;

    /// Notes that a session was used.
    async fn touch_session(
        &self,
        digest: SecretDigest,
        seen_at: DateTime<Utc>,
        idle_until: DateTime<Utc>,
    ) -> Result<(), ReadError>;

    /// A person's sessions that are alive, newest first, at most [`SESSIONS_LISTED_MAX`].
    async fn sessions_of(&self, id: PersonId, now: DateTime<Utc>) -> Result<Vec<Session>, ReadError>;

    /// Ends a session. False if there is none.
    async fn end_session(&self, digest: SecretDigest) -> Result<bool, ReadError>;

    /// Ends one of a person's sessions. False if the person has none of this name.
    async fn end_session_of(&self, id: PersonId, session: SessionId) -> Result<bool, ReadError>;

    /// Ends all of a person's sessions; returns how many there were.
    async fn end_sessions(&self, id: PersonId) -> Result<u64, ReadError>;

    /// Ends the sessions that an OpenID provider's own session led to; returns how many there were.
    async fn end_sessions_of_idp(&self, id: PersonId, sid: &str) -> Result<u64, ReadError>;

    /// Forgets a few sessions that have ended by themselves before a moment.
    async fn forget_sessions(&self, ended_before: DateTime<Utc>) -> Result<(), ReadError>;

    /// What is remembered of failed sign-ins.
    async fn sign_in_failures(&self, digests: &[SecretDigest]) -> Result<Vec<SignInFailures>, ReadError>;

    /// Counts a failed sign-in for each of these. What is older than `forgotten` counts no longer, and a few of those rows
    /// go.
    async fn note_sign_in_failure(
        &self,
        digests: &[SecretDigest],
        at: DateTime<Utc>,
        forgotten: DateTime<Utc>,
    ) -> Result<(), ReadError>;

    /// Forgets the failures of one.
    async fn forget_sign_in_failures(&self, digest: SecretDigest) -> Result<(), ReadError>;
}
