SET LOCAL ROLE registry_owner;

-- Names and codes that have ended since a moment: with those that hold still, all that a list as of that moment is sorted by.
CREATE INDEX merchant_terms_ended ON merchant_terms (tenant_id, valid_to) WHERE valid_to IS NOT NULL;

-- The same counts as before, at a quarter of the cost. Every batch of callbacks fires these triggers, those for rows that are put in
-- place too, which seldom are there: they look first. Nothing is made of rows in which nothing has changed, and no function is
-- called for a row.
CREATE OR REPLACE FUNCTION registry_count_merchants()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM come) THEN
            INSERT INTO merchant_counts AS kept
            SELECT tenant_id, facets, count(*) FROM come WHERE facets IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
            ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
            INSERT INTO standing_counts AS kept
            SELECT tenant_id, stage, registry_day(stage_since), count(*) FROM come
            WHERE facets IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM gone) THEN
            INSERT INTO merchant_counts AS kept
            SELECT tenant_id, facets, -count(*) FROM gone WHERE facets IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
            ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
            INSERT INTO standing_counts AS kept
            SELECT tenant_id, stage, registry_day(stage_since), -count(*) FROM gone
            WHERE facets IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count;
        END IF;
    ELSE
        WITH changed AS MATERIALIZED (
            SELECT tenant_id, facets, stage, stage_since, 1 AS difference FROM come WHERE facets IS NOT NULL
            UNION ALL
            SELECT tenant_id, facets, stage, stage_since, -1 FROM gone WHERE facets IS NOT NULL
        ), counted AS (
            INSERT INTO merchant_counts AS kept
            SELECT tenant_id, facets, sum(difference) FROM changed
            GROUP BY 1, 2 HAVING sum(difference) <> 0 ORDER BY 1, 2
            ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count
        )
        INSERT INTO standing_counts AS kept
        SELECT tenant_id, stage, registry_day(stage_since), sum(difference) FROM changed
        GROUP BY 1, 2, 3 HAVING sum(difference) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count;
    END IF;
    RETURN NULL;
END
$$;

-- As before. Without settings of its own it becomes part of the statement that asks it.
CREATE OR REPLACE FUNCTION registry_steps(
    created_at timestamptz, linked_at timestamptz, begun_at timestamptz, submitted_at timestamptz, opened_at timestamptz,
    under_way boolean
)
RETURNS TABLE (cohort_on bigint, step text, from_on bigint, to_on bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT cohort.day, steps.* FROM (
        SELECT registry_day(created_at) AS day, registry_day(created_at) - mod(registry_day(created_at) + 3, 7) AS monday
    ) AS created CROSS JOIN LATERAL (VALUES (created.monday)) AS cohort (day) CROSS JOIN LATERAL (VALUES
        ('registered', created.day, created.day),
        ('linked', created.day, registry_day(linked_at)),
        ('begun', registry_day(linked_at), registry_day(begun_at)),
        ('submitted', registry_day(begun_at), registry_day(submitted_at)),
        ('opened', registry_day(submitted_at), registry_day(opened_at)),
        ('whole', created.day, registry_day(opened_at)),
        ('under_way', cohort.day, CASE WHEN under_way THEN cohort.day END)
    ) AS steps (step, from_on, to_on)
    WHERE steps.from_on IS NOT NULL AND steps.to_on IS NOT NULL
$$;
ALTER FUNCTION registry_steps(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, boolean) RESET search_path;

CREATE OR REPLACE FUNCTION registry_count_steps()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM come) THEN
            INSERT INTO cohort_counts AS kept
            SELECT tenant_id, steps.cohort_on, steps.step, steps.from_on, steps.to_on, count(*) FROM come
            CROSS JOIN LATERAL registry_steps(created_at, linked_at, begun_at, submitted_at, opened_at, under_way) AS steps
            GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = kept.count + excluded.count;
            INSERT INTO stay_counts AS kept
            SELECT tenant_id, 'opening', registry_day(opened_at), registry_day(created_at), count(*) FROM come
            WHERE opened_at IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
            ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM gone) THEN
            INSERT INTO cohort_counts AS kept
            SELECT tenant_id, steps.cohort_on, steps.step, steps.from_on, steps.to_on, -count(*) FROM gone
            CROSS JOIN LATERAL registry_steps(created_at, linked_at, begun_at, submitted_at, opened_at, under_way) AS steps
            GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = kept.count + excluded.count;
            INSERT INTO stay_counts AS kept
            SELECT tenant_id, 'opening', registry_day(opened_at), registry_day(created_at), -count(*) FROM gone
            WHERE opened_at IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
            ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count;
        END IF;
    ELSIF EXISTS (SELECT FROM come) THEN
        -- Mostly, a merchant is under way again, or is not any more.
        INSERT INTO cohort_counts AS kept
        SELECT tenant_id, monday, 'under_way', monday, monday, sum(difference) FROM (
            SELECT tenant_id, registry_day(created_at) - mod(registry_day(created_at) + 3, 7) AS monday, 1 AS difference
            FROM come WHERE under_way
            UNION ALL
            SELECT tenant_id, registry_day(created_at) - mod(registry_day(created_at) + 3, 7), -1
            FROM gone WHERE under_way
        ) AS changed
        GROUP BY 1, 2 HAVING sum(difference) <> 0 ORDER BY 1, 2
        ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = kept.count + excluded.count;
        IF EXISTS (
            SELECT FROM come JOIN gone USING (tenant_id, merchant_id)
            WHERE (come.linked_at, come.begun_at, come.submitted_at, come.opened_at)
                IS DISTINCT FROM (gone.linked_at, gone.begun_at, gone.submitted_at, gone.opened_at)
        ) THEN
            INSERT INTO cohort_counts AS kept
            SELECT tenant_id, steps.cohort_on, steps.step, steps.from_on, steps.to_on, sum(difference) FROM (
                SELECT *, 1 AS difference FROM come
                UNION ALL
                SELECT *, -1 FROM gone
            ) AS changed
            CROSS JOIN LATERAL registry_steps(created_at, linked_at, begun_at, submitted_at, opened_at, false) AS steps
            GROUP BY 1, 2, 3, 4, 5 HAVING sum(difference) <> 0 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = kept.count + excluded.count;
            INSERT INTO stay_counts AS kept
            SELECT tenant_id, 'opening', registry_day(opened_at), registry_day(created_at), sum(difference) FROM (
                SELECT *, 1 AS difference FROM come
                UNION ALL
                SELECT *, -1 FROM gone
            ) AS changed
            WHERE opened_at IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING sum(difference) <> 0 ORDER BY 1, 2, 3, 4
            ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count;
        END IF;
    END IF;
    RETURN NULL;
END
$$;

RESET ROLE;
