-- What nearly every batch writes, in one round trip. Each part sees the tables as they were before the statement.
WITH appended AS (
    INSERT INTO events (
        tenant_id, seq, event_id, stream_kind, stream_id, version, type, recorded_at, actor, correlation_id,
        causation_id, idempotency_key, data, sealed, hash
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::bigint[], $7::text[], $8::timestamptz[],
        $9::text[], $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::bytea[], $15::bytea[]
    )
), replaced AS (
    INSERT INTO merchants (
        tenant_id, merchant_id, member_code, merchant_code, version, status, stage, stage_since, company_name,
        branch_name, business_number, pending_link_id, pending_since, created_at, updated_at, state
    )
    SELECT * FROM unnest(
        $16::uuid[], $17::uuid[], $18::text[], $19::text[], $20::bigint[], $21::text[], $22::text[],
        $23::timestamptz[], $24::text[], $25::text[], $26::text[], $27::uuid[], $28::timestamptz[],
        $29::timestamptz[], $30::timestamptz[], $31::text[]
    )
    ON CONFLICT (tenant_id, merchant_id) DO UPDATE SET
        version = excluded.version,
        status = excluded.status,
        stage = excluded.stage,
        stage_since = excluded.stage_since,
        company_name = excluded.company_name,
        branch_name = excluded.branch_name,
        business_number = excluded.business_number,
        pending_link_id = excluded.pending_link_id,
        pending_since = excluded.pending_since,
        updated_at = excluded.updated_at,
        state = excluded.state
), begun AS (
    SELECT * FROM unnest(
        $32::uuid[], $33::uuid[], $34::bigint[], $35::text[], $36::text[], $37::timestamptz[], $38::timestamptz[]
    ) AS begun (tenant_id, merchant_id, version, status, stage, valid_from, valid_to)
), ended AS (
    -- The stretch that was open before a merchant's first new one ends where that begins.
    UPDATE merchant_history AS h SET valid_to = w.valid_from
    FROM (
        SELECT tenant_id, merchant_id, min(valid_from) AS valid_from FROM begun GROUP BY tenant_id, merchant_id
    ) AS w
    WHERE h.tenant_id = w.tenant_id AND h.merchant_id = w.merchant_id AND h.valid_to IS NULL
), added AS (
    INSERT INTO merchant_history (tenant_id, merchant_id, version, status, stage, valid_from, valid_to)
    SELECT * FROM begun
)
INSERT INTO merchant_links (tenant_id, link_id, merchant_id)
SELECT * FROM unnest($39::uuid[], $40::uuid[], $41::uuid[])
