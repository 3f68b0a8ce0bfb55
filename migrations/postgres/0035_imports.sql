SET LOCAL ROLE registry_owner;

-- Files from which shops are to be registered, and what their rows say. All of it is sealed: names and numbers of businesses stand in it.
CREATE TABLE import_files (
    tenant_id  uuid        NOT NULL,
    import_id  uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    sealed     bytea       NOT NULL,
    PRIMARY KEY (tenant_id, import_id)
);

-- What a row of a job says, where that does not stand in the job itself. Row 0 holds what stands above the columns.
CREATE TABLE job_sources (
    tenant_id uuid   NOT NULL,
    job_id    uuid   NOT NULL,
    number    bigint NOT NULL,
    sealed    bytea  NOT NULL,
    PRIMARY KEY (tenant_id, job_id, number),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs ON DELETE CASCADE
);

-- What an action needs beside tags: JSON.
ALTER TABLE jobs ADD COLUMN details text;

ALTER TABLE import_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_files FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON import_files TO registry_reader;
CREATE POLICY reader ON import_files TO registry_reader USING (tenant_id = registry_tenant());

ALTER TABLE job_sources ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_sources FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON job_sources TO registry_reader;
CREATE POLICY reader ON job_sources TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
