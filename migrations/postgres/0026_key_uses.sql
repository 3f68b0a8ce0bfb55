SET LOCAL ROLE registry_owner;

-- When API keys were used last, to the minute. No fact: losing it makes a key look idle for longer than it was.
CREATE TABLE key_uses (
    tenant_id uuid        NOT NULL,
    key_id    uuid        NOT NULL,
    used_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
);

ALTER TABLE key_uses ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_uses FORCE ROW LEVEL SECURITY;
-- Whoever answers a request sees one tenant, and notes that its key was used.
GRANT SELECT, INSERT, UPDATE ON key_uses TO registry_reader;
CREATE POLICY reader ON key_uses TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
