-- Payment approvals: by what one is recognised when it comes again, and where it stands. What it says is sealed in its
-- event. For what stands in the log already, `registry rebuild` brings the rows here.
CREATE TABLE approvals (
    tenant_id   BLOB    NOT NULL,
    merchant_id BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    event_id    BLOB    NOT NULL,
    -- SHA-256 over what names it; none if nothing does.
    identity    BLOB,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, merchant_id, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX approvals_by_identity ON approvals (tenant_id, identity, merchant_id) WHERE identity IS NOT NULL;
