-- Alerts about merchants that have not ended, for lists of them. What they are stands in the merchant's own row; each of these
-- follows from it. Nothing personal stands here.
CREATE TABLE merchant_alerts (
    tenant_id       BLOB    NOT NULL,
    merchant_id     BLOB    NOT NULL,
    alert_id        BLOB    NOT NULL,
    rule            TEXT    NOT NULL,
    -- 0 for the worst.
    rank            INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    acknowledged_at INTEGER,
    snoozed_until   INTEGER,
    PRIMARY KEY (tenant_id, merchant_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX merchant_alerts_by_id ON merchant_alerts (tenant_id, alert_id);
CREATE INDEX merchant_alerts_by_rank ON merchant_alerts (tenant_id, rank, due_at, merchant_id);
