//! What people keep of their questions.

use async_trait::async_trait;
use registry_domain::views::{VIEWS_OF_ONE_MAX, VIEWS_OF_TENANT_MAX, VIEWS_SHARED_MAX};
use registry_domain::{TenantId, Version, ViewId};
use registry_journal::port::{PageSize, ReadError, View, Views};
use registry_journal_rows::{RawDefaultView, bigint, column_words};
use uuid::Uuid;

use crate::{PostgresJournal, rows};

/// The views of a tenant that fit a condition, for whoever is the second parameter.
macro_rules! views {
    ($condition:literal, $tenant:expr, $owner:expr $(, $value:expr)* $(,)?) => {
        sqlx::query_as!(
            rows::View,
            r#"
            SELECT v.view_id AS "view_id!", v.owner_id AS "owner_id", v.shared AS "shared!: bool", v.name, v.query,
                v.columns, v.version, v.created_at, v.updated_at,
                COALESCE(v.view_id = (
                    SELECT d.view_id FROM view_defaults AS d WHERE d.tenant_id = $1 AND d.owner_id = $2
                ), false) AS "is_default!: bool"
            FROM views AS v
            WHERE v.tenant_id = $1
            "# + $condition,
            $tenant,
            $owner
            $(, $value)*
        )
    };
}

/// How many there may be where a view goes.
const fn most(view: &View) -> u32 {
    if view.is_shared {
        VIEWS_SHARED_MAX
    } else {
        VIEWS_OF_ONE_MAX
    }
}

#[async_trait]
impl Views for PostgresJournal {
    async fn views(&self, tenant: TenantId, owner: Option<Uuid>) -> Result<Vec<View>, ReadError> {
        let statement = views!(
            "AND (v.shared OR (NOT v.shared AND v.owner_id = $2))",
            tenant.as_uuid(),
            owner
        );
        self.all("views", tenant, statement).await
    }

    async fn view(&self, tenant: TenantId, owner: Option<Uuid>, id: ViewId) -> Result<Option<View>, ReadError> {
        let statement = views!(
            "AND v.view_id = $3 AND (v.shared OR v.owner_id = $2)",
            tenant.as_uuid(),
            owner,
            id.as_uuid()
        );
        self.one("view", tenant, statement).await
    }

    async fn add_view(&self, tenant: TenantId, view: &View) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            INSERT INTO views (
                tenant_id, view_id, owner_id, shared, name, name_key, query, columns, version, created_at, updated_at
            )
            SELECT $1::uuid, $2::uuid, $3::uuid, $4::bool, $5::text, $6::text, $7::text, $8::text, $9::bigint, $10::timestamptz,
                $11::timestamptz
            WHERE (
                    SELECT count(*) FROM views AS o
                    WHERE o.tenant_id = $1 AND o.shared = $4 AND ($4 OR o.owner_id = $3)
                ) < $12
                AND (SELECT count(*) FROM views AS o WHERE o.tenant_id = $1) < $13
            ON CONFLICT DO NOTHING
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            view.id.as_uuid(),
            view.owner,
            view.is_shared,
            view.name.as_str(),
            view.name.key(),
            view.query,
            column_words(&view.columns),
            bigint(view.version.0),
            view.created_at,
            view.updated_at,
            i64::from(most(view)),
            i64::from(VIEWS_OF_TENANT_MAX)
        );
        self.changed_of("view that is kept", tenant, statement).await
    }

    async fn change_view(&self, tenant: TenantId, view: &View) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            UPDATE views SET shared = $4, name = $5, name_key = $6, query = $7, columns = $8, version = $9::bigint, updated_at = $10
            WHERE tenant_id = $1 AND view_id = $2 AND version = $9::bigint - 1
                AND (
                    SELECT count(*) FROM views AS o
                    WHERE o.tenant_id = $1 AND o.view_id <> $2 AND o.shared = $4 AND ($4 OR o.owner_id = $3)
                ) < $11
                AND NOT EXISTS (
                    SELECT 1 FROM views AS o
                    WHERE o.tenant_id = $1 AND o.view_id <> $2 AND o.shared = $4 AND ($4 OR o.owner_id = $3)
                        AND o.name_key = $6
                )
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            view.id.as_uuid(),
            view.owner,
            view.is_shared,
            view.name.as_str(),
            view.name.key(),
            view.query,
            column_words(&view.columns),
            bigint(view.version.0),
            view.updated_at,
            i64::from(most(view))
        );
        self.changed_of("view that is changed", tenant, statement).await
    }

    async fn remove_view(&self, tenant: TenantId, id: ViewId, version: Version) -> Result<bool, ReadError> {
        let statement = changes!(
            r#"
            DELETE FROM views WHERE tenant_id = $1 AND view_id = $2 AND version = $3 RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            id.as_uuid(),
            bigint(version.0)
        );
        self.changed_of("view that is removed", tenant, statement).await
    }

    async fn set_default_view(&self, tenant: TenantId, owner: Uuid, id: Option<ViewId>) -> Result<bool, ReadError> {
        let Some(id) = id else {
            let statement = changes!(
                r#"
                DELETE FROM view_defaults WHERE tenant_id = $1 AND owner_id = $2 RETURNING 1::bigint AS "one!"
                "#,
                tenant.as_uuid(),
                owner
            );
            self.changed_of("default view", tenant, statement).await?;
            return Ok(true);
        };
        let statement = changes!(
            r#"
            INSERT INTO view_defaults (tenant_id, owner_id, view_id)
            SELECT v.tenant_id, $2::uuid, v.view_id FROM views AS v
            WHERE v.tenant_id = $1 AND v.view_id = $3 AND (v.shared OR v.owner_id = $2)
                AND (SELECT count(*) FROM view_defaults AS d WHERE d.tenant_id = $1) < $4
            ON CONFLICT (tenant_id, owner_id) DO UPDATE SET view_id = excluded.view_id
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            owner,
            id.as_uuid(),
            i64::from(VIEWS_OF_TENANT_MAX)
        );
        self.changed_of("default view", tenant, statement).await
    }

    async fn forget_views(&self, tenant: TenantId, owner: Option<Uuid>) -> Result<(), ReadError> {
        let statement = changes!(
            r#"
            WITH defaults AS (
                DELETE FROM view_defaults WHERE tenant_id = $1 AND ($2::uuid IS NULL OR owner_id = $2)
            )
            DELETE FROM views WHERE tenant_id = $1 AND ($2::uuid IS NULL OR (NOT shared AND owner_id = $2))
            RETURNING 1::bigint AS "one!"
            "#,
            tenant.as_uuid(),
            owner
        );
        self.changed_of("forgotten views", tenant, statement).await.map(drop)
    }

    async fn views_after(
        &self,
        tenant: TenantId,
        after: Option<ViewId>,
        limit: PageSize,
    ) -> Result<Vec<View>, ReadError> {
        let statement = views!(
            "AND v.view_id > $3 ORDER BY v.view_id LIMIT $4",
            tenant.as_uuid(),
            None::<Uuid>,
            after.map_or(Uuid::nil(), |id| id.as_uuid()),
            i64::from(limit.get())
        );
        self.all("all views", tenant, statement).await
    }

    async fn default_views_after(
        &self,
        tenant: TenantId,
        after: Option<Uuid>,
        limit: PageSize,
    ) -> Result<Vec<(Uuid, ViewId)>, ReadError> {
        let statement = sqlx::query_as!(
            RawDefaultView,
            r#"
            SELECT owner_id AS "owner_id!", view_id AS "view_id!" FROM view_defaults
            WHERE tenant_id = $1 AND owner_id > $2 ORDER BY owner_id LIMIT $3
            "#,
            tenant.as_uuid(),
            after.unwrap_or(Uuid::nil()),
            i64::from(limit.get())
        );
        self.all("default views", tenant, statement).await
    }
}
