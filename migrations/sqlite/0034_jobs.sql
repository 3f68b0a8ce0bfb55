-- Plans, and the jobs that become of them: one thing that is done to many merchants.
CREATE TABLE jobs (
    tenant_id      BLOB    NOT NULL,
    job_id         BLOB    NOT NULL,
    action         TEXT    NOT NULL,
    -- A JSON array of texts.
    tags           TEXT    NOT NULL,
    -- making, planned, queued, running, paused, cancelled or finished
    state          TEXT    NOT NULL,
    -- For which merchants it was planned, as an address writes it. Null if they were named one by one.
    filter         TEXT,
    retry_of       BLOB,
    -- On whose authority it runs.
    actor          TEXT    NOT NULL,
    correlation_id BLOB    NOT NULL,
    reason         TEXT,
    created_at     INTEGER NOT NULL,
    confirmed_at   INTEGER,
    ended_at       INTEGER,
    held_up        TEXT,
    -- When it is worked at next. Null while nothing is to be done.
    resume_at      INTEGER,
    -- How many rows came to which end, once all have.
    refused        INTEGER,
    done           INTEGER,
    failed         INTEGER,
    cancelled      INTEGER,
    PRIMARY KEY (tenant_id, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX jobs_due ON jobs (tenant_id, confirmed_at, resume_at) WHERE resume_at IS NOT NULL;
CREATE INDEX jobs_by_time ON jobs (tenant_id, created_at, job_id);

-- Their rows. The codes are those of the time of the plan.
CREATE TABLE job_rows (
    tenant_id     BLOB    NOT NULL,
    job_id        BLOB    NOT NULL,
    number        INTEGER NOT NULL,
    merchant_id   BLOB    NOT NULL,
    member_code   TEXT,
    merchant_code TEXT,
    -- refused, waiting, running, done, failed or cancelled
    state         TEXT    NOT NULL,
    code          TEXT,
    upstream_code TEXT,
    link_id       BLOB,
    attempts      INTEGER NOT NULL,
    begun_at      INTEGER,
    ended_at      INTEGER,
    -- When it is to be done, or begun anew if nothing is heard of it. Null once it is at its end.
    due_at        INTEGER,
    PRIMARY KEY (tenant_id, job_id, number),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX job_rows_due ON job_rows (tenant_id, job_id, number) WHERE due_at IS NOT NULL;
CREATE INDEX job_rows_by_state ON job_rows (tenant_id, job_id, state, number);
CREATE INDEX job_rows_running ON job_rows (tenant_id) WHERE state = 'running';
