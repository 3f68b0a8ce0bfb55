-- The counts that are not what the rows come to, and by how much. One statement, so that all of it is of one moment: a batch that
-- commits in between would look like a difference.
SELECT t.generation AS "generation!", looked.counts AS "counts!: String", looked.word AS "word?: String",
    looked.one AS "one!: i64", looked.two AS "two?: i64", looked.three AS "three?: i64",
    sum(looked.by) AS "by!: i64"
FROM tenants AS t
CROSS JOIN (
    SELECT 'merchant_counts' AS counts, NULL AS word, facets AS one, NULL AS two, NULL AS three,
        -count AS by
    FROM merchant_counts WHERE tenant_id = ?1
    UNION ALL
    SELECT 'standing_counts', stage, since_on, NULL, NULL, -count FROM standing_counts WHERE tenant_id = ?1
    UNION ALL
    SELECT 'stay_counts', stage, ended_on, since_on, NULL, -count FROM stay_counts WHERE tenant_id = ?1
    UNION ALL
    SELECT 'cohort_counts', step, cohort_on, from_on, to_on, -count FROM cohort_counts WHERE tenant_id = ?1
    UNION ALL
    SELECT 'merchant_counts', NULL, facets, NULL, NULL, count(*) FROM merchants
    WHERE tenant_id = ?1 AND facets IS NOT NULL GROUP BY 3
    UNION ALL
    SELECT 'standing_counts', stage, (stage_since + 32400000000) / 86400000000, NULL, NULL, count(*) FROM merchants
    WHERE tenant_id = ?1 AND facets IS NOT NULL GROUP BY 2, 3
    UNION ALL
    SELECT 'stay_counts', ended_stage, (valid_from + 32400000000) / 86400000000,
        (ended_since + 32400000000) / 86400000000, NULL, count(*)
    FROM merchant_history WHERE tenant_id = ?1 AND ended_stage IS NOT NULL GROUP BY 2, 3, 4
    UNION ALL
    SELECT 'stay_counts', 'opening', (opened_at + 32400000000) / 86400000000,
        (created_at + 32400000000) / 86400000000, NULL, count(*)
    FROM merchant_milestones WHERE tenant_id = ?1 AND opened_at IS NOT NULL GROUP BY 3, 4
    UNION ALL
    SELECT 'cohort_counts', step, cohort_on, from_on, to_on, count(*) FROM merchant_steps
    WHERE tenant_id = ?1 GROUP BY 2, 3, 4, 5
) AS looked
WHERE t.tenant_id = ?1
GROUP BY t.generation, looked.counts, looked.word, looked.one, looked.two, looked.three
HAVING sum(looked.by) <> 0
LIMIT ?2
