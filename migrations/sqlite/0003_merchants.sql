-- What the registry believes about each merchant now: the fold of its stream, written in the transaction that wrote the events.
-- The columns are what lists filter and sort on; state holds the whole.
CREATE TABLE merchants (
    tenant_id       BLOB    NOT NULL,
    merchant_id     BLOB    NOT NULL,
    member_code     TEXT    NOT NULL,
    merchant_code   TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    status          TEXT    NOT NULL,
    stage           TEXT    NOT NULL,
    stage_since     INTEGER NOT NULL,
    company_name    TEXT,
    branch_name     TEXT,
    business_number TEXT,
    -- The link that upstream is being asked for, and since when.
    pending_link_id BLOB,
    pending_since   INTEGER,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, merchant_id)
) STRICT;

CREATE UNIQUE INDEX merchants_by_reference ON merchants (tenant_id, member_code, merchant_code);
CREATE INDEX merchants_by_merchant_code ON merchants (tenant_id, merchant_code);
CREATE INDEX merchants_by_business_number ON merchants (tenant_id, business_number) WHERE business_number IS NOT NULL;
CREATE INDEX merchants_by_created ON merchants (tenant_id, created_at, merchant_id);
CREATE INDEX merchants_by_updated ON merchants (tenant_id, updated_at, merchant_id);
CREATE INDEX merchants_by_stage ON merchants (tenant_id, stage, stage_since, merchant_id);
CREATE INDEX merchants_by_pending_link ON merchants (tenant_id, pending_since) WHERE pending_since IS NOT NULL;

-- Which merchant a link belongs to.
CREATE TABLE merchant_links (
    tenant_id   BLOB NOT NULL,
    link_id     BLOB NOT NULL,
    merchant_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, link_id)
) STRICT, WITHOUT ROWID;

-- Stretches of time in which what can be seen of a merchant stayed the same: the answer to "as of".
CREATE TABLE merchant_history (
    tenant_id   BLOB    NOT NULL,
    merchant_id BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    status      TEXT    NOT NULL,
    stage       TEXT    NOT NULL,
    valid_from  INTEGER NOT NULL,
    valid_to    INTEGER,
    PRIMARY KEY (tenant_id, merchant_id, version)
) STRICT, WITHOUT ROWID;
