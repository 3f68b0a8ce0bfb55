//! People, their groups, and the links that lead them here: all of it in the role that sees no tenant's content.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use registry_domain::people::{EmailAddress, LinkPurpose};
use registry_domain::tenant::Tenant;
use registry_domain::{Label, PersonId, TenantId};
use registry_journal::port::{
    Census, Identity, PageSize, PasswordHash, People, Person, PersonLink, ReadError, RoleMapping, SecretDigest, Views,
};
use registry_journal_rows::{RawCensus, RawRoleMapping, RawTenant};
use uuid::Uuid;

use crate::ask::Sight;
use crate::statement::column;
use crate::{PostgresJournal, rows};

/// The people that fit a condition.
macro_rules! persons {
    ($condition:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            rows::Person,
            r#"
            SELECT person_id, email, name, issuer, subject, password_hash, administrator, created_at AS person_created_at,
                disabled_at, signed_in_at
            FROM persons
            "# + $condition,
            $($value),+
        )
    };
}

#[async_trait]
impl People for PostgresJournal {
    async fn person(&self, id: PersonId) -> Result<Option<Person>, ReadError> {
        let statement = persons!("WHERE person_id = $1", id.as_uuid());
        self.one("person", Sight::Directory, statement).await
    }

    async fn person_by_email(&self, email: &EmailAddress) -> Result<Option<Person>, ReadError> {
        let statement = persons!("WHERE email = $1", email.as_str());
        self.one("person by address", Sight::Directory, statement).await
    }

    async fn person_by_identity(&self, identity: &Identity) -> Result<Option<Person>, ReadError> {
        let statement = persons!("WHERE issuer = $1 AND subject = $2", identity.issuer, identity.subject);
        self.one("person by identity", Sight::Directory, statement).await
    }

    async fn persons_of_idp_session(&self, issuer: &str, sid: &str) -> Result<Vec<Person>, ReadError> {
        let statement = persons!(
            "WHERE issuer = $1 AND person_id IN (SELECT s.person_id FROM sessions AS s WHERE s.idp_sid = $2)",
            issuer,
            sid
        );
        self.all("people of the provider's session", Sight::Directory, statement)
            .await
    }

    async fn census(&self, now: DateTime<Utc>) -> Result<Census, ReadError> {
        let statement = sqlx::query_as!(
            RawCensus,
            r#"
            SELECT
                count(*) FILTER (WHERE disabled_at IS NULL AND has_come) AS "active!",
                count(*) FILTER (WHERE disabled_at IS NULL AND NOT has_come) AS "invited!",
                count(*) FILTER (WHERE disabled_at IS NOT NULL) AS "disabled!",
                (SELECT count(*) FROM memberships) AS "memberships!",
                (SELECT count(*) FROM sessions WHERE idle_until > $1 AND absolute_until > $1) AS "sessions!"
            FROM (
                SELECT disabled_at,
                    password_hash IS NOT NULL OR subject IS NOT NULL OR signed_in_at IS NOT NULL AS has_come
                FROM persons
            ) AS p
            "#,
            now
        );
        let found = self.one("count of people", Sight::Directory, statement).await?;
        Ok(found.unwrap_or_default())
    }

    async fn persons(&self, ids: &[PersonId]) -> Result<Vec<Person>, ReadError> {
        let ids = column(ids, PersonId::as_uuid);
        let statement = persons!("WHERE person_id = ANY ($1)", &ids);
        self.all("people", Sight::Directory, statement).await
    }

    async fn list_persons(&self, after: Option<PersonId>, limit: PageSize) -> Result<Vec<Person>, ReadError> {
        let statement = persons!(
            "WHERE person_id > $1 ORDER BY person_id LIMIT $2",
            after.map_or(Uuid::nil(), |id| id.as_uuid()),
            i64::from(limit.get())
        );
        self.all("all people", Sight::Directory, statement).await
    }

    async fn add_person(&self, person: &Person) -> Result<bool, ReadError> {
        let identity = person.identity.as_ref();
        let statement = changes!(
            r#"
            INSERT INTO persons (
                person_id, email, name, issuer, subject, password_hash, administrator, created_at, disabled_at, signed_in_at
            )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT DO NOTHING RETURNING 1::bigint AS "one!"
            "#,
            person.id.as_uuid(),
            person.email.as_str(),
            person.name.as_str(),
            identity.map(|identity| identity.issuer.as_str()),
            identity.map(|identity| identity.subject.as_str()),
            person.password_hash.as_ref().map(|hash| hash.0.as_str()),
            person.is_administrator,
            person.created_at,
            person.disabled_at,
            person.signed_in_at
        );
        self.changed("new person", statement).await
    }

    async fn set_password(&self, id: PersonId, hash: Option<&PasswordHash>) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"UPDATE persons SET password_hash = $2 WHERE person_id = $1 RETURNING 1::bigint AS "one!""#,
            id.as_uuid(),
            hash.map(|hash| hash.0.as_str())
        );
        self.changed("password", statement).await
    }

    async fn set_identity(
        &self,
        id: PersonId,
        identity: &Identity,
        email: &EmailAddress,
        name: &Label,
    ) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            UPDATE persons SET issuer = $2, subject = $3, email = $4, name = $5
            WHERE person_id = $1 AND (subject IS NULL OR (issuer = $2 AND subject = $3))
                AND NOT EXISTS (SELECT FROM persons AS other WHERE other.email = $4 AND other.person_id <> $1)
                AND NOT EXISTS (
                    SELECT FROM persons AS other
                    WHERE other.issuer = $2 AND other.subject = $3 AND other.person_id <> $1
                )
            RETURNING 1::bigint AS "one!"
            "#,
            id.as_uuid(),
            identity.issuer,
            identity.subject,
            email.as_str(),
            name.as_str()
        );
        self.changed("identity", statement).await
    }

    async fn set_disabled(&self, id: PersonId, since: Option<DateTime<Utc>>) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"UPDATE persons SET disabled_at = $2 WHERE person_id = $1 RETURNING 1::bigint AS "one!""#,
            id.as_uuid(),
            since
        );
        self.changed("disabled person", statement).await
    }

    async fn set_administrator(&self, id: PersonId, is_administrator: bool) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"UPDATE persons SET administrator = $2 WHERE person_id = $1 RETURNING 1::bigint AS "one!""#,
            id.as_uuid(),
            is_administrator
        );
        self.changed("administrator", statement).await
    }

    async fn note_sign_in(&self, id: PersonId, at: DateTime<Utc>) -> Result<(), ReadError> {
        let statement = changes!(
            r#"UPDATE persons SET signed_in_at = $2 WHERE person_id = $1 RETURNING 1::bigint AS "one!""#,
            id.as_uuid(),
            at
        );
        self.changed("sign-in", statement).await.map(drop)
    }

    async fn tenants_of(&self, id: PersonId) -> Result<Vec<Tenant>, ReadError> {
        let statement = sqlx::query_as!(
            RawTenant,
            r#"
            SELECT t.tenant_id AS "tenant_id!", t.state AS "state!" FROM memberships AS m
            CROSS JOIN LATERAL (SELECT tenant_id, state FROM tenants WHERE tenant_id = m.tenant_id LIMIT 1) AS t
            WHERE m.person_id = $1
            "#,
            id.as_uuid()
        );
        let mut tenants: Vec<Tenant> = self.all("tenants of a person", Sight::Directory, statement).await?;
        tenants.retain(|tenant| tenant.member(id).is_some());
        tenants.sort_unstable_by(|one, other| one.slug.cmp(&other.slug));
        Ok(tenants)
    }

    async fn put_link(&self, link: &PersonLink) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO person_links (digest, person_id, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (person_id, purpose) DO UPDATE SET
                digest = excluded.digest,
                created_at = excluded.created_at,
                expires_at = excluded.expires_at
            RETURNING 1::bigint AS "one!"
            "#,
            link.digest.0.as_slice(),
            link.person_id.as_uuid(),
            link.purpose.as_str(),
            link.created_at,
            link.expires_at
        );
        self.changed("link of a person", statement).await.map(drop)
    }

    async fn link(&self, digest: SecretDigest, now: DateTime<Utc>) -> Result<Option<PersonLink>, ReadError> {
        let statement = sqlx::query_as!(
            rows::PersonLink,
            r#"
            SELECT digest, person_id, purpose, created_at, expires_at FROM person_links
            WHERE digest = $1 AND expires_at > $2
            "#,
            digest.0.as_slice(),
            now
        );
        self.one("link of a person", Sight::Directory, statement).await
    }

    async fn take_link(
        &self,
        digest: SecretDigest,
        purpose: LinkPurpose,
        now: DateTime<Utc>,
    ) -> Result<Option<PersonId>, ReadError> {
        let statement = sqlx::query_as!(
            rows::PersonLink,
            r#"
            DELETE FROM person_links WHERE digest = $1 AND purpose = $2 AND expires_at > $3
            RETURNING digest, person_id, purpose, created_at, expires_at
            "#,
            digest.0.as_slice(),
            purpose.as_str(),
            now
        );
        let taken: Vec<PersonLink> = self.change("link of a person", statement).await?;
        Ok(taken.first().map(|link| link.person_id))
    }

    async fn drop_links(&self, id: PersonId) -> Result<(), ReadError> {
        let statement = changes!(
            r#"DELETE FROM person_links WHERE person_id = $1 RETURNING 1::bigint AS "one!""#,
            id.as_uuid()
        );
        self.changed("links of a person", statement).await.map(drop)
    }

    async fn role_mappings(&self, tenant: TenantId) -> Result<Vec<RoleMapping>, ReadError> {
        let statement = sqlx::query_as!(
            RawRoleMapping,
            "SELECT tenant_id, group_name, role FROM role_mappings WHERE tenant_id = $1",
            tenant.as_uuid()
        );
        let mut mappings = self.all("role mappings", Sight::Directory, statement).await?;
        mappings.sort_unstable_by(|one: &RoleMapping, other| one.group.cmp(&other.group));
        Ok(mappings)
    }

    async fn replace_role_mappings(&self, tenant: TenantId, mappings: &[RoleMapping]) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            WITH wanted AS (
                SELECT * FROM unnest($2::text[], $3::text[]) AS wanted (group_name, role)
            ), gone AS (
                DELETE FROM role_mappings WHERE tenant_id = $1 AND group_name <> ALL ($2)
            )
            INSERT INTO role_mappings (tenant_id, group_name, role) SELECT $1, group_name, role FROM wanted
            ON CONFLICT (tenant_id, group_name) DO UPDATE SET role = excluded.role
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            &column(mappings, |row| row.group.as_str()) as &[&str],
            &column(mappings, |row| row.role.as_str()) as &[&str]
        );
        self.changed("role mappings", statement).await.map(drop)
    }

    async fn forget_what_is_kept(&self, tenant: TenantId, id: PersonId) -> Result<(), ReadError> {
        self.forget_views(tenant, Some(id.as_uuid())).await
    }

    async fn mappings_of_groups(&self, groups: &[String]) -> Result<Vec<RoleMapping>, ReadError> {
        let statement = sqlx::query_as!(
            RawRoleMapping,
            "SELECT tenant_id, group_name, role FROM role_mappings WHERE group_name = ANY ($1)",
            groups
        );
        let mut mappings = self.all("roles of groups", Sight::Directory, statement).await?;
        mappings.sort_unstable_by(|one: &RoleMapping, other| {
            (&one.group, one.tenant_id).cmp(&(&other.group, other.tenant_id))
        });
        Ok(mappings)
    }
}
