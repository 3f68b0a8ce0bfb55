SET LOCAL ROLE registry_owner;

-- What was last read of the wallets, so that all replicas answer alike, also after a restart. A reading is no fact: it ages
-- within minutes, and losing it costs a question. Nothing personal stands here.
CREATE TABLE balances (
    tenant_id uuid        NOT NULL,
    -- A merchant for its wallet; the tenant itself for the partner's own.
    wallet_id uuid        NOT NULL,
    points    bigint      NOT NULL,
    read_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, wallet_id)
);

ALTER TABLE balances ENABLE ROW LEVEL SECURITY;
ALTER TABLE balances FORCE ROW LEVEL SECURITY;
-- Whoever asks Paymint sees one tenant, and notes what it said.
GRANT SELECT, INSERT, UPDATE ON balances TO registry_reader;
CREATE POLICY reader ON balances TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
