//! Very many rows at once, by SQL: copies of rows that the product wrote, with other keys. What is measured on top of
//! them is the product's own.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection};

use crate::installation::{Engine, Installation};

/// Merchants: copies of those that the product wrote, in turn, registered a second apart. Their ids rise with time, as
/// real ones do. They are counted, because lists are looked for by what the counts say.
const MERCHANTS_IN_POSTGRES: &str = "
    INSERT INTO merchants (tenant_id, merchant_id, member_code, merchant_code, version, status, stage, stage_since,
        company_name, branch_name, business_number, created_at, updated_at, state, facets, facets_version)
    SELECT m.tenant_id,
        (lpad(to_hex(floor(extract(epoch FROM m.created_at - ago.length) * 1000)::bigint), 12, '0')
            || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
        'bulk-' || (n / 4), 'bulk-' || $count || '-' || n, m.version, m.status,
        m.stage, m.stage_since - ago.length, m.company_name, m.branch_name, m.business_number,
        m.created_at - ago.length, m.updated_at - ago.length, m.state, m.facets, m.version
    FROM generate_series(1, $count) AS n
    CROSS JOIN LATERAL (SELECT ($count - n) * interval '1 second') AS ago (length)
    JOIN (
        SELECT *, row_number() OVER (ORDER BY merchant_id) AS place, count(*) OVER () AS places
        FROM merchants WHERE member_code NOT LIKE 'bulk-%'
    ) AS m ON m.place = n % m.places + 1;
    INSERT INTO merchant_identities
    SELECT tenant_id, merchant_id, member_code, merchant_code, business_number FROM merchants
    WHERE member_code LIKE 'bulk-%'
    ON CONFLICT (tenant_id, merchant_id) DO NOTHING;
    INSERT INTO merchant_terms (tenant_id, merchant_id, version, created_at, valid_from, name_key, code_key, text, number,
        marks, pieces)
    SELECT tenant_id, merchant_id, version, created_at, created_at, merchant_code, merchant_code, merchant_code, '', '', '{}'
    FROM merchants WHERE member_code LIKE 'bulk-%'
    ON CONFLICT (tenant_id, merchant_id, version) DO NOTHING;
    INSERT INTO merchant_counts SELECT tenant_id, facets, count(*) FROM merchants WHERE facets IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (tenant_id, facets) DO UPDATE SET count = excluded.count;
    INSERT INTO standing_counts SELECT tenant_id, stage, registry_day(stage_since), count(*) FROM merchants
    WHERE facets IS NOT NULL GROUP BY 1, 2, 3
    ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = excluded.count";

const MERCHANTS_IN_SQLITE: &str = "
    WITH RECURSIVE numbers (n, ago) AS (
        SELECT 1, ($count - 1) * 1000000 UNION ALL SELECT n + 1, ago - 1000000 FROM numbers WHERE n < $count
    )
    INSERT INTO merchants (tenant_id, merchant_id, member_code, merchant_code, version, status, stage, stage_since,
        company_name, branch_name, business_number, created_at, updated_at, state, facets, facets_version)
    SELECT m.tenant_id,
        unhex(printf('%012x', (m.created_at - ago) / 1000)
            || '7' || substr(hex(randomblob(2)), 2) || '8' || substr(hex(randomblob(8)), 2)),
        'bulk-' || (n / 4), 'bulk-' || $count || '-' || n, m.version,
        m.status, m.stage, m.stage_since - ago, m.company_name, m.branch_name, m.business_number, m.created_at - ago,
        m.updated_at - ago, m.state, m.facets, m.version
    FROM numbers CROSS JOIN copied AS m ON m.place = n % (SELECT count(*) FROM copied) + 1;
    INSERT INTO merchant_terms (tenant_id, merchant_id, version, created_at, valid_from, name_key, code_key, text, number,
        marks, pieces)
    SELECT tenant_id, merchant_id, version, created_at, created_at, merchant_code, merchant_code, merchant_code, '', '', ''
    FROM merchants WHERE member_code LIKE 'bulk-%'
    ON CONFLICT (tenant_id, merchant_id, version) DO NOTHING;
    INSERT INTO merchant_counts SELECT tenant_id, facets, count(*) FROM merchants WHERE facets IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (tenant_id, facets) DO UPDATE SET count = excluded.count;
    INSERT INTO standing_counts SELECT tenant_id, stage, (stage_since + 32400000000) / 86400000000, count(*) FROM merchants
    WHERE facets IS NOT NULL GROUP BY 1, 2, 3
    ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = excluded.count";

const COPIED_IN_SQLITE: &str = "
    CREATE TEMP TABLE copied AS
        SELECT *, row_number() OVER (ORDER BY merchant_id) AS place, count(*) OVER () AS places
        FROM merchants WHERE member_code NOT LIKE 'bulk-%';
    CREATE UNIQUE INDEX temp.copied_by_place ON copied (place)";

/// Events of every tenant: copies of its last callback, behind its head, ten in a row for one merchant. Their merchants
/// lie between the real ones in every index, so that each callback that follows meets pages of its own; their event ids
/// rise with time, as real ones do.
const EVENTS_IN_POSTGRES: &str = "
    INSERT INTO events (tenant_id, seq, event_id, stream_kind, stream_id, version, type, recorded_at, actor,
        correlation_id, data, sealed, hash)
    SELECT t.tenant_id, t.head + n,
        (overlay(left(e.event_id::text, 13) placing lpad(to_hex(n >> 16), 4, '0') || '-' || lpad(to_hex(n & 65535), 4, '0')
            from 5) || '-7' || substr(md5(n::text), 1, 3) || '-8' || substr(md5(n::text), 4, 3) || '-'
            || substr(md5(n::text || t.tenant_id), 1, 12))::uuid,
        'merchant',
        (left(t.merchants[(n / 10) % cardinality(t.merchants) + 1]::text, 24)
            || substr(md5((n / 10)::text), 1, 12))::uuid,
        n % 10 + 1, e.type, e.recorded_at, e.actor, e.correlation_id, e.data, e.sealed, e.hash
    FROM (
        SELECT tenant_id, max(seq) AS head,
            (SELECT array_agg(merchant_id) FROM merchants AS m WHERE m.tenant_id = events.tenant_id) AS merchants
        FROM events GROUP BY tenant_id
    ) AS t
    JOIN LATERAL (
        SELECT * FROM events AS last WHERE last.tenant_id = t.tenant_id AND type = 'callback.received'
        ORDER BY seq DESC LIMIT 1
    ) AS e ON true
    CROSS JOIN generate_series(1, $count) AS n";

const EVENTS_IN_SQLITE: &str = "
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $count)
    INSERT INTO events (tenant_id, seq, event_id, stream_kind, stream_id, version, type, recorded_at, actor,
        correlation_id, data, sealed, hash)
    SELECT e.tenant_id, h.head + n, randomblob(16), 'merchant', randomblob(16), 1, e.type, h.recorded_at, e.actor,
        e.correlation_id, e.data, e.sealed, e.hash
    FROM (SELECT tenant_id, max(seq) AS head, max(recorded_at) AS recorded_at FROM events GROUP BY tenant_id) AS h
    JOIN events AS e ON e.tenant_id = h.tenant_id AND e.seq = (
        SELECT max(seq) FROM events AS last WHERE last.tenant_id = h.tenant_id AND type = 'callback.received'
    )
    CROSS JOIN numbers";

/// Adds so many merchants to the only tenant.
pub(crate) async fn merchants(installation: &Installation, count: usize) -> anyhow::Result<()> {
    match installation.engine {
        Engine::Postgres => postgres(installation, MERCHANTS_IN_POSTGRES, count).await,
        Engine::Sqlite => {
            let statement = [COPIED_IN_SQLITE, MERCHANTS_IN_SQLITE].join(";");
            sqlite(installation, &statement, count).await
        }
    }
}

/// Adds so many events to each tenant. Each has taken a callback in before.
pub(crate) async fn events(installation: &Installation, each: usize) -> anyhow::Result<()> {
    match installation.engine {
        Engine::Postgres => postgres(installation, EVENTS_IN_POSTGRES, each).await,
        Engine::Sqlite => sqlite(installation, EVENTS_IN_SQLITE, each).await,
    }
}

/// Removes everything that is projected of merchants.
pub(crate) async fn forget_merchants(installation: &Installation) -> anyhow::Result<()> {
    let statement = "DELETE FROM merchants; DELETE FROM merchant_history; DELETE FROM merchant_terms; DELETE FROM merchant_links; \
         DELETE FROM merchant_milestones";
    match installation.engine {
        Engine::Postgres => {
            let statement = [statement, "DELETE FROM merchant_identities"].join(";");
            postgres(installation, &statement, 0).await
        }
        Engine::Sqlite => sqlite(installation, statement, 0).await,
    }
}

/// Lets the question about every merchant be due, or none be planned.
pub(crate) async fn plan_questions(installation: &Installation, due: bool) -> anyhow::Result<()> {
    let statement = if due {
        "UPDATE merchants SET ask_at = created_at"
    } else {
        "UPDATE merchants SET ask_at = NULL"
    };
    match installation.engine {
        Engine::Postgres => postgres(installation, statement, 0).await,
        Engine::Sqlite => sqlite(installation, statement, 0).await,
    }
}

async fn postgres(installation: &Installation, statement: &str, count: usize) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(installation.url()?).await?;
    let statement = statement.replace("$count", &count.to_string());
    sqlx::raw_sql("SET synchronous_commit = off")
        .execute(&mut connection)
        .await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await?;
    installation.settle().await
}

async fn sqlite(installation: &Installation, statement: &str, count: usize) -> anyhow::Result<()> {
    let options = SqliteConnectOptions::new().filename(installation.file());
    let mut connection: SqliteConnection = options.pragma("cache_size", "-262144").connect().await?;
    let statement = statement.replace("$count", &count.to_string());
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    sqlx::raw_sql("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}
