-- One statement, so that all of it is of one moment: a batch that commits in between would look like a difference. A
-- row that would be found by something else is none.
SELECT m.tenant_id, m.merchant_id, m.member_code, m.merchant_code, m.version, m.status, m.stage,
    m.stage_since, m.company_name, m.branch_name, m.business_number, m.pending_link_id, m.pending_since,
    m.confirming_since, CASE WHEN m.facets_version = m.version THEN m.facets END AS facets, m.created_at,
    m.updated_at, m.state, (
        SELECT coalesce(
            json_agg(json_build_array(
                version, status, stage, valid_from, facets, stage_since, ended_stage, ended_since
            )), '[]'
        )::text
        FROM merchant_history WHERE tenant_id = $1 AND merchant_id = m.merchant_id
    ) AS "history!", array_to_json(ARRAY (
        SELECT link_id FROM merchant_links
        WHERE tenant_id = $1 AND merchant_id BETWEEN m.merchant_id AND m.merchant_id ORDER BY merchant_id
    ))::text AS "links!", (
        SELECT coalesce(
            json_agg(json_build_array(version, event_id, encode(identity, 'hex'), recorded_at)), '[]'
        )::text
        FROM approvals WHERE tenant_id = $1 AND merchant_id = m.merchant_id
    ) AS "approvals!", (
        SELECT coalesce(json_agg(json_build_array(
            version, created_at, valid_from, valid_to, name_key, code_key, text, number, marks,
            (SELECT string_agg('p' || lpad(to_hex(piece), 8, '0'), ' ') FROM unnest(pieces) AS piece)
        )), '[]')::text
        FROM merchant_terms WHERE tenant_id = $1 AND merchant_id = m.merchant_id
    ) AS "terms!", (
        SELECT json_build_array(
            created_at, linked_at, begun_at, submitted_at, opened_at, under_way::integer
        )::text
        FROM merchant_milestones WHERE tenant_id = $1 AND merchant_id = m.merchant_id
    ) AS milestones, (
        SELECT json_build_array(alert_id, rule, rank, due_at, acknowledged_at, snoozed_until)::text
        FROM merchant_alerts WHERE tenant_id = $1 AND merchant_id = m.merchant_id
    ) AS alert
FROM unnest($2::uuid[]) AS wanted (merchant_id)
CROSS JOIN LATERAL (
    SELECT * FROM merchants
    WHERE tenant_id = $1 AND merchant_id >= wanted.merchant_id ORDER BY merchant_id LIMIT 1
) AS m
CROSS JOIN LATERAL (
    SELECT member_code, merchant_code, business_number FROM merchant_identities
    WHERE tenant_id = $1 AND merchant_id = m.merchant_id LIMIT 1
) AS i
WHERE m.merchant_id = wanted.merchant_id
    AND i IS NOT DISTINCT FROM (m.member_code, m.merchant_code, m.business_number)
