//! Who may do what: people, the tenants that they belong to, and how they sign in.
//!
//! Beside the flow, not in it: no callback comes through here. This crate knows storage's port, the write path (who belongs to
//! a tenant is a fact of its log) and the wire of OpenID Connect. It knows no page, no route and no cookie: whoever serves
//! pages puts what [`NewSession`] holds where a browser keeps it, and shows it again to [`People::authenticate`].
//!
//! Read in this order: [`People`], `sessions.rs` (what being signed in is), `password.rs` and `throttle.rs` (local accounts),
//! `links.rs` (links that work once), `oidc/` (the provider), `groups.rs` (what its groups make of somebody), `members.rs`
//! (what a tenant says of its people), `report.rs` (what is told of all this) and `facts.rs` (what of it stands in the tenants'
//! logs).

mod accounts;
mod acting;
mod config;
mod error;
mod facts;
mod groups;
mod hasher;
mod links;
mod local;
mod members;
mod oidc;
mod password;
mod people;
mod report;
mod sessions;
mod throttle;

pub use accounts::NewPerson;
pub use acting::{ActingPerson, Principal};
pub use config::{OidcConfig, PeopleConfig};
pub use error::{MemberError, SignInError};
pub use facts::{Ending, FactCounts};
pub use links::{LinkSeen, OneTimeLink};
pub use members::{GROUP_LENGTH_MAX, Invitation, Invited, MAPPINGS_MAX, TenantMember};
pub use oidc::{OidcAnswer, OidcRedirect};
pub use password::{PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, PasswordError};
pub use people::{People, PeopleParts, WaysIn};
pub use registry_domain::people::Role;
pub use registry_domain::tenant::{RESERVED_SLUGS, Scope};
pub use registry_journal::port::{Census, Person, RoleMapping, Session};
pub use report::{Counts, Refused};
pub use sessions::{Browser, Membership, NewSession, SessionSecret, SignedIn};
