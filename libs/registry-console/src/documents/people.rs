//! People, their sessions, and what programs sign in with.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// One of the tenant's people.
#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    /// The id, which events name as their actor.
    pub id: String,
    /// The name.
    pub name: String,
    /// The address; none for whoever may not see it.
    pub email: Option<String>,
    /// `active`, `invited` or `disabled`.
    pub state: String,
    /// `viewer`, `operator`, `manager` or `auditor`.
    pub role: String,
    /// What they may do beside the role.
    pub granted: Vec<String>,
    /// What of the role they may not do.
    pub withheld: Vec<String>,
    /// Every scope that comes of it.
    pub scopes: Vec<String>,
    /// Whether their groups at the OpenID provider say so.
    pub by_groups: bool,
    /// Since when they belong to the tenant.
    pub since: DateTime<Utc>,
    /// When they last signed in; none for whoever may not see it.
    pub signed_in_at: Option<DateTime<Utc>>,
}

/// Somebody who was invited.
#[derive(Debug, Clone, Deserialize)]
pub struct Invited {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// What to hand over; none for somebody who can sign in already.
    pub invitation: Option<Invitation>,
}

/// What lets somebody set a password, once.
#[derive(Debug, Clone, Deserialize)]
pub struct Invitation {
    /// Where it leads.
    pub url: String,
    /// From when on it no longer works.
    pub expires_at: DateTime<Utc>,
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    /// Names it, and opens nothing.
    pub id: String,
    /// `password`, `oidc` or `link`.
    pub method: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub seen_at: DateTime<Utc>,
    /// When it ends unless it is used.
    pub idle_until: DateTime<Utc>,
    /// What the browser says of itself.
    pub user_agent: Option<String>,
}

/// Which groups of the OpenID provider are which roles.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RoleMappings {
    /// Each group with its role.
    pub groups: BTreeMap<String, String>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// `usable`, `expired` or `revoked`.
    pub state: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// From which networks it may be used; from anywhere if there is none.
    pub networks: Vec<String>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// From when on it no longer works.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The key that has taken its place.
    pub successor_id: Option<String>,
}

/// An API key that was made a moment ago.
#[derive(Deserialize)]
pub struct NewApiKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// What a program sends; none if the request had been done before.
    pub secret: Option<String>,
}
