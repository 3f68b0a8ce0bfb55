-- What every callback writes, in one round trip. Each part sees the tables as they were before the statement.
-- Where this is the whole transaction, it comes with the logs that it expects: they are locked and compared before the first
-- row. A batch that has read under the locks expects nothing.
-- The arrays are unnested side by side in the list of columns, row by row: as a table, each would first be copied whole.
-- A batch by a clock that differs too much from the server's is refused before it waits for any lock.
WITH held AS MATERIALIZED (
    SELECT registry_in_time($45::timestamptz, $46::float8) AND (
        cardinality($40::bigint[]) = 0
        OR registry_hold($40::bigint[], $41::uuid[], $42::bigint[], $43::bytea[], $44::bigint[])
    ) AS are_as_expected
), appended AS (
    INSERT INTO events (
        tenant_id, seq, event_id, stream_kind, stream_id, version, type, recorded_at, actor, correlation_id,
        causation_id, idempotency_key, data, sealed, hash
    )
    SELECT
        unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::text[]), unnest($5::uuid[]),
        unnest($6::bigint[]), unnest($7::text[]), unnest($8::timestamptz[]), unnest($9::text[]), unnest($10::uuid[]),
        unnest($11::uuid[]), unnest($12::text[]), unnest($13::text[]), unnest($14::bytea[]), unnest($15::bytea[])
    WHERE (SELECT are_as_expected FROM held)
), replaced AS (
    INSERT INTO merchants (
        tenant_id, merchant_id, member_code, merchant_code, version, status, stage, stage_since, company_name,
        branch_name, business_number, pending_link_id, pending_since, created_at, updated_at, state,
        confirming_since, ask_at, facets, facets_version
    )
    SELECT
        unnest($16::uuid[]), unnest($17::uuid[]), unnest($18::text[]), unnest($19::text[]), unnest($20::bigint[]),
        unnest($21::text[]), unnest($22::text[]), unnest($23::timestamptz[]), unnest($24::text[]), unnest($25::text[]),
        unnest($26::text[]), unnest($27::uuid[]), unnest($28::timestamptz[]), unnest($29::timestamptz[]),
        unnest($30::timestamptz[]), unnest($31::text[]), unnest($32::timestamptz[]), unnest($33::timestamptz[]),
        unnest($47::bigint[]), unnest($20::bigint[])
    WHERE (SELECT are_as_expected FROM held)
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
        facets = excluded.facets,
        -- What an earlier version of the program has written to stays marked until it is folded anew: its history lacks facets too.
        facets_version = CASE
            WHEN merchants.facets_version = merchants.version THEN excluded.facets_version ELSE merchants.facets_version
        END,
        -- A question that is planned earlier stays where it is.
        ask_at = CASE WHEN excluded.ask_at IS NOT NULL THEN least(merchants.ask_at, excluded.ask_at) END
), passed AS (
    INSERT INTO merchant_milestones AS kept (
        tenant_id, merchant_id, created_at, linked_at, begun_at, submitted_at, opened_at, under_way
    )
    SELECT
        unnest($52::uuid[]), unnest($53::uuid[]), unnest($54::timestamptz[]), unnest($55::timestamptz[]),
        unnest($56::timestamptz[]), unnest($57::timestamptz[]), unnest($58::timestamptz[]), unnest($59::boolean[])
    WHERE (SELECT are_as_expected FROM held)
    ON CONFLICT (tenant_id, merchant_id) DO UPDATE SET
        linked_at = coalesce(kept.linked_at, excluded.linked_at),
        begun_at = coalesce(kept.begun_at, excluded.begun_at),
        submitted_at = coalesce(kept.submitted_at, excluded.submitted_at),
        opened_at = coalesce(kept.opened_at, excluded.opened_at),
        under_way = excluded.under_way
), counted AS (
    INSERT INTO merchant_counts AS kept (tenant_id, facets, count)
    SELECT unnest($60::uuid[]), unnest($61::bigint[]), unnest($62::bigint[])
    WHERE (SELECT are_as_expected FROM held)
    ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count
), counted_standing AS (
    INSERT INTO standing_counts AS kept (tenant_id, stage, since_on, count)
    SELECT unnest($63::uuid[]), unnest($64::text[]), unnest($65::bigint[]), unnest($66::bigint[])
    WHERE (SELECT are_as_expected FROM held)
    ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count
), counted_steps AS (
    INSERT INTO cohort_counts AS kept (tenant_id, cohort_on, step, from_on, to_on, count)
    SELECT unnest($67::uuid[]), unnest($68::bigint[]), unnest($69::text[]), unnest($70::bigint[]), unnest($71::bigint[]),
        unnest($72::bigint[])
    WHERE (SELECT are_as_expected FROM held)
    ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = kept.count + excluded.count
), counted_stays AS (
    INSERT INTO stay_counts AS kept (tenant_id, stage, ended_on, since_on, count)
    SELECT unnest($73::uuid[]), unnest($74::text[]), unnest($75::bigint[]), unnest($76::bigint[]), unnest($77::bigint[])
    WHERE (SELECT are_as_expected FROM held)
    ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count
)
INSERT INTO merchant_history (
    tenant_id, merchant_id, version, status, stage, valid_from, facets, stage_since, ended_stage, ended_since
)
SELECT
    unnest($34::uuid[]), unnest($35::uuid[]), unnest($36::bigint[]), unnest($37::text[]), unnest($38::text[]),
    unnest($39::timestamptz[]), unnest($48::bigint[]), unnest($49::timestamptz[]), unnest($50::text[]),
    unnest($51::timestamptz[])
WHERE (SELECT are_as_expected FROM held)
