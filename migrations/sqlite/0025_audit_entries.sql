-- Who did what: one row for each thing that a person or a program did or was refused, by what it is looked for. All of it
-- follows from the event at the same position. Nothing personal stands here.
CREATE TABLE audit_entries (
    tenant_id   BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    channel     TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    merchant_id BLOB,
    outcome     TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO audit_entries
SELECT tenant_id, seq, recorded_at, CASE actor WHEN 'user' THEN 'command_line' ELSE substr(actor, 9) END,
    CASE actor WHEN 'user' THEN 'command_line' ELSE 'api' END, type,
    CASE stream_kind WHEN 'merchant' THEN stream_id END, 'done'
FROM events WHERE causation_id IS NULL AND (actor = 'user' OR actor LIKE 'api_key:%');

CREATE INDEX audit_entries_by_actor ON audit_entries (tenant_id, actor, seq);
CREATE INDEX audit_entries_by_action ON audit_entries (tenant_id, action, seq);
CREATE INDEX audit_entries_by_merchant ON audit_entries (tenant_id, merchant_id, seq) WHERE merchant_id IS NOT NULL;
CREATE INDEX audit_entries_by_time ON audit_entries (tenant_id, recorded_at, seq);
CREATE INDEX audit_entries_refused ON audit_entries (tenant_id, seq) WHERE outcome = 'refused';
