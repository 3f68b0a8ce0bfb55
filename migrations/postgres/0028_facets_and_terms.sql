-- What lists filter, count and find merchants by.
SET LOCAL ROLE registry_owner;

-- What a merchant is filtered and counted by, as one number; and the version of the row for which it was made. A row that a version
-- of the program has written that knows no such number has another version: it is made anew from the log.
ALTER TABLE merchants ADD COLUMN facets bigint;
ALTER TABLE merchants ADD COLUMN facets_version bigint NOT NULL DEFAULT 0;
CREATE INDEX merchants_without_facets ON merchants (tenant_id, merchant_id) WHERE facets_version <> version;

-- Few merchants are found by their number, many by a walk in the order of the list: the walk sees the number in the index.
CREATE INDEX merchants_by_facets ON merchants (tenant_id, facets, merchant_id);
DROP INDEX merchants_by_updated;
CREATE INDEX merchants_by_updated ON merchants (tenant_id, updated_at, merchant_id) INCLUDE (facets);
DROP INDEX merchants_by_stage;
CREATE INDEX merchants_by_stage ON merchants (tenant_id, stage, stage_since, merchant_id) INCLUDE (facets);

-- How many merchants have which number: exact at any moment, because it changes with the rows. The writer holds the lock of the
-- tenant, so nobody waits here who would not wait anyway; a batch changes each row once.
CREATE TABLE merchant_counts (
    tenant_id uuid   NOT NULL,
    facets    bigint NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (tenant_id, facets)
) WITH (fillfactor = 50);

ALTER TABLE merchant_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_counts FORCE ROW LEVEL SECURITY;
CREATE POLICY counter ON merchant_counts TO registry_owner USING (true);
GRANT SELECT ON merchant_counts TO registry_reader;
CREATE POLICY reader ON merchant_counts FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

-- Whoever changes rows of merchants may count them, and nothing else: that is why the function, and not its caller, may write.
CREATE FUNCTION registry_count_merchants()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO merchant_counts AS kept
        SELECT tenant_id, facets, count(*) FROM come WHERE facets IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO merchant_counts AS kept
        SELECT tenant_id, facets, -count(*) FROM gone WHERE facets IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
    ELSE
        INSERT INTO merchant_counts AS kept
        SELECT tenant_id, facets, sum(difference) FROM (
            SELECT tenant_id, facets, 1 AS difference FROM come
            UNION ALL
            SELECT tenant_id, facets, -1 FROM gone
        ) AS changed
        WHERE facets IS NOT NULL GROUP BY 1, 2 HAVING sum(difference) <> 0 ORDER BY 1, 2
        ON CONFLICT (tenant_id, facets) DO UPDATE SET count = kept.count + excluded.count;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER merchants_counted_in AFTER INSERT ON merchants
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION registry_count_merchants();
CREATE TRIGGER merchants_counted_over AFTER UPDATE ON merchants
    REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION registry_count_merchants();
CREATE TRIGGER merchants_counted_out AFTER DELETE ON merchants
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION registry_count_merchants();

-- A stretch begins with every change that a list could show.
ALTER TABLE merchant_history ADD COLUMN facets bigint;
ALTER TABLE merchant_history ADD COLUMN stage_since timestamptz;

-- What merchants are found and sorted by, with the time during which it was so. Written when a merchant is registered, and when
-- names, numbers, tags or metadata change.
CREATE TABLE merchant_terms (
    tenant_id   uuid             NOT NULL,
    merchant_id uuid             NOT NULL,
    version     bigint           NOT NULL,
    created_at  timestamptz      NOT NULL,
    valid_from  timestamptz      NOT NULL,
    valid_to    timestamptz,
    name_key    text COLLATE "C" NOT NULL,
    code_key    text COLLATE "C" NOT NULL,
    -- Without case, blanks and dashes; each text between line breaks.
    text        text COLLATE "C" NOT NULL,
    number      text COLLATE "C" NOT NULL,
    marks       text COLLATE "C" NOT NULL,
    -- Short pieces of all that, as numbers.
    pieces      integer[]        NOT NULL,
    PRIMARY KEY (tenant_id, merchant_id, version)
);

CREATE UNIQUE INDEX merchant_terms_now ON merchant_terms (tenant_id, merchant_id) WHERE valid_to IS NULL;
CREATE INDEX merchant_terms_by_name ON merchant_terms (tenant_id, name_key, merchant_id) WHERE valid_to IS NULL;
CREATE INDEX merchant_terms_by_code ON merchant_terms (tenant_id, code_key, merchant_id) WHERE valid_to IS NULL;
CREATE INDEX merchant_terms_by_created ON merchant_terms (tenant_id, created_at, merchant_id) WHERE valid_to IS NULL;
CREATE INDEX merchant_terms_by_pieces ON merchant_terms USING gin (pieces);
ALTER TABLE merchant_terms ALTER COLUMN text SET STATISTICS 0;
ALTER TABLE merchant_terms ALTER COLUMN number SET STATISTICS 0;
ALTER TABLE merchant_terms ALTER COLUMN marks SET STATISTICS 0;

ALTER TABLE merchant_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY finder ON merchant_terms FOR SELECT TO registry_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant_terms TO registry_writer;
CREATE POLICY writer ON merchant_terms TO registry_writer USING (true);
GRANT SELECT ON merchant_terms TO registry_reader;
CREATE POLICY reader ON merchant_terms FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

-- What has all of these pieces, of the reader's tenant. Behind a policy the index could not be used: whether an array holds another
-- is not among the comparisons that may look at a row before the policy has. Here the function is the policy.
CREATE FUNCTION registry_found(wanted integer[])
RETURNS SETOF merchant_terms
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1000 SET search_path FROM CURRENT AS $$
    SELECT * FROM merchant_terms WHERE tenant_id = registry_tenant() AND pieces @> wanted
$$;
REVOKE EXECUTE ON FUNCTION registry_found(integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION registry_found(integer[]) TO registry_reader;

RESET ROLE;
