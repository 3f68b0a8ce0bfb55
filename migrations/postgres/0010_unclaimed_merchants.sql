SET LOCAL ROLE registry_owner;

-- Pairs of codes of which upstream spoke although nobody had registered them. For what stands in the log already,
-- `registry rebuild` brings the rows here.
CREATE TABLE unclaimed_merchants (
    tenant_id      uuid             NOT NULL,
    member_code    text COLLATE "C" NOT NULL,
    merchant_code  text COLLATE "C" NOT NULL,
    -- That of the event that first told of the pair.
    id             uuid             NOT NULL,
    first_seen_at  timestamptz      NOT NULL,
    last_seen_at   timestamptz      NOT NULL,
    callbacks      bigint           NOT NULL,
    listed         boolean          NOT NULL,
    mapping_status text,
    state          text             NOT NULL,
    merchant_id    uuid,
    -- The event that settled it.
    settled_by     uuid,
    PRIMARY KEY (tenant_id, member_code, merchant_code)
);

CREATE UNIQUE INDEX unclaimed_merchants_by_id ON unclaimed_merchants (tenant_id, id);
CREATE INDEX unclaimed_merchants_open ON unclaimed_merchants (tenant_id, id) WHERE state = 'open';

ALTER TABLE unclaimed_merchants ENABLE ROW LEVEL SECURITY;
ALTER TABLE unclaimed_merchants FORCE ROW LEVEL SECURITY;
-- The writer notes and settles pairs of many tenants in one transaction, and removes those that are folded anew.
GRANT SELECT, INSERT, UPDATE, DELETE ON unclaimed_merchants TO registry_writer;
CREATE POLICY writer ON unclaimed_merchants TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON unclaimed_merchants TO registry_reader;
CREATE POLICY reader ON unclaimed_merchants FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
