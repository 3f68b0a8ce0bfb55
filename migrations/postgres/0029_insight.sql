-- What ageing, durations and funnels are counted from.
SET LOCAL ROLE registry_owner;

-- The day in Korea at a moment, counted from 1970-01-01.
CREATE FUNCTION registry_day(at timestamptz)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ((at AT TIME ZONE INTERVAL '9 hours')::date - DATE '1970-01-01')::bigint
$$;

-- Which stay in a stage ended where a stretch begins; none where the stage stayed the same.
ALTER TABLE merchant_history ADD COLUMN ended_stage text;
ALTER TABLE merchant_history ADD COLUMN ended_since timestamptz;

-- When a merchant first reached each milestone, and whether it is still under way. Each moment is written once.
CREATE TABLE merchant_milestones (
    tenant_id    uuid        NOT NULL,
    merchant_id  uuid        NOT NULL,
    created_at   timestamptz NOT NULL,
    linked_at    timestamptz,
    begun_at     timestamptz,
    submitted_at timestamptz,
    opened_at    timestamptz,
    under_way    boolean     NOT NULL,
    PRIMARY KEY (tenant_id, merchant_id)
);

CREATE INDEX merchant_milestones_by_created ON merchant_milestones (tenant_id, created_at, merchant_id);

ALTER TABLE merchant_milestones ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_milestones FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant_milestones TO registry_writer;
CREATE POLICY writer ON merchant_milestones TO registry_writer USING (true);
GRANT SELECT ON merchant_milestones TO registry_reader;
CREATE POLICY reader ON merchant_milestones FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

-- How many merchants stand in a stage since a day.
CREATE TABLE standing_counts (
    tenant_id uuid   NOT NULL,
    stage     text   NOT NULL,
    since_on  bigint NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (tenant_id, stage, since_on)
) WITH (fillfactor = 50);

-- How many left a stage, by the day on which they left it and the day on which they had come. In the stage `opening`: how many
-- opened for the first time, by that day and the day on which they were registered.
CREATE TABLE stay_counts (
    tenant_id uuid   NOT NULL,
    stage     text   NOT NULL,
    ended_on  bigint NOT NULL,
    since_on  bigint NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (tenant_id, stage, ended_on, since_on)
) WITH (fillfactor = 50);

-- Of the merchants that were registered in a week, how many came from one milestone (on one day) to the next (on another). In the
-- step `whole`: from being registered to being open. In the step `under_way`: how many still are, with the week as both days.
CREATE TABLE cohort_counts (
    tenant_id uuid   NOT NULL,
    cohort_on bigint NOT NULL,
    step      text   NOT NULL,
    from_on   bigint NOT NULL,
    to_on     bigint NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (tenant_id, cohort_on, step, from_on, to_on)
) WITH (fillfactor = 50);

DO $$
DECLARE
    counts text;
BEGIN
    FOREACH counts IN ARRAY ARRAY['standing_counts', 'stay_counts', 'cohort_counts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', counts);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', counts);
        EXECUTE format('CREATE POLICY counter ON %I TO registry_owner USING (true)', counts);
        EXECUTE format('GRANT SELECT ON %I TO registry_reader', counts);
        EXECUTE format(
            'CREATE POLICY reader ON %I FOR SELECT TO registry_reader USING (tenant_id = registry_tenant())', counts
        );
    END LOOP;
END
$$;

-- As before, and by the day since which they stand in their stage. A day on which nothing changes is not touched.
CREATE OR REPLACE FUNCTION registry_count_merchants()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO merchant_counts AS kept
        SELECT tenant_id, facets, count(*) FROM come WHERE facets IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
        INSERT INTO standing_counts AS kept
        SELECT tenant_id, stage, registry_day(stage_since), count(*) FROM come
        WHERE facets IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO merchant_counts AS kept
        SELECT tenant_id, facets, -count(*) FROM gone WHERE facets IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
        INSERT INTO standing_counts AS kept
        SELECT tenant_id, stage, registry_day(stage_since), -count(*) FROM gone
        WHERE facets IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count;
    ELSE
        INSERT INTO merchant_counts AS kept
        SELECT tenant_id, facets, sum(difference) FROM (
            SELECT tenant_id, facets, 1 AS difference FROM come
            UNION ALL
            SELECT tenant_id, facets, -1 FROM gone
        ) AS changed
        WHERE facets IS NOT NULL GROUP BY 1, 2 HAVING sum(difference) <> 0 ORDER BY 1, 2
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
        INSERT INTO standing_counts AS kept
        SELECT tenant_id, stage, registry_day(stage_since), sum(difference) FROM (
            SELECT tenant_id, facets, stage, stage_since, 1 AS difference FROM come
            UNION ALL
            SELECT tenant_id, facets, stage, stage_since, -1 FROM gone
        ) AS changed
        WHERE facets IS NOT NULL GROUP BY 1, 2, 3 HAVING sum(difference) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION registry_count_stays()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO stay_counts AS kept
        SELECT tenant_id, ended_stage, registry_day(valid_from), registry_day(ended_since), count(*) FROM come
        WHERE ended_stage IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count;
    ELSE
        INSERT INTO stay_counts AS kept
        SELECT tenant_id, ended_stage, registry_day(valid_from), registry_day(ended_since), -count(*) FROM gone
        WHERE ended_stage IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER stays_counted_in AFTER INSERT ON merchant_history
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION registry_count_stays();
CREATE TRIGGER stays_counted_out AFTER DELETE ON merchant_history
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION registry_count_stays();

-- From where to where a merchant has come, with the week in which it was registered: its Monday.
CREATE FUNCTION registry_steps(
    created_at timestamptz, linked_at timestamptz, begun_at timestamptz, submitted_at timestamptz, opened_at timestamptz,
    under_way boolean
)
RETURNS TABLE (cohort_on bigint, step text, from_on bigint, to_on bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
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

CREATE FUNCTION registry_count_steps()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO cohort_counts AS kept
        SELECT tenant_id, steps.cohort_on, steps.step, steps.from_on, steps.to_on, count(*) FROM come
        CROSS JOIN LATERAL registry_steps(created_at, linked_at, begun_at, submitted_at, opened_at, under_way) AS steps
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = kept.count + excluded.count;
        INSERT INTO stay_counts AS kept
        SELECT tenant_id, 'opening', registry_day(opened_at), registry_day(created_at), count(*) FROM come
        WHERE opened_at IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO cohort_counts AS kept
        SELECT tenant_id, steps.cohort_on, steps.step, steps.from_on, steps.to_on, -count(*) FROM gone
        CROSS JOIN LATERAL registry_steps(created_at, linked_at, begun_at, submitted_at, opened_at, under_way) AS steps
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = kept.count + excluded.count;
        INSERT INTO stay_counts AS kept
        SELECT tenant_id, 'opening', registry_day(opened_at), registry_day(created_at), -count(*) FROM gone
        WHERE opened_at IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = kept.count + excluded.count;
    ELSE
        INSERT INTO cohort_counts AS kept
        SELECT tenant_id, steps.cohort_on, steps.step, steps.from_on, steps.to_on, sum(difference) FROM (
            SELECT *, 1 AS difference FROM come
            UNION ALL
            SELECT *, -1 FROM gone
        ) AS changed
        CROSS JOIN LATERAL registry_steps(created_at, linked_at, begun_at, submitted_at, opened_at, under_way) AS steps
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
    RETURN NULL;
END
$$;

CREATE TRIGGER steps_counted_in AFTER INSERT ON merchant_milestones
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION registry_count_steps();
CREATE TRIGGER steps_counted_over AFTER UPDATE ON merchant_milestones
    REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION registry_count_steps();
CREATE TRIGGER steps_counted_out AFTER DELETE ON merchant_milestones
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION registry_count_steps();

-- What stands there was written without all this: it is folded anew, and counts from then on.
ALTER TABLE merchants NO FORCE ROW LEVEL SECURITY;
UPDATE merchants SET facets_version = 0 WHERE facets_version <> 0;
INSERT INTO standing_counts
SELECT tenant_id, stage, registry_day(stage_since), count(*) FROM merchants WHERE facets IS NOT NULL GROUP BY 1, 2, 3;
ALTER TABLE merchants FORCE ROW LEVEL SECURITY;

RESET ROLE;
