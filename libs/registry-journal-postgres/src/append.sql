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
        branch_name, business_number, pending_link_id, pending_since, created_at, updated_at, state,
        confirming_since, ask_at
    )
    SELECT * FROM unnest(
        $16::uuid[], $17::uuid[], $18::text[], $19::text[], $20::bigint[], $21::text[], $22::text[],
        $23::timestamptz[], $24::text[], $25::text[], $26::text[], $27::uuid[], $28::timestamptz[],
        $29::timestamptz[], $30::timestamptz[], $31::text[], $32::timestamptz[], $33::timestamptz[]
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
        state = excluded.state,
        confirming_since = excluded.confirming_since,
        -- The plan stays as it is where its ground did not change.
        ask_at = CASE
            WHEN excluded.ask_at IS NOT NULL AND excluded.updated_at = merchants.updated_at
                AND excluded.confirming_since IS NOT DISTINCT FROM merchants.confirming_since
            THEN coalesce(merchants.ask_at, excluded.ask_at)
            ELSE excluded.ask_at
        END
), begun AS (
    SELECT * FROM unnest(
        $34::uuid[], $35::uuid[], $36::bigint[], $37::text[], $38::text[], $39::timestamptz[], $40::timestamptz[]
    ) AS begun (tenant_id, merchant_id, version, status, stage, valid_from, valid_to)
), ended AS (
    -- The stretch that was open before a merchant's first new one ends where that begins. It is the newest: found from
    -- the end of the merchant's range, by its index also while the table is small and the plan is made.
    UPDATE merchant_history AS h SET valid_to = w.valid_from
    FROM (
        SELECT newest.place, first.valid_from
        FROM (
            SELECT tenant_id, merchant_id, min(valid_from) AS valid_from FROM begun GROUP BY tenant_id, merchant_id
        ) AS first
        CROSS JOIN LATERAL (
            SELECT ctid AS place, valid_to FROM merchant_history
            WHERE tenant_id = first.tenant_id AND merchant_id BETWEEN first.merchant_id AND first.merchant_id
            ORDER BY merchant_id DESC, version DESC LIMIT 1
        ) AS newest
        WHERE newest.valid_to IS NULL
    ) AS w
    WHERE h.ctid = w.place
), added AS (
    INSERT INTO merchant_history (tenant_id, merchant_id, version, status, stage, valid_from, valid_to)
    SELECT * FROM begun
)
INSERT INTO merchant_links (tenant_id, link_id, merchant_id)
SELECT * FROM unnest($41::uuid[], $42::uuid[], $43::uuid[])
