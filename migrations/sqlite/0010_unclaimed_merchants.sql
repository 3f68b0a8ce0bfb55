-- Pairs of codes of which upstream spoke although nobody had registered them. For what stands in the log already,
-- `registry rebuild` brings the rows here.
CREATE TABLE unclaimed_merchants (
    tenant_id      BLOB    NOT NULL,
    member_code    TEXT    NOT NULL,
    merchant_code  TEXT    NOT NULL,
    -- That of the event that first told of the pair.
    id             BLOB    NOT NULL,
    first_seen_at  INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    callbacks      INTEGER NOT NULL,
    listed         INTEGER NOT NULL,
    mapping_status TEXT,
    state          TEXT    NOT NULL,
    merchant_id    BLOB,
    -- The event that settled it.
    settled_by     BLOB,
    PRIMARY KEY (tenant_id, member_code, merchant_code)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX unclaimed_merchants_by_id ON unclaimed_merchants (tenant_id, id);
CREATE INDEX unclaimed_merchants_open ON unclaimed_merchants (tenant_id, id) WHERE state = 'open';
