-- A page of the ids of all merchants of which anything is projected. Of each table no more is read than the page can hold: its index
-- has the ids in order.
SELECT merchant_id AS "merchant_id!" FROM (
    (
        SELECT merchant_id FROM merchants
        WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3
    ) UNION (
        SELECT DISTINCT merchant_id FROM merchant_history
        WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3
    ) UNION (
        SELECT merchant_id FROM merchant_milestones
        WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3
    ) UNION (
        SELECT DISTINCT merchant_id FROM merchant_terms
        WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3
    ) UNION (
        SELECT DISTINCT merchant_id FROM merchant_links
        WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3
    ) UNION (
        SELECT DISTINCT merchant_id FROM approvals
        WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3
    ) UNION (
        SELECT merchant_id FROM merchant_alerts
        WHERE tenant_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3
    )
) AS found ORDER BY merchant_id LIMIT $3
