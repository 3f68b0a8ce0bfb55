SET LOCAL ROLE registry_owner;

-- Who did what: one row for each thing that a person or a program did or was refused, by what it is looked for. All of it
-- follows from the event at the same position. Nothing personal stands here.
CREATE TABLE audit_entries (
    tenant_id   uuid             NOT NULL,
    seq         bigint           NOT NULL,
    recorded_at timestamptz      NOT NULL,
    actor       text COLLATE "C" NOT NULL,
    channel     text             NOT NULL,
    action      text COLLATE "C" NOT NULL,
    merchant_id uuid,
    outcome     text             NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);

-- The owner is walled off from rows too, and has to look through them.
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
INSERT INTO audit_entries
SELECT tenant_id, seq, recorded_at, CASE actor WHEN 'user' THEN 'command_line' ELSE substr(actor, 9) END,
    CASE actor WHEN 'user' THEN 'command_line' ELSE 'api' END, type,
    CASE stream_kind WHEN 'merchant' THEN stream_id END, 'done'
FROM events WHERE causation_id IS NULL AND (actor = 'user' OR actor LIKE 'api_key:%');
ALTER TABLE events FORCE ROW LEVEL SECURITY;

CREATE INDEX audit_entries_by_actor ON audit_entries (tenant_id, actor, seq);
CREATE INDEX audit_entries_by_action ON audit_entries (tenant_id, action, seq);
CREATE INDEX audit_entries_by_merchant ON audit_entries (tenant_id, merchant_id, seq) WHERE merchant_id IS NOT NULL;
CREATE INDEX audit_entries_by_time ON audit_entries (tenant_id, recorded_at, seq);
CREATE INDEX audit_entries_refused ON audit_entries (tenant_id, seq) WHERE outcome = 'refused';

ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
-- The writer notes what was done in many tenants in one transaction, and removes what is to be looked through anew.
GRANT SELECT, INSERT, DELETE ON audit_entries TO registry_writer;
CREATE POLICY writer ON audit_entries TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON audit_entries TO registry_reader;
CREATE POLICY reader ON audit_entries FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
