-- When API keys were used last, to the minute. No fact: losing it makes a key look idle for longer than it was.
CREATE TABLE key_uses (
    tenant_id BLOB    NOT NULL,
    key_id    BLOB    NOT NULL,
    used_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
) STRICT, WITHOUT ROWID;
