-- What ageing, durations and funnels are counted from. A day is a day in Korea, counted from 1970-01-01.

-- Which stay in a stage ended where a stretch begins; none where the stage stayed the same.
ALTER TABLE merchant_history ADD COLUMN ended_stage TEXT;
ALTER TABLE merchant_history ADD COLUMN ended_since INTEGER;

-- When a merchant first reached each milestone, and whether it is still under way. Each moment is written once.
CREATE TABLE merchant_milestones (
    tenant_id    BLOB    NOT NULL,
    merchant_id  BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    linked_at    INTEGER,
    begun_at     INTEGER,
    submitted_at INTEGER,
    opened_at    INTEGER,
    under_way    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, merchant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX merchant_milestones_by_created ON merchant_milestones (tenant_id, created_at, merchant_id);

-- How many merchants stand in a stage since a day.
CREATE TABLE standing_counts (
    tenant_id BLOB    NOT NULL,
    stage     TEXT    NOT NULL,
    since_on  INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, stage, since_on)
) STRICT, WITHOUT ROWID;

-- How many left a stage, by the day on which they left it and the day on which they had come. In the stage `opening`: how many
-- opened for the first time, by that day and the day on which they were registered.
CREATE TABLE stay_counts (
    tenant_id BLOB    NOT NULL,
    stage     TEXT    NOT NULL,
    ended_on  INTEGER NOT NULL,
    since_on  INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, stage, ended_on, since_on)
) STRICT, WITHOUT ROWID;

-- Of the merchants that were registered in a week, how many came from one milestone (on one day) to the next (on another). In the
-- step `whole`: from being registered to being open. In the step `under_way`: how many still are, with the week as both days.
CREATE TABLE cohort_counts (
    tenant_id BLOB    NOT NULL,
    cohort_on INTEGER NOT NULL,
    step      TEXT    NOT NULL,
    from_on   INTEGER NOT NULL,
    to_on     INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, cohort_on, step, from_on, to_on)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER standing_counted_in AFTER INSERT ON merchants WHEN new.facets IS NOT NULL BEGIN
    INSERT INTO standing_counts VALUES (new.tenant_id, new.stage, (new.stage_since + 32400000000) / 86400000000, 1)
    ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER standing_counted_over AFTER UPDATE OF facets, stage, stage_since ON merchants
    WHEN old.stage IS NOT new.stage OR old.stage_since IS NOT new.stage_since
        OR (old.facets IS NULL) <> (new.facets IS NULL)
BEGIN
    UPDATE standing_counts SET count = count - 1
    WHERE old.facets IS NOT NULL AND tenant_id = old.tenant_id AND stage = old.stage
        AND since_on = (old.stage_since + 32400000000) / 86400000000;
    INSERT INTO standing_counts SELECT new.tenant_id, new.stage, (new.stage_since + 32400000000) / 86400000000, 1
    WHERE new.facets IS NOT NULL
    ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER standing_counted_out AFTER DELETE ON merchants WHEN old.facets IS NOT NULL BEGIN
    UPDATE standing_counts SET count = count - 1
    WHERE tenant_id = old.tenant_id AND stage = old.stage AND since_on = (old.stage_since + 32400000000) / 86400000000;
END;

CREATE TRIGGER stays_counted_in AFTER INSERT ON merchant_history WHEN new.ended_stage IS NOT NULL BEGIN
    INSERT INTO stay_counts VALUES (
        new.tenant_id, new.ended_stage, (new.valid_from + 32400000000) / 86400000000,
        (new.ended_since + 32400000000) / 86400000000, 1
    )
    ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER stays_counted_out AFTER DELETE ON merchant_history WHEN old.ended_stage IS NOT NULL BEGIN
    UPDATE stay_counts SET count = count - 1
    WHERE tenant_id = old.tenant_id AND stage = old.ended_stage
        AND ended_on = (old.valid_from + 32400000000) / 86400000000
        AND since_on = (old.ended_since + 32400000000) / 86400000000;
END;

-- From where to where a merchant has come, with the week in which it was registered: its Monday.
CREATE VIEW merchant_steps AS
WITH days AS (
    SELECT tenant_id, merchant_id, under_way,
        (created_at + 32400000000) / 86400000000 AS created_on, (linked_at + 32400000000) / 86400000000 AS linked_on,
        (begun_at + 32400000000) / 86400000000 AS begun_on, (submitted_at + 32400000000) / 86400000000 AS submitted_on,
        (opened_at + 32400000000) / 86400000000 AS opened_on
    FROM merchant_milestones
), weeks AS (
    SELECT *, created_on - (created_on + 3) % 7 AS cohort_on FROM days
)
SELECT tenant_id, merchant_id, cohort_on, 'registered' AS step, created_on AS from_on, created_on AS to_on FROM weeks
UNION ALL SELECT tenant_id, merchant_id, cohort_on, 'linked', created_on, linked_on FROM weeks WHERE linked_on IS NOT NULL
UNION ALL SELECT tenant_id, merchant_id, cohort_on, 'begun', linked_on, begun_on FROM weeks WHERE begun_on IS NOT NULL
UNION ALL SELECT tenant_id, merchant_id, cohort_on, 'submitted', begun_on, submitted_on FROM weeks WHERE submitted_on IS NOT NULL
UNION ALL SELECT tenant_id, merchant_id, cohort_on, 'opened', submitted_on, opened_on FROM weeks WHERE opened_on IS NOT NULL
UNION ALL SELECT tenant_id, merchant_id, cohort_on, 'whole', created_on, opened_on FROM weeks WHERE opened_on IS NOT NULL
UNION ALL SELECT tenant_id, merchant_id, cohort_on, 'under_way', cohort_on, cohort_on FROM weeks WHERE under_way;

CREATE TRIGGER steps_counted_in AFTER INSERT ON merchant_milestones BEGIN
    INSERT INTO cohort_counts SELECT tenant_id, cohort_on, step, from_on, to_on, 1 FROM merchant_steps
    WHERE tenant_id = new.tenant_id AND merchant_id = new.merchant_id
    ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = count + 1;
    INSERT INTO stay_counts SELECT tenant_id, 'opening', to_on, from_on, 1 FROM merchant_steps
    WHERE tenant_id = new.tenant_id AND merchant_id = new.merchant_id AND step = 'whole'
    ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER steps_counted_off BEFORE UPDATE ON merchant_milestones BEGIN
    UPDATE cohort_counts SET count = count - 1
    WHERE tenant_id = old.tenant_id AND (cohort_on, step, from_on, to_on) IN (
        SELECT cohort_on, step, from_on, to_on FROM merchant_steps
        WHERE tenant_id = old.tenant_id AND merchant_id = old.merchant_id
    );
    UPDATE stay_counts SET count = count - 1
    WHERE old.opened_at IS NOT NULL AND tenant_id = old.tenant_id AND stage = 'opening'
        AND ended_on = (old.opened_at + 32400000000) / 86400000000
        AND since_on = (old.created_at + 32400000000) / 86400000000;
END;

CREATE TRIGGER steps_counted_over AFTER UPDATE ON merchant_milestones BEGIN
    INSERT INTO cohort_counts SELECT tenant_id, cohort_on, step, from_on, to_on, 1 FROM merchant_steps
    WHERE tenant_id = new.tenant_id AND merchant_id = new.merchant_id
    ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = count + 1;
    INSERT INTO stay_counts SELECT tenant_id, 'opening', to_on, from_on, 1 FROM merchant_steps
    WHERE tenant_id = new.tenant_id AND merchant_id = new.merchant_id AND step = 'whole'
    ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER steps_counted_out BEFORE DELETE ON merchant_milestones BEGIN
    UPDATE cohort_counts SET count = count - 1
    WHERE tenant_id = old.tenant_id AND (cohort_on, step, from_on, to_on) IN (
        SELECT cohort_on, step, from_on, to_on FROM merchant_steps
        WHERE tenant_id = old.tenant_id AND merchant_id = old.merchant_id
    );
    UPDATE stay_counts SET count = count - 1
    WHERE old.opened_at IS NOT NULL AND tenant_id = old.tenant_id AND stage = 'opening'
        AND ended_on = (old.opened_at + 32400000000) / 86400000000
        AND since_on = (old.created_at + 32400000000) / 86400000000;
END;

-- What stands there was written without all this: it is folded anew, and counts from then on.
UPDATE merchants SET facets_version = 0 WHERE facets_version <> 0;
INSERT INTO standing_counts
SELECT tenant_id, stage, (stage_since + 32400000000) / 86400000000, count(*) FROM merchants
WHERE facets IS NOT NULL GROUP BY 1, 2, 3;
