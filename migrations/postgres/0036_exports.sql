SET LOCAL ROLE registry_owner;

-- Lists of merchants that are taken out as files. They are no facts; that somebody had one made, and that somebody took it, is.
CREATE TABLE exports (
    tenant_id      uuid        NOT NULL,
    export_id      uuid        NOT NULL,
    -- queued, running, ready, failed or cancelled
    state          text        NOT NULL,
    -- Which merchants, in which order, with which columns, as what: JSON that only its maker reads.
    wish           text        NOT NULL,
    actor          text        NOT NULL,
    correlation_id uuid        NOT NULL,
    reason         text        NOT NULL,
    created_at     timestamptz NOT NULL,
    begun_at       timestamptz,
    ended_at       timestamptz,
    -- How often it was begun.
    attempts       bigint      NOT NULL,
    -- How many merchants the list had when the file was asked for, how many are written, and in how many bytes.
    expected       bigint      NOT NULL,
    written        bigint      NOT NULL,
    bytes          bigint      NOT NULL,
    -- Why it failed, and at which of its rows.
    fault          text,
    fault_row      bigint,
    PRIMARY KEY (tenant_id, export_id)
);

CREATE INDEX exports_by_time ON exports (tenant_id, created_at, export_id);
CREATE INDEX exports_open ON exports (tenant_id, created_at) WHERE state IN ('queued', 'running');

-- What is made, in pieces of one size but for the last. Sealed: names and numbers of businesses stand in it.
CREATE TABLE export_pieces (
    tenant_id uuid   NOT NULL,
    export_id uuid   NOT NULL,
    -- Which attempt wrote it. Those of earlier ones are of no use.
    attempt   bigint NOT NULL,
    number    bigint NOT NULL,
    sealed    bytea  NOT NULL,
    PRIMARY KEY (tenant_id, export_id, attempt, number),
    FOREIGN KEY (tenant_id, export_id) REFERENCES exports ON DELETE CASCADE
);

-- It looks like noise: nothing is gained by trying to make it shorter.
ALTER TABLE export_pieces ALTER COLUMN sealed SET STORAGE EXTERNAL;

ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE exports FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON exports TO registry_reader;
CREATE POLICY reader ON exports TO registry_reader USING (tenant_id = registry_tenant());
-- The directory tells which files are to be made, and nothing of what stands in them.
GRANT SELECT (tenant_id, export_id, state, created_at) ON exports TO registry_directory;
CREATE POLICY directory ON exports FOR SELECT TO registry_directory USING (true);

ALTER TABLE export_pieces ENABLE ROW LEVEL SECURITY;
ALTER TABLE export_pieces FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON export_pieces TO registry_reader;
CREATE POLICY reader ON export_pieces TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
