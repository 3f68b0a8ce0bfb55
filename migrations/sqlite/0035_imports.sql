-- Files from which shops are to be registered, and what their rows say. All of it is sealed: names and numbers of businesses stand in it.
CREATE TABLE import_files (
    tenant_id  BLOB    NOT NULL,
    import_id  BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, import_id)
) STRICT;

-- What a row of a job says, where that does not stand in the job itself. Row 0 holds what stands above the columns.
CREATE TABLE job_sources (
    tenant_id BLOB    NOT NULL,
    job_id    BLOB    NOT NULL,
    number    INTEGER NOT NULL,
    sealed    BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, job_id, number),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What an action needs beside tags: JSON.
ALTER TABLE jobs ADD COLUMN details TEXT;
