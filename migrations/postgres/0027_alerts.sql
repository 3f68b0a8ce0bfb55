SET LOCAL ROLE registry_owner;

-- Alerts about merchants that have not ended, for lists of them. What they are stands in the merchant's own row; each of these
-- follows from it. Nothing personal stands here.
CREATE TABLE merchant_alerts (
    tenant_id       uuid        NOT NULL,
    merchant_id     uuid        NOT NULL,
    alert_id        uuid        NOT NULL,
    rule            text        NOT NULL,
    -- 0 for the worst.
    rank            smallint    NOT NULL,
    due_at          timestamptz NOT NULL,
    acknowledged_at timestamptz,
    snoozed_until   timestamptz,
    PRIMARY KEY (tenant_id, merchant_id)
);

CREATE UNIQUE INDEX merchant_alerts_by_id ON merchant_alerts (tenant_id, alert_id);
CREATE INDEX merchant_alerts_by_rank ON merchant_alerts (tenant_id, rank, due_at, merchant_id);

ALTER TABLE merchant_alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_alerts FORCE ROW LEVEL SECURITY;
-- The writer raises and ends them in many tenants in one transaction.
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant_alerts TO registry_writer;
CREATE POLICY writer ON merchant_alerts TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON merchant_alerts TO registry_reader;
CREATE POLICY reader ON merchant_alerts FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
