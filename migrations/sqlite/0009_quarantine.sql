-- Callbacks that could not be used: those that wait, and what became of the others. Nothing personal stands here; what
-- they said is sealed in their events. For what stands in the log already, `registry rebuild` brings the rows here.
CREATE TABLE quarantine (
    tenant_id     BLOB    NOT NULL,
    event_id      BLOB    NOT NULL,
    seq           INTEGER NOT NULL,
    stream_kind   TEXT    NOT NULL,
    stream_id     BLOB    NOT NULL,
    version       INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    -- The pair that it names, if that is what nobody had registered.
    member_code   TEXT,
    merchant_code TEXT,
    received_at   INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    -- The event that settled it.
    settled_by    BLOB,
    PRIMARY KEY (tenant_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX quarantine_by_seq ON quarantine (tenant_id, seq);
CREATE INDEX quarantine_open ON quarantine (tenant_id, seq) WHERE state = 'open';
CREATE INDEX quarantine_by_stream ON quarantine (tenant_id, stream_id, seq);
CREATE INDEX quarantine_by_reference ON quarantine (tenant_id, member_code, merchant_code, seq)
    WHERE member_code IS NOT NULL;
