-- Removes what is projected of merchants. Each way into a table is a range in the order of its index: while a table is small any
-- index looks as good as any other, and the plan stays while it grows.
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, merchant_id)
), identities AS (
    DELETE FROM merchant_identities WHERE ctid = ANY (ARRAY (
        SELECT i.ctid FROM wanted AS w CROSS JOIN LATERAL (
            SELECT ctid FROM merchant_identities
            WHERE tenant_id = w.tenant_id AND merchant_id BETWEEN w.merchant_id AND w.merchant_id
            ORDER BY merchant_id OFFSET 0
        ) AS i
    ))
), history AS (
    DELETE FROM merchant_history WHERE ctid = ANY (ARRAY (
        SELECT h.ctid FROM wanted AS w CROSS JOIN LATERAL (
            SELECT ctid FROM merchant_history
            WHERE tenant_id = w.tenant_id AND merchant_id BETWEEN w.merchant_id AND w.merchant_id
            ORDER BY merchant_id, version OFFSET 0
        ) AS h
    ))
), milestones AS (
    DELETE FROM merchant_milestones WHERE ctid = ANY (ARRAY (
        SELECT s.ctid FROM wanted AS w CROSS JOIN LATERAL (
            SELECT ctid FROM merchant_milestones
            WHERE tenant_id = w.tenant_id AND merchant_id BETWEEN w.merchant_id AND w.merchant_id
            ORDER BY merchant_id OFFSET 0
        ) AS s
    ))
), terms AS (
    DELETE FROM merchant_terms WHERE ctid = ANY (ARRAY (
        SELECT t.ctid FROM wanted AS w CROSS JOIN LATERAL (
            SELECT ctid FROM merchant_terms
            WHERE tenant_id = w.tenant_id AND merchant_id BETWEEN w.merchant_id AND w.merchant_id
            ORDER BY merchant_id, version OFFSET 0
        ) AS t
    ))
), links AS (
    DELETE FROM merchant_links WHERE ctid = ANY (ARRAY (
        SELECT l.ctid FROM wanted AS w CROSS JOIN LATERAL (
            SELECT ctid FROM merchant_links
            WHERE tenant_id = w.tenant_id AND merchant_id BETWEEN w.merchant_id AND w.merchant_id
            ORDER BY merchant_id OFFSET 0
        ) AS l
    ))
), approvals AS (
    DELETE FROM approvals WHERE ctid = ANY (ARRAY (
        SELECT a.ctid FROM wanted AS w CROSS JOIN LATERAL (
            SELECT ctid FROM approvals
            WHERE tenant_id = w.tenant_id AND merchant_id BETWEEN w.merchant_id AND w.merchant_id
            ORDER BY merchant_id, version OFFSET 0
        ) AS a
    ))
), alerts AS (
    DELETE FROM merchant_alerts WHERE ctid = ANY (ARRAY (
        SELECT a.ctid FROM wanted AS w CROSS JOIN LATERAL (
            SELECT ctid FROM merchant_alerts
            WHERE tenant_id = w.tenant_id AND merchant_id BETWEEN w.merchant_id AND w.merchant_id
            ORDER BY merchant_id OFFSET 0
        ) AS a
    ))
), counted AS (
    UPDATE tenants SET generation = generation + 1 WHERE tenant_id = ANY ($1)
)
DELETE FROM merchants WHERE ctid = ANY (ARRAY (
    SELECT m.ctid FROM wanted AS w CROSS JOIN LATERAL (
        SELECT ctid FROM merchants
        WHERE tenant_id = w.tenant_id AND merchant_id BETWEEN w.merchant_id AND w.merchant_id
        ORDER BY merchant_id OFFSET 0
    ) AS m
))
