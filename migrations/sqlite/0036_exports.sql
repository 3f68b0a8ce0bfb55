-- Lists of merchants that are taken out as files. They are no facts; that somebody had one made, and that somebody took it, is.
CREATE TABLE exports (
    tenant_id      BLOB    NOT NULL,
    export_id      BLOB    NOT NULL,
    -- queued, running, ready, failed or cancelled
    state          TEXT    NOT NULL,
    -- Which merchants, in which order, with which columns, as what: JSON that only its maker reads.
    wish           TEXT    NOT NULL,
    actor          TEXT    NOT NULL,
    correlation_id BLOB    NOT NULL,
    reason         TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    begun_at       INTEGER,
    ended_at       INTEGER,
    -- How often it was begun.
    attempts       INTEGER NOT NULL,
    -- How many merchants the list had when the file was asked for, how many are written, and in how many bytes.
    expected       INTEGER NOT NULL,
    written        INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    -- Why it failed, and at which of its rows.
    fault          TEXT,
    fault_row      INTEGER,
    PRIMARY KEY (tenant_id, export_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX exports_by_time ON exports (tenant_id, created_at, export_id);
CREATE INDEX exports_open ON exports (tenant_id, created_at) WHERE state IN ('queued', 'running');

-- What is made, in pieces of one size but for the last. Sealed: names and numbers of businesses stand in it.
CREATE TABLE export_pieces (
    tenant_id BLOB    NOT NULL,
    export_id BLOB    NOT NULL,
    -- Which attempt wrote it. Those of earlier ones are of no use.
    attempt   INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    sealed    BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, export_id, attempt, number),
    FOREIGN KEY (tenant_id, export_id) REFERENCES exports ON DELETE CASCADE
) STRICT;
