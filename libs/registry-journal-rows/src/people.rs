//! Rows of people, and of what leads to them.

use chrono::{DateTime, Utc};
use registry_domain::people::{EmailAddress, LinkPurpose, Role, SignInMethod};
use registry_domain::{Label, PersonId, SessionId, TenantId};
use registry_journal::port::{
    Census, Identity, Inconsistency, PasswordHash, Person, PersonLink, RoleMapping, SecretDigest, Session,
    SignInFailures,
};
use uuid::Uuid;

use crate::{BadColumn, RawRow, RawValue};

/// A person.
#[expect(missing_docs, reason = "columns")]
pub struct RawPerson<Time> {
    pub person_id: Uuid,
    pub email: String,
    pub name: String,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub password_hash: Option<String>,
    pub administrator: bool,
    pub person_created_at: Time,
    pub disabled_at: Option<Time>,
    pub signed_in_at: Option<Time>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawPerson<Time> {
    type Row = Person;

    fn into_row(self) -> Result<Person, Inconsistency> {
        let id = PersonId::from_uuid(self.person_id);
        let person = || -> Result<Person, BadColumn> {
            Ok(Person {
                id,
                email: EmailAddress::parse(&self.email).map_err(|_| BadColumn("email"))?,
                name: Label::recorded(&self.name).map_err(|_| BadColumn("name"))?,
                identity: self
                    .issuer
                    .zip(self.subject)
                    .map(|(issuer, subject)| Identity { issuer, subject }),
                password_hash: self.password_hash.map(PasswordHash),
                is_administrator: self.administrator,
                created_at: self.person_created_at.read("created_at")?,
                disabled_at: self.disabled_at.read("disabled_at")?,
                signed_in_at: self.signed_in_at.read("signed_in_at")?,
            })
        };
        person().map_err(|error| Inconsistency::of("persons", id, error))
    }
}

/// A link that works once.
#[expect(missing_docs, reason = "columns")]
pub struct RawPersonLink<Time> {
    pub digest: Vec<u8>,
    pub person_id: Uuid,
    pub purpose: String,
    pub created_at: Time,
    pub expires_at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawPersonLink<Time> {
    type Row = PersonLink;

    fn into_row(self) -> Result<PersonLink, Inconsistency> {
        let person_id = PersonId::from_uuid(self.person_id);
        let link = || -> Result<PersonLink, BadColumn> {
            Ok(PersonLink {
                digest: SecretDigest(self.digest.read("digest")?),
                person_id,
                purpose: LinkPurpose::from_word(&self.purpose).ok_or(BadColumn("purpose"))?,
                created_at: self.created_at.read("created_at")?,
                expires_at: self.expires_at.read("expires_at")?,
            })
        };
        link().map_err(|error| Inconsistency::of("person_links", person_id, error))
    }
}

/// A session.
#[expect(missing_docs, reason = "columns")]
pub struct RawSession<Time> {
    pub digest: Vec<u8>,
    pub session_id: Uuid,
    pub person_id: Uuid,
    pub method: String,
    pub created_at: Time,
    pub seen_at: Time,
    pub idle_until: Time,
    pub absolute_until: Time,
    pub idp_sid: Option<String>,
    pub user_agent: Option<String>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawSession<Time> {
    type Row = Session;

    fn into_row(self) -> Result<Session, Inconsistency> {
        let id = SessionId::from_uuid(self.session_id);
        let session = || -> Result<Session, BadColumn> {
            Ok(Session {
                digest: SecretDigest(self.digest.read("digest")?),
                id,
                person_id: PersonId::from_uuid(self.person_id),
                method: SignInMethod::from_word(&self.method).ok_or(BadColumn("method"))?,
                created_at: self.created_at.read("created_at")?,
                seen_at: self.seen_at.read("seen_at")?,
                idle_until: self.idle_until.read("idle_until")?,
                absolute_until: self.absolute_until.read("absolute_until")?,
                idp_sid: self.idp_sid,
                user_agent: self.user_agent,
            })
        };
        session().map_err(|error| Inconsistency::of("sessions", id, error))
    }
}

/// A session with its person.
#[expect(missing_docs, reason = "columns")]
pub struct RawSessionOfPerson<Time> {
    pub digest: Vec<u8>,
    pub session_id: Uuid,
    pub method: String,
    pub created_at: Time,
    pub seen_at: Time,
    pub idle_until: Time,
    pub absolute_until: Time,
    pub idp_sid: Option<String>,
    pub user_agent: Option<String>,
    pub person_id: Uuid,
    pub email: String,
    pub name: String,
    pub issuer: Option<String>,
    pub subject: Option<String>,
    pub password_hash: Option<String>,
    pub administrator: bool,
    pub person_created_at: Time,
    pub disabled_at: Option<Time>,
    pub signed_in_at: Option<Time>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawSessionOfPerson<Time> {
    type Row = (Session, Person);

    fn into_row(self) -> Result<Self::Row, Inconsistency> {
        let session = RawSession {
            digest: self.digest,
            session_id: self.session_id,
            person_id: self.person_id,
            method: self.method,
            created_at: self.created_at,
            seen_at: self.seen_at,
            idle_until: self.idle_until,
            absolute_until: self.absolute_until,
            idp_sid: self.idp_sid,
            user_agent: self.user_agent,
        };
        let person = RawPerson {
            person_id: self.person_id,
            email: self.email,
            name: self.name,
            issuer: self.issuer,
            subject: self.subject,
            password_hash: self.password_hash,
            administrator: self.administrator,
            person_created_at: self.person_created_at,
            disabled_at: self.disabled_at,
            signed_in_at: self.signed_in_at,
        };
        Ok((session.into_row()?, person.into_row()?))
    }
}

/// A group that is a role.
#[expect(missing_docs, reason = "columns")]
pub struct RawRoleMapping {
    pub tenant_id: Uuid,
    pub group_name: String,
    pub role: String,
}

impl RawRow for RawRoleMapping {
    type Row = RoleMapping;

    fn into_row(self) -> Result<RoleMapping, Inconsistency> {
        let tenant_id = TenantId::from_uuid(self.tenant_id);
        let role = Role::from_word(&self.role).ok_or(BadColumn("role"));
        Ok(RoleMapping {
            tenant_id,
            group: self.group_name,
            role: role.map_err(|error| Inconsistency::of("role_mappings", tenant_id, error))?,
        })
    }
}

/// Failed sign-ins.
#[expect(missing_docs, reason = "columns")]
pub struct RawSignInFailures<Time> {
    pub digest: Vec<u8>,
    pub failures: i64,
    pub failed_at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawSignInFailures<Time> {
    type Row = SignInFailures;

    fn into_row(self) -> Result<SignInFailures, Inconsistency> {
        let failures = || -> Result<SignInFailures, BadColumn> {
            Ok(SignInFailures {
                digest: SecretDigest(self.digest.read("digest")?),
                count: u32::try_from(self.failures).map_err(|_| BadColumn("failures"))?,
                failed_at: self.failed_at.read("failed_at")?,
            })
        };
        failures().map_err(|error| Inconsistency::of("sign_in_failures", "of one sender", error))
    }
}

/// How many there are of everything.
#[expect(missing_docs, reason = "columns")]
pub struct RawCensus {
    pub active: i64,
    pub invited: i64,
    pub disabled: i64,
    pub memberships: i64,
    pub sessions: i64,
}

impl RawRow for RawCensus {
    type Row = Census;

    fn into_row(self) -> Result<Census, Inconsistency> {
        let count = |column, count: i64| u64::try_from(count).map_err(|_| BadColumn(column));
        let census = || -> Result<Census, BadColumn> {
            Ok(Census {
                active: count("active", self.active)?,
                invited: count("invited", self.invited)?,
                disabled: count("disabled", self.disabled)?,
                memberships: count("memberships", self.memberships)?,
                sessions: count("sessions", self.sessions)?,
            })
        };
        census().map_err(|error| Inconsistency::of("persons", "all of them", error))
    }
}
