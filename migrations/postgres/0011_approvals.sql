SET LOCAL ROLE registry_owner;

-- Payment approvals: by what one is recognised when it comes again, and where it stands. What it says is sealed in its
-- event. For what stands in the log already, `registry rebuild` brings the rows here.
CREATE TABLE approvals (
    tenant_id   uuid        NOT NULL,
    merchant_id uuid        NOT NULL,
    version     bigint      NOT NULL,
    event_id    uuid        NOT NULL,
    -- SHA-256 over what names it; none if nothing does.
    identity    bytea,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, merchant_id, version)
);

CREATE INDEX approvals_by_identity ON approvals (tenant_id, identity, merchant_id) WHERE identity IS NOT NULL;

ALTER TABLE approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE approvals FORCE ROW LEVEL SECURITY;
-- The writer notes approvals of many tenants in one transaction, and removes those that are folded anew.
GRANT SELECT, INSERT, DELETE ON approvals TO registry_writer;
CREATE POLICY writer ON approvals TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON approvals TO registry_reader;
CREATE POLICY reader ON approvals FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
