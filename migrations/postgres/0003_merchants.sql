SET LOCAL ROLE registry_owner;

-- What the registry believes about each merchant now: the fold of its stream, written in the transaction that wrote the events.
-- The columns are what lists filter and sort on; state holds the whole.
-- Texts that are compared are compared byte by byte, as in every other engine and whatever the database's language.
CREATE TABLE merchants (
    tenant_id       uuid             NOT NULL,
    merchant_id     uuid             NOT NULL,
    member_code     text COLLATE "C" NOT NULL,
    merchant_code   text COLLATE "C" NOT NULL,
    version         bigint           NOT NULL,
    status          text COLLATE "C" NOT NULL,
    stage           text COLLATE "C" NOT NULL,
    stage_since     timestamptz      NOT NULL,
    company_name    text COLLATE "C",
    branch_name     text COLLATE "C",
    business_number text COLLATE "C",
    -- The link that upstream is being asked for, and since when.
    pending_link_id uuid,
    pending_since   timestamptz,
    created_at      timestamptz      NOT NULL,
    updated_at      timestamptz      NOT NULL,
    state           text             NOT NULL,
    PRIMARY KEY (tenant_id, merchant_id)
-- Rows are replaced all the time. A page with room takes the new version of a row, and indexes need not hear of it.
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX merchants_by_reference ON merchants (tenant_id, member_code, merchant_code);
CREATE INDEX merchants_by_merchant_code ON merchants (tenant_id, merchant_code);
CREATE INDEX merchants_by_business_number ON merchants (tenant_id, business_number) WHERE business_number IS NOT NULL;
CREATE INDEX merchants_by_created ON merchants (tenant_id, created_at, merchant_id);
CREATE INDEX merchants_by_updated ON merchants (tenant_id, updated_at, merchant_id);
CREATE INDEX merchants_by_stage ON merchants (tenant_id, stage, stage_since, merchant_id);
CREATE INDEX merchants_by_pending_link ON merchants (tenant_id, pending_since) WHERE pending_since IS NOT NULL;

ALTER TABLE merchants ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchants FORCE ROW LEVEL SECURITY;
-- The writer replaces rows of many tenants in one transaction, and removes those that are folded anew.
GRANT SELECT, INSERT, UPDATE, DELETE ON merchants TO registry_writer;
CREATE POLICY writer ON merchants TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON merchants TO registry_reader;
CREATE POLICY reader ON merchants FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

-- Which merchant a link belongs to.
CREATE TABLE merchant_links (
    tenant_id   uuid NOT NULL,
    link_id     uuid NOT NULL,
    merchant_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, link_id)
);

ALTER TABLE merchant_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_links FORCE ROW LEVEL SECURITY;
-- The writer notes links of many tenants in one transaction, and removes those that are folded anew.
GRANT SELECT, INSERT, DELETE ON merchant_links TO registry_writer;
CREATE POLICY writer ON merchant_links TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON merchant_links TO registry_reader;
CREATE POLICY reader ON merchant_links FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

-- Stretches of time in which what can be seen of a merchant stayed the same: the answer to "as of".
CREATE TABLE merchant_history (
    tenant_id   uuid        NOT NULL,
    merchant_id uuid        NOT NULL,
    version     bigint      NOT NULL,
    status      text        NOT NULL,
    stage       text        NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz,
    PRIMARY KEY (tenant_id, merchant_id, version)
);

ALTER TABLE merchant_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_history FORCE ROW LEVEL SECURITY;
-- The writer ends and begins stretches of many tenants in one transaction, and removes those that are folded anew.
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant_history TO registry_writer;
CREATE POLICY writer ON merchant_history TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON merchant_history TO registry_reader;
CREATE POLICY reader ON merchant_history FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
