-- The same counts as before, made by the writer: it knows what is counted of a merchant before and after a batch, and sends one number
-- for each count that changes. Storage looks for itself where the writer cannot know: at rows that go, at rows that an earlier
-- version of the program writes, and at what is changed by hand.
SET LOCAL ROLE registry_owner;

DO $$
DECLARE
    counts text;
BEGIN
    FOREACH counts IN ARRAY ARRAY['merchant_counts', 'standing_counts', 'stay_counts', 'cohort_counts'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO registry_writer', counts);
        EXECUTE format('CREATE POLICY writer ON %I TO registry_writer USING (true)', counts);
    END LOOP;
END
$$;

CREATE FUNCTION registry_recount_merchant()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF old.facets IS NOT NULL THEN
        INSERT INTO merchant_counts AS kept VALUES (old.tenant_id, old.facets, -1)
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
        INSERT INTO standing_counts AS kept VALUES (old.tenant_id, old.stage, registry_day(old.stage_since), -1)
        ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count;
    END IF;
    IF new.facets IS NOT NULL THEN
        INSERT INTO merchant_counts AS kept VALUES (new.tenant_id, new.facets, 1)
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
        INSERT INTO standing_counts AS kept VALUES (new.tenant_id, new.stage, registry_day(new.stage_since), 1)
        ON CONFLICT (tenant_id, stage, since_on) DO UPDATE SET count = kept.count + excluded.count;
    END IF;
    RETURN NULL;
END
$$;

-- Of rows that come, an earlier version of the program writes nothing that is counted.
DROP TRIGGER merchants_counted_in ON merchants;

-- The writer's rows get another version each time, and say that this version of the program wrote them.
DROP TRIGGER merchants_counted_over ON merchants;
CREATE TRIGGER merchants_counted_over AFTER UPDATE ON merchants FOR EACH ROW
    WHEN (old.version = new.version OR old.facets_version <> old.version OR new.facets_version <> new.version)
    EXECUTE FUNCTION registry_recount_merchant();

-- The stretches of a batch come with their counts.
DROP TRIGGER stays_counted_in ON merchant_history;

-- Milestones it does not know at all.
DROP TRIGGER steps_counted_in ON merchant_milestones;
DROP TRIGGER steps_counted_over ON merchant_milestones;

RESET ROLE;
