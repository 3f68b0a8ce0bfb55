SET LOCAL ROLE registry_owner;

-- Callbacks that could not be used: those that wait, and what became of the others. Nothing personal stands here; what
-- they said is sealed in their events. For what stands in the log already, `registry rebuild` brings the rows here.
CREATE TABLE quarantine (
    tenant_id     uuid        NOT NULL,
    event_id      uuid        NOT NULL,
    seq           bigint      NOT NULL,
    stream_kind   text        NOT NULL,
    stream_id     uuid        NOT NULL,
    version       bigint      NOT NULL,
    reason        text        NOT NULL,
    -- The pair that it names, if that is what nobody had registered.
    member_code   text COLLATE "C",
    merchant_code text COLLATE "C",
    received_at   timestamptz NOT NULL,
    state         text        NOT NULL,
    -- The event that settled it.
    settled_by    uuid,
    PRIMARY KEY (tenant_id, event_id)
);

CREATE UNIQUE INDEX quarantine_by_seq ON quarantine (tenant_id, seq);
CREATE INDEX quarantine_open ON quarantine (tenant_id, seq) WHERE state = 'open';
CREATE INDEX quarantine_by_stream ON quarantine (tenant_id, stream_id, seq);
CREATE INDEX quarantine_by_reference ON quarantine (tenant_id, member_code, merchant_code, seq)
    WHERE member_code IS NOT NULL;

ALTER TABLE quarantine ENABLE ROW LEVEL SECURITY;
ALTER TABLE quarantine FORCE ROW LEVEL SECURITY;
-- The writer notes and settles callbacks of many tenants in one transaction, and removes those that are folded anew.
GRANT SELECT, INSERT, UPDATE, DELETE ON quarantine TO registry_writer;
CREATE POLICY writer ON quarantine TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON quarantine TO registry_reader;
CREATE POLICY reader ON quarantine FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
