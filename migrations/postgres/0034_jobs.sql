SET LOCAL ROLE registry_owner;

-- Plans, and the jobs that become of them: one thing that is done to many merchants.
CREATE TABLE jobs (
    tenant_id      uuid        NOT NULL,
    job_id         uuid        NOT NULL,
    action         text        NOT NULL,
    -- A JSON array of texts.
    tags           text        NOT NULL,
    -- making, planned, queued, running, paused, cancelled or finished
    state          text        NOT NULL,
    -- For which merchants it was planned, as an address writes it. Null if they were named one by one.
    filter         text,
    retry_of       uuid,
    -- On whose authority it runs.
    actor          text        NOT NULL,
    correlation_id uuid        NOT NULL,
    reason         text,
    created_at     timestamptz NOT NULL,
    confirmed_at   timestamptz,
    ended_at       timestamptz,
    held_up        text,
    -- When it is worked at next. Null while nothing is to be done.
    resume_at      timestamptz,
    -- How many rows came to which end, once all have.
    refused        bigint,
    done           bigint,
    failed         bigint,
    cancelled      bigint,
    PRIMARY KEY (tenant_id, job_id)
);

CREATE INDEX jobs_due ON jobs (tenant_id, confirmed_at, resume_at) WHERE resume_at IS NOT NULL;
CREATE INDEX jobs_by_time ON jobs (tenant_id, created_at, job_id);

-- Their rows. The codes are those of the time of the plan.
CREATE TABLE job_rows (
    tenant_id     uuid   NOT NULL,
    job_id        uuid   NOT NULL,
    number        bigint NOT NULL,
    merchant_id   uuid   NOT NULL,
    member_code   text,
    merchant_code text,
    -- refused, waiting, running, done, failed or cancelled
    state         text   NOT NULL,
    code          text,
    upstream_code text,
    link_id       uuid,
    attempts      bigint NOT NULL,
    begun_at      timestamptz,
    ended_at      timestamptz,
    -- When it is to be done, or begun anew if nothing is heard of it. Null once it is at its end.
    due_at        timestamptz,
    PRIMARY KEY (tenant_id, job_id, number),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs ON DELETE CASCADE
);

CREATE INDEX job_rows_due ON job_rows (tenant_id, job_id, number) WHERE due_at IS NOT NULL;
CREATE INDEX job_rows_by_state ON job_rows (tenant_id, job_id, state, number);
CREATE INDEX job_rows_running ON job_rows (tenant_id) WHERE state = 'running';

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
-- They are no facts: whoever asks for a tenant writes them for it.
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO registry_reader;
CREATE POLICY reader ON jobs TO registry_reader USING (tenant_id = registry_tenant());
-- The directory tells which jobs are to be worked at, and nothing of what they do.
GRANT SELECT (tenant_id, job_id, confirmed_at, resume_at) ON jobs TO registry_directory;
CREATE POLICY directory ON jobs FOR SELECT TO registry_directory USING (true);

ALTER TABLE job_rows ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_rows FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON job_rows TO registry_reader;
CREATE POLICY reader ON job_rows TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
