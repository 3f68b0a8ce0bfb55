-- Names and codes that have ended since a moment: with those that hold still, all that a list as of that moment is sorted by.
CREATE INDEX merchant_terms_ended ON merchant_terms (tenant_id, valid_to) WHERE valid_to IS NOT NULL;

-- The same counts as before. Mostly, a merchant is under way again, or is not any more: then nothing else is counted anew.
DROP TRIGGER steps_counted_off;
DROP TRIGGER steps_counted_over;

CREATE TRIGGER steps_counted_off BEFORE UPDATE ON merchant_milestones
    WHEN old.linked_at IS NOT new.linked_at OR old.begun_at IS NOT new.begun_at
        OR old.submitted_at IS NOT new.submitted_at OR old.opened_at IS NOT new.opened_at
BEGIN
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

CREATE TRIGGER steps_counted_over AFTER UPDATE ON merchant_milestones
    WHEN old.linked_at IS NOT new.linked_at OR old.begun_at IS NOT new.begun_at
        OR old.submitted_at IS NOT new.submitted_at OR old.opened_at IS NOT new.opened_at
BEGIN
    INSERT INTO cohort_counts SELECT tenant_id, cohort_on, step, from_on, to_on, 1 FROM merchant_steps
    WHERE tenant_id = new.tenant_id AND merchant_id = new.merchant_id
    ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = count + 1;
    INSERT INTO stay_counts SELECT tenant_id, 'opening', to_on, from_on, 1 FROM merchant_steps
    WHERE tenant_id = new.tenant_id AND merchant_id = new.merchant_id AND step = 'whole'
    ON CONFLICT (tenant_id, stage, ended_on, since_on) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER under_way_counted_over AFTER UPDATE ON merchant_milestones
    WHEN old.under_way <> new.under_way AND old.linked_at IS new.linked_at AND old.begun_at IS new.begun_at
        AND old.submitted_at IS new.submitted_at AND old.opened_at IS new.opened_at
BEGIN
    INSERT INTO cohort_counts SELECT new.tenant_id, monday, 'under_way', monday, monday, new.under_way - old.under_way
    FROM (SELECT day - (day + 3) % 7 AS monday FROM (SELECT (new.created_at + 32400000000) / 86400000000 AS day))
    WHERE true
    ON CONFLICT (tenant_id, cohort_on, step, from_on, to_on) DO UPDATE SET count = count + excluded.count;
END;
