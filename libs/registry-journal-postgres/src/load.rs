//! What a batch sees beyond its beginning: one statement for each kind of thing that its scope names, none for what it
//! does not.
//!
//! Each key that is wanted probes an index. A plain join of the list with the table would be a scan as soon as the
//! planner takes the list for longer than it is; LATERAL with a LIMIT leaves it no choice. Where a table has several
//! indexes that begin with the tenant, the ORDER BY names the one: on a table that was empty when the plan was made they
//! all look alike.

use registry_domain::tenant::Slug;
use registry_domain::{EventId, MerchantCode, MerchantId, Reference, TenantId};
use registry_journal::port::{ApprovalDigest, Loaded, Scope, TransactError};
use registry_journal_rows::{Found, RawApproval, RawBusinessNumber, RawMerchantCode, RawSlug, RawStream};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Map;
use sqlx::{PgConnection, Postgres};
use uuid::Uuid;

use crate::error::transact;
use crate::rows::{Idempotency, OwnedMerchant, Quarantine, Unclaimed};

/// Reads what few batches need, behind what the beginning has read already.
pub(crate) async fn load(
    connection: &mut PgConnection,
    scope: &Scope,
    loaded: Loaded,
) -> Result<Loaded, TransactError> {
    let mut loading = Loading { connection, loaded };
    if !scope.references.is_empty() {
        loading.merchants_by_reference(&scope.references).await?;
    }
    if !scope.merchant_codes.is_empty() {
        loading.merchant_codes(&scope.merchant_codes).await?;
    }
    if !scope.business_numbers.is_empty() {
        loading.business_numbers(&scope.business_numbers).await?;
    }
    if !scope.idempotency_keys.is_empty() {
        loading.idempotency_keys(scope).await?;
    }
    if !scope.slugs.is_empty() {
        loading.slugs(&scope.slugs).await?;
    }
    if !scope.quarantined.is_empty() {
        loading.quarantined(&scope.quarantined).await?;
    }
    if !scope.unclaimed.is_empty() {
        loading.unclaimed(&scope.unclaimed).await?;
    }
    if !scope.approvals.is_empty() {
        loading.approvals(&scope.approvals).await?;
    }
    if !scope.streams.is_empty() {
        loading.streams(&scope.streams).await?;
    }
    Ok(loading.loaded)
}

/// Reads merchants by id.
pub(crate) async fn merchants(
    connection: &mut PgConnection,
    wanted: &[(TenantId, MerchantId)],
) -> Result<Loaded, TransactError> {
    let loaded = Loaded::default();
    let mut loading = Loading { connection, loaded };
    loading.merchants_by_id(wanted).await?;
    Ok(loading.loaded)
}

/// The tenants of keys.
fn owners<Key>(keys: &[(TenantId, Key)]) -> Vec<Uuid> {
    keys.iter().map(|(tenant, _)| tenant.as_uuid()).collect()
}

/// The keys themselves, as the database has them.
fn names<'a, Key, Name>(keys: &'a [(TenantId, Key)], name: impl Fn(&'a Key) -> Name) -> Vec<Name> {
    keys.iter().map(|(_, key)| name(key)).collect()
}

struct Loading<'a> {
    connection: &'a mut PgConnection,
    loaded: Loaded,
}

impl Loading<'_> {
    async fn find<Raw, F>(&mut self, statement: Map<'_, Postgres, F, PgArguments>) -> Result<(), TransactError>
    where
        Raw: Found + Send + Unpin,
        F: FnMut(PgRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let found = statement.fetch_all(&mut *self.connection).await.map_err(transact)?;
        for row in found {
            row.add_to(&mut self.loaded)?;
        }
        Ok(())
    }

    async fn merchants_by_id(&mut self, wanted: &[(TenantId, MerchantId)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            OwnedMerchant,
            r#"
            SELECT wanted.tenant_id AS "tenant_id!", m.merchant_id AS "merchant_id!", m.state AS "state!",
                k.wrapped AS "wrapped?", m.is_current AS "is_current!", s.linked_at AS "linked_at?",
                s.begun_at AS "begun_at?", s.submitted_at AS "submitted_at?", s.opened_at AS "opened_at?",
                s.under_way AS "under_way?"
            FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, merchant_id)
            CROSS JOIN LATERAL (
                SELECT merchant_id, state, facets_version = version AS is_current FROM merchants
                WHERE tenant_id = wanted.tenant_id AND merchant_id >= wanted.merchant_id ORDER BY merchant_id LIMIT 1
            ) AS m
            LEFT JOIN LATERAL (
                SELECT wrapped FROM data_keys WHERE tenant_id = wanted.tenant_id AND owner = m.merchant_id LIMIT 1
            ) AS k ON true
            LEFT JOIN LATERAL (
                SELECT linked_at, begun_at, submitted_at, opened_at, under_way FROM merchant_milestones
                WHERE tenant_id = wanted.tenant_id AND merchant_id = m.merchant_id LIMIT 1
            ) AS s ON true
            WHERE m.merchant_id = wanted.merchant_id
            "#,
            &owners(wanted),
            &names(wanted, MerchantId::as_uuid)
        );
        self.find(statement).await
    }

    async fn merchants_by_reference(&mut self, wanted: &[(TenantId, Reference)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            OwnedMerchant,
            r#"
            SELECT wanted.tenant_id AS "tenant_id!", m.merchant_id AS "merchant_id!", m.state AS "state!",
                k.wrapped AS "wrapped?", m.is_current AS "is_current!", s.linked_at AS "linked_at?",
                s.begun_at AS "begun_at?", s.submitted_at AS "submitted_at?", s.opened_at AS "opened_at?",
                s.under_way AS "under_way?"
            FROM unnest($1::uuid[], $2::text[], $3::text[]) AS wanted (tenant_id, member_code, merchant_code)
            CROSS JOIN LATERAL (
                SELECT merchant_id, member_code FROM merchant_identities
                WHERE tenant_id = wanted.tenant_id AND merchant_code = wanted.merchant_code
                    AND member_code >= wanted.member_code
                ORDER BY member_code LIMIT 1
            ) AS i
            CROSS JOIN LATERAL (
                SELECT merchant_id, state, facets_version = version AS is_current FROM merchants
                WHERE tenant_id = wanted.tenant_id AND merchant_id >= i.merchant_id ORDER BY merchant_id LIMIT 1
            ) AS m
            LEFT JOIN LATERAL (
                SELECT wrapped FROM data_keys WHERE tenant_id = wanted.tenant_id AND owner = m.merchant_id LIMIT 1
            ) AS k ON true
            LEFT JOIN LATERAL (
                SELECT linked_at, begun_at, submitted_at, opened_at, under_way FROM merchant_milestones
                WHERE tenant_id = wanted.tenant_id AND merchant_id = m.merchant_id LIMIT 1
            ) AS s ON true
            WHERE i.member_code = wanted.member_code AND m.merchant_id = i.merchant_id
            "#,
            &owners(wanted),
            &names(wanted, |it| it.member_code.as_str()) as &[&str],
            &names(wanted, |it| it.merchant_code.as_str()) as &[&str]
        );
        self.find(statement).await
    }

    /// A code may stand under very many members: whether one has it is one probe, how many have it would be a count.
    async fn merchant_codes(&mut self, wanted: &[(TenantId, MerchantCode)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawMerchantCode,
            r#"
            SELECT wanted.tenant_id AS "tenant_id!", i.merchant_code AS "merchant_code!"
            FROM unnest($1::uuid[], $2::text[]) AS wanted (tenant_id, code)
            CROSS JOIN LATERAL (
                SELECT merchant_code FROM merchant_identities
                WHERE tenant_id = wanted.tenant_id AND merchant_code >= wanted.code ORDER BY merchant_code LIMIT 1
            ) AS i
            WHERE i.merchant_code = wanted.code
            "#,
            &owners(wanted),
            &names(wanted, MerchantCode::as_str) as &[&str]
        );
        self.find(statement).await
    }

    async fn business_numbers(&mut self, wanted: &[(TenantId, String)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawBusinessNumber,
            r#"
            SELECT wanted.tenant_id AS "tenant_id!", i.business_number AS "business_number!"
            FROM unnest($1::uuid[], $2::text[]) AS wanted (tenant_id, number)
            CROSS JOIN LATERAL (
                SELECT business_number FROM merchant_identities
                WHERE tenant_id = wanted.tenant_id AND business_number >= wanted.number
                ORDER BY business_number LIMIT 1
            ) AS i
            WHERE i.business_number = wanted.number
            "#,
            &owners(wanted),
            &names(wanted, String::as_str) as &[&str]
        );
        self.find(statement).await
    }

    async fn idempotency_keys(&mut self, scope: &Scope) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            Idempotency,
            r#"
            SELECT i.tenant_id AS "tenant_id!", i.key AS "key!", i.fingerprint AS "fingerprint!",
                i.merchant_id AS "merchant_id!", i.link_id AS "link_id?", i.version AS "version!",
                i.created_at AS "created_at!", i.expires_at AS "expires_at!"
            FROM unnest($1::uuid[], $2::text[]) AS wanted (tenant_id, key)
            CROSS JOIN LATERAL (
                SELECT * FROM idempotency_keys
                WHERE tenant_id = wanted.tenant_id AND key >= wanted.key ORDER BY key LIMIT 1
            ) AS i
            WHERE i.key = wanted.key AND i.expires_at > $3
            "#,
            &owners(&scope.idempotency_keys),
            &names(&scope.idempotency_keys, String::as_str) as &[&str],
            scope.now
        );
        self.find(statement).await
    }

    async fn slugs(&mut self, wanted: &[Slug]) -> Result<(), TransactError> {
        let wanted: Vec<_> = wanted.iter().map(Slug::as_str).collect();
        let statement = sqlx::query_as!(
            RawSlug,
            r#"
            SELECT t.slug AS "slug!", t.tenant_id AS "tenant_id!"
            FROM unnest($1::text[]) AS wanted (slug)
            CROSS JOIN LATERAL (SELECT slug, tenant_id FROM tenants WHERE slug = wanted.slug LIMIT 1) AS t
            "#,
            &wanted as &[&str]
        );
        self.find(statement).await
    }

    async fn quarantined(&mut self, wanted: &[(TenantId, EventId)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            Quarantine,
            r#"
            SELECT q.tenant_id AS "tenant_id!", q.event_id AS "event_id!", q.seq AS "seq!",
                q.stream_kind AS "stream_kind!", q.stream_id AS "stream_id!", q.version AS "version!",
                q.reason AS "reason!", q.member_code AS "member_code?", q.merchant_code AS "merchant_code?",
                q.received_at AS "received_at!", q.state AS "state!", q.settled_by AS "settled_by?"
            FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, event_id)
            CROSS JOIN LATERAL (
                SELECT * FROM quarantine
                WHERE tenant_id = wanted.tenant_id AND event_id >= wanted.event_id ORDER BY event_id LIMIT 1
            ) AS q
            WHERE q.event_id = wanted.event_id
            "#,
            &owners(wanted),
            &names(wanted, EventId::as_uuid)
        );
        self.find(statement).await
    }

    async fn unclaimed(&mut self, wanted: &[(TenantId, Reference)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            Unclaimed,
            r#"
            SELECT u.tenant_id AS "tenant_id!", u.member_code AS "member_code!", u.merchant_code AS "merchant_code!",
                u.id AS "id!", u.first_seen_at AS "first_seen_at!", u.last_seen_at AS "last_seen_at!",
                u.callbacks AS "callbacks!", u.listed AS "listed!", u.mapping_status AS "mapping_status?",
                u.state AS "state!", u.merchant_id AS "merchant_id?", u.settled_by AS "settled_by?"
            FROM unnest($1::uuid[], $2::text[], $3::text[]) AS wanted (tenant_id, member_code, merchant_code)
            CROSS JOIN LATERAL (
                SELECT * FROM unclaimed_merchants
                WHERE tenant_id = wanted.tenant_id AND member_code = wanted.member_code
                    AND merchant_code >= wanted.merchant_code
                ORDER BY merchant_code LIMIT 1
            ) AS u
            WHERE u.merchant_code = wanted.merchant_code
            "#,
            &owners(wanted),
            &names(wanted, |it| it.member_code.as_str()) as &[&str],
            &names(wanted, |it| it.merchant_code.as_str()) as &[&str]
        );
        self.find(statement).await
    }

    /// Bill and approval numbers are one merchant's; should a thousand share them, one more receipt is all that comes of
    /// it.
    async fn approvals(&mut self, wanted: &[(TenantId, ApprovalDigest)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawApproval,
            r#"
            SELECT wanted.tenant_id AS "tenant_id!", wanted.identity AS "identity!", a.merchant_id AS "merchant_id!"
            FROM unnest($1::uuid[], $2::bytea[]) AS wanted (tenant_id, identity)
            CROSS JOIN LATERAL (
                SELECT merchant_id FROM approvals
                WHERE tenant_id = wanted.tenant_id AND identity BETWEEN wanted.identity AND wanted.identity
                ORDER BY identity, merchant_id LIMIT 1000
            ) AS a
            "#,
            &owners(wanted),
            &names(wanted, |digest| digest.0.as_slice()) as &[&[u8]]
        );
        self.find(statement).await
    }

    async fn streams(&mut self, wanted: &[(TenantId, Uuid)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawStream,
            r#"
            SELECT e.tenant_id AS "tenant_id!", e.stream_id AS "stream_id!", e.version AS "version!"
            FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, stream_id)
            CROSS JOIN LATERAL (
                SELECT tenant_id, stream_id, version FROM events
                WHERE tenant_id = wanted.tenant_id AND stream_id = wanted.stream_id ORDER BY version DESC LIMIT 1
            ) AS e
            "#,
            &owners(wanted),
            &names(wanted, |id| *id)
        );
        self.find(statement).await
    }
}
