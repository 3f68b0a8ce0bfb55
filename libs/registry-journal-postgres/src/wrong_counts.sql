-- The counts that are not what the rows come to, and by how much. One statement, so that all of it is of one moment: a batch that
-- commits in between would look like a difference.
SELECT t.generation, looked.counts AS "counts!", looked.word, looked.one AS "one!", looked.two, looked.three,
    sum(looked.by)::bigint AS "by!"
FROM tenants AS t
CROSS JOIN (
    SELECT 'merchant_counts' AS counts, NULL::text AS word, facets AS one, NULL::bigint AS two, NULL::bigint AS three,
        -count AS by
    FROM merchant_counts WHERE tenant_id = $1
    UNION ALL
    SELECT 'standing_counts', stage, since_on, NULL, NULL, -count FROM standing_counts WHERE tenant_id = $1
    UNION ALL
    SELECT 'stay_counts', stage, ended_on, since_on, NULL, -count FROM stay_counts WHERE tenant_id = $1
    UNION ALL
    SELECT 'cohort_counts', step, cohort_on, from_on, to_on, -count FROM cohort_counts WHERE tenant_id = $1
    UNION ALL
    SELECT 'merchant_counts', NULL, facets, NULL, NULL, count(*) FROM merchants
    WHERE tenant_id = $1 AND facets IS NOT NULL GROUP BY 3
    UNION ALL
    SELECT 'standing_counts', stage, registry_day(stage_since), NULL, NULL, count(*) FROM merchants
    WHERE tenant_id = $1 AND facets IS NOT NULL GROUP BY 2, 3
    UNION ALL
    SELECT 'stay_counts', ended_stage, registry_day(valid_from), registry_day(ended_since), NULL, count(*)
    FROM merchant_history WHERE tenant_id = $1 AND ended_stage IS NOT NULL GROUP BY 2, 3, 4
    UNION ALL
    SELECT 'stay_counts', 'opening', registry_day(opened_at), registry_day(created_at), NULL, count(*)
    FROM merchant_milestones WHERE tenant_id = $1 AND opened_at IS NOT NULL GROUP BY 3, 4
    UNION ALL
    SELECT 'cohort_counts', steps.step, steps.cohort_on, steps.from_on, steps.to_on, count(*) FROM merchant_milestones
    CROSS JOIN LATERAL registry_steps(created_at, linked_at, begun_at, submitted_at, opened_at, under_way) AS steps
    WHERE tenant_id = $1 GROUP BY 2, 3, 4, 5
) AS looked
WHERE t.tenant_id = $1
GROUP BY t.generation, looked.counts, looked.word, looked.one, looked.two, looked.three
HAVING sum(looked.by) <> 0
LIMIT $2
