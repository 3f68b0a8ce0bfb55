//! What a batch sees: one statement for each kind of thing that its scope names.
//!
//! CROSS JOIN keeps the order: one probe of an index for each key that is wanted, never a scan.

use registry_domain::tenant::Slug;
use registry_domain::{EventId, MerchantCode, MerchantId, Reference, TenantId};
use registry_journal::port::{ApprovalDigest, ExpectedHead, Loaded, Scope, TransactError};
use registry_journal_rows::{
    Found, RawApproval, RawBusinessNumber, RawMerchantCode, RawOwnedTenant, RawSlug, RawStream,
};
use sqlx::query::Map;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::types::Uuid;
use sqlx::{Sqlite, SqliteConnection};

use crate::error::transact;
use crate::rows::{Head, Idempotency, OwnedMerchant, Quarantine, Unclaimed, micros};
use crate::statement::{hex, to_json};

/// Reads everything that the scope names. Called with the write lock held.
pub(crate) async fn load(connection: &mut SqliteConnection, scope: &Scope) -> Result<Loaded, TransactError> {
    let loaded = Loaded::default();
    let mut loading = Loading { connection, loaded };
    loading.heads(&scope.tenants).await?;
    loading.tenants(&scope.tenants).await?;
    if !scope.merchants.is_empty() {
        loading.merchants_by_id(&scope.merchants).await?;
    }
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
    connection: &mut SqliteConnection,
    wanted: &[(TenantId, MerchantId)],
) -> Result<Loaded, TransactError> {
    let loaded = Loaded::default();
    let mut loading = Loading { connection, loaded };
    loading.merchants_by_id(wanted).await?;
    Ok(loading.loaded)
}

/// Whether a log does not end where it is expected to.
pub(crate) async fn have_moved(
    connection: &mut SqliteConnection,
    expected: &[ExpectedHead],
) -> Result<bool, TransactError> {
    let rows = to_json(expected.iter().map(|head| {
        let tenant = hex(head.tenant_id.as_uuid());
        (tenant, head.seq.0, ::hex::encode(head.hash), head.generation)
    }));
    let as_expected = sqlx::query_scalar!(
        r#"
        SELECT count(*) FROM jsonb_each(?1) AS expected
        CROSS JOIN events AS e
            ON e.tenant_id = unhex(expected.value ->> 0)
            AND e.seq = (SELECT max(seq) FROM events WHERE tenant_id = unhex(expected.value ->> 0))
        CROSS JOIN tenants AS t ON t.tenant_id = e.tenant_id
        WHERE e.seq = expected.value ->> 1 AND e.hash = unhex(expected.value ->> 2)
            AND t.generation = expected.value ->> 3
        "#,
        rows
    );
    let as_expected = as_expected.fetch_one(connection).await.map_err(transact)?;
    Ok(usize::try_from(as_expected) != Ok(expected.len()))
}

fn tenant_list(tenants: &[TenantId]) -> String {
    to_json(tenants.iter().map(|id| hex(id.as_uuid())))
}

/// Keys of one part beside the tenant.
fn pairs<Key>(keys: &[(TenantId, Key)], part: impl Fn(&Key) -> String) -> String {
    to_json(keys.iter().map(|(tenant, key)| (hex(tenant.as_uuid()), part(key))))
}

fn references(keys: &[(TenantId, Reference)]) -> String {
    to_json(keys.iter().map(|(tenant, pair)| {
        let (member, merchant) = (pair.member_code.as_str(), pair.merchant_code.as_str());
        (hex(tenant.as_uuid()), member, merchant)
    }))
}

struct Loading<'a> {
    connection: &'a mut SqliteConnection,
    loaded: Loaded,
}

impl Loading<'_> {
    async fn find<Raw, F>(&mut self, statement: Map<'_, Sqlite, F, SqliteArguments>) -> Result<(), TransactError>
    where
        Raw: Found + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let found = statement.fetch_all(&mut *self.connection).await.map_err(transact)?;
        for row in found {
            row.add_to(&mut self.loaded)?;
        }
        Ok(())
    }

    async fn heads(&mut self, wanted: &[TenantId]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            Head,
            r#"
            SELECT e.tenant_id AS "tenant_id!: Uuid", e.seq AS "seq!", e.hash AS "hash!",
                e.recorded_at AS "recorded_at!"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN events AS e
                ON e.tenant_id = unhex(wanted.value)
                AND e.seq = (SELECT max(seq) FROM events WHERE tenant_id = unhex(wanted.value))
            "#,
            tenant_list(wanted)
        );
        self.find(statement).await
    }

    async fn tenants(&mut self, wanted: &[TenantId]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawOwnedTenant,
            r#"
            SELECT t.tenant_id AS "tenant_id!: Uuid", t.state AS "state!", k.wrapped AS "wrapped?: Vec<u8>",
                t.generation AS "generation!"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN tenants AS t ON t.tenant_id = unhex(wanted.value)
            LEFT JOIN data_keys AS k ON k.tenant_id = t.tenant_id AND k.owner = t.tenant_id
            "#,
            tenant_list(wanted)
        );
        self.find(statement).await
    }

    async fn merchants_by_id(&mut self, wanted: &[(TenantId, MerchantId)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            OwnedMerchant,
            r#"
            SELECT m.tenant_id AS "tenant_id!: Uuid", m.merchant_id AS "merchant_id!: Uuid", m.state AS "state!",
                k.wrapped AS "wrapped?: Vec<u8>", m.facets_version = m.version AS "is_current!: bool",
                s.linked_at, s.begun_at, s.submitted_at, s.opened_at, s.under_way AS "under_way?: bool"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN merchants AS m
                ON m.tenant_id = unhex(wanted.value ->> 0) AND m.merchant_id = unhex(wanted.value ->> 1)
            LEFT JOIN data_keys AS k ON k.tenant_id = m.tenant_id AND k.owner = m.merchant_id
            LEFT JOIN merchant_milestones AS s ON s.tenant_id = m.tenant_id AND s.merchant_id = m.merchant_id
            "#,
            pairs(wanted, |id| hex(id.as_uuid()))
        );
        self.find(statement).await
    }

    async fn merchants_by_reference(&mut self, wanted: &[(TenantId, Reference)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            OwnedMerchant,
            r#"
            SELECT m.tenant_id AS "tenant_id!: Uuid", m.merchant_id AS "merchant_id!: Uuid", m.state AS "state!",
                k.wrapped AS "wrapped?: Vec<u8>", m.facets_version = m.version AS "is_current!: bool",
                s.linked_at, s.begun_at, s.submitted_at, s.opened_at, s.under_way AS "under_way?: bool"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN merchants AS m
                ON m.tenant_id = unhex(wanted.value ->> 0)
                AND m.member_code = wanted.value ->> 1
                AND m.merchant_code = wanted.value ->> 2
            LEFT JOIN data_keys AS k ON k.tenant_id = m.tenant_id AND k.owner = m.merchant_id
            LEFT JOIN merchant_milestones AS s ON s.tenant_id = m.tenant_id AND s.merchant_id = m.merchant_id
            "#,
            references(wanted)
        );
        self.find(statement).await
    }

    /// A code may stand under very many members: whether one has it is one probe, how many have it would be a count.
    async fn merchant_codes(&mut self, wanted: &[(TenantId, MerchantCode)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawMerchantCode,
            r#"
            SELECT unhex(wanted.value ->> 0) AS "tenant_id!: Uuid", wanted.value ->> 1 AS "merchant_code!: String"
            FROM jsonb_each(?1) AS wanted
            WHERE EXISTS (
                SELECT 1 FROM merchants
                WHERE tenant_id = unhex(wanted.value ->> 0) AND merchant_code = wanted.value ->> 1
            )
            "#,
            pairs(wanted, |code| code.as_str().to_owned())
        );
        self.find(statement).await
    }

    async fn business_numbers(&mut self, wanted: &[(TenantId, String)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawBusinessNumber,
            r#"
            SELECT unhex(wanted.value ->> 0) AS "tenant_id!: Uuid", wanted.value ->> 1 AS "business_number!: String"
            FROM jsonb_each(?1) AS wanted
            WHERE EXISTS (
                SELECT 1 FROM merchants
                WHERE tenant_id = unhex(wanted.value ->> 0) AND business_number = wanted.value ->> 1
            )
            "#,
            pairs(wanted, String::clone)
        );
        self.find(statement).await
    }

    async fn idempotency_keys(&mut self, scope: &Scope) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            Idempotency,
            r#"
            SELECT i.tenant_id AS "tenant_id!: Uuid", i.key AS "key!", i.fingerprint AS "fingerprint!",
                i.merchant_id AS "merchant_id!: Uuid", i.link_id AS "link_id?: Uuid", i.version AS "version!",
                i.created_at AS "created_at!", i.expires_at AS "expires_at!"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN idempotency_keys AS i
                ON i.tenant_id = unhex(wanted.value ->> 0) AND i.key = wanted.value ->> 1
            WHERE i.expires_at > ?2
            "#,
            pairs(&scope.idempotency_keys, String::clone),
            micros(scope.now)
        );
        self.find(statement).await
    }

    async fn slugs(&mut self, wanted: &[Slug]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawSlug,
            r#"
            SELECT t.slug AS "slug!", t.tenant_id AS "tenant_id!: Uuid"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN tenants AS t ON t.slug = wanted.value
            "#,
            to_json(wanted.iter().map(Slug::as_str))
        );
        self.find(statement).await
    }

    async fn quarantined(&mut self, wanted: &[(TenantId, EventId)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            Quarantine,
            r#"
            SELECT q.tenant_id AS "tenant_id!: Uuid", q.event_id AS "event_id!: Uuid", q.seq AS "seq!",
                q.stream_kind AS "stream_kind!", q.stream_id AS "stream_id!: Uuid", q.version AS "version!",
                q.reason AS "reason!", q.member_code, q.merchant_code, q.received_at AS "received_at!",
                q.state AS "state!", q.settled_by AS "settled_by?: Uuid"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN quarantine AS q
                ON q.tenant_id = unhex(wanted.value ->> 0) AND q.event_id = unhex(wanted.value ->> 1)
            "#,
            pairs(wanted, |id| hex(id.as_uuid()))
        );
        self.find(statement).await
    }

    async fn unclaimed(&mut self, wanted: &[(TenantId, Reference)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            Unclaimed,
            r#"
            SELECT u.tenant_id AS "tenant_id!: Uuid", u.member_code AS "member_code!",
                u.merchant_code AS "merchant_code!", u.id AS "id!: Uuid", u.first_seen_at AS "first_seen_at!",
                u.last_seen_at AS "last_seen_at!", u.callbacks AS "callbacks!", u.listed AS "listed!: bool",
                u.mapping_status, u.state AS "state!", u.merchant_id AS "merchant_id?: Uuid",
                u.settled_by AS "settled_by?: Uuid"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN unclaimed_merchants AS u
                ON u.tenant_id = unhex(wanted.value ->> 0)
                AND u.member_code = wanted.value ->> 1
                AND u.merchant_code = wanted.value ->> 2
            "#,
            references(wanted)
        );
        self.find(statement).await
    }

    async fn approvals(&mut self, wanted: &[(TenantId, ApprovalDigest)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawApproval,
            r#"
            SELECT a.tenant_id AS "tenant_id!: Uuid", a.identity AS "identity!", a.merchant_id AS "merchant_id!: Uuid"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN approvals AS a INDEXED BY approvals_by_identity
                ON a.tenant_id = unhex(wanted.value ->> 0) AND a.identity = unhex(wanted.value ->> 1)
            "#,
            pairs(wanted, |digest| ::hex::encode(digest.0))
        );
        self.find(statement).await
    }

    async fn streams(&mut self, wanted: &[(TenantId, Uuid)]) -> Result<(), TransactError> {
        let statement = sqlx::query_as!(
            RawStream,
            r#"
            SELECT e.tenant_id AS "tenant_id!: Uuid", e.stream_id AS "stream_id!: Uuid", e.version AS "version!"
            FROM jsonb_each(?1) AS wanted
            CROSS JOIN events AS e
                ON e.tenant_id = unhex(wanted.value ->> 0) AND e.stream_id = unhex(wanted.value ->> 1)
                AND e.version = (
                    SELECT max(version) FROM events
                    WHERE tenant_id = unhex(wanted.value ->> 0) AND stream_id = unhex(wanted.value ->> 1)
                )
            "#,
            pairs(wanted, |id| hex(*id))
        );
        self.find(statement).await
    }
}
