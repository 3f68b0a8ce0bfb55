SET LOCAL ROLE registry_owner;

-- Up to where a tenant's log was looked through for what is to be carried to its destinations.
CREATE TABLE delivery_cursors (
    tenant_id uuid   NOT NULL PRIMARY KEY,
    seq       bigint NOT NULL
);

-- Messages to destinations: those that are on their way, and for some weeks those that were. Nothing personal stands here but what
-- a receiver may have written into its answer.
CREATE TABLE deliveries (
    tenant_id       uuid        NOT NULL,
    delivery_id     uuid        NOT NULL,
    destination_id  uuid        NOT NULL,
    -- event, digest or test
    matter          text        NOT NULL,
    -- Of an event: its position in the log.
    seq             bigint,
    -- Of a digest: its rule, and how many alerts were raised how badly, or ended because what was wrong is right again.
    rule            text,
    warn            bigint      NOT NULL,
    late            bigint      NOT NULL,
    critical        bigint      NOT NULL,
    recovered       bigint      NOT NULL,
    -- open (a digest that still takes more), waiting, delivered, failed or dropped
    state           text        NOT NULL,
    created_at      timestamptz NOT NULL,
    -- Null once there is nothing more to try.
    next_attempt_at timestamptz,
    give_up_at      timestamptz NOT NULL,
    attempts        bigint      NOT NULL,
    attempted_at    timestamptz,
    -- What came of the last attempt.
    answer_status   integer,
    failure         text,
    answer_body     text,
    PRIMARY KEY (tenant_id, delivery_id)
);

-- An event goes to a destination once, and at most one digest of a rule takes more.
CREATE UNIQUE INDEX deliveries_of_events ON deliveries (tenant_id, destination_id, seq) WHERE seq IS NOT NULL;
CREATE UNIQUE INDEX deliveries_open ON deliveries (tenant_id, destination_id, rule) WHERE state = 'open';
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_due_there ON deliveries (tenant_id, destination_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_arrived ON deliveries (tenant_id, destination_id, attempted_at) WHERE state = 'delivered';
CREATE INDEX deliveries_by_time ON deliveries (tenant_id, created_at, delivery_id);

ALTER TABLE delivery_cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_cursors FORCE ROW LEVEL SECURITY;
-- They are no facts: whoever asks for a tenant writes them for it.
GRANT SELECT, INSERT, UPDATE ON delivery_cursors TO registry_reader;
CREATE POLICY reader ON delivery_cursors TO registry_reader USING (tenant_id = registry_tenant());

ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON deliveries TO registry_reader;
CREATE POLICY reader ON deliveries TO registry_reader USING (tenant_id = registry_tenant());
-- The directory tells where something is due, and nothing of what.
GRANT SELECT (tenant_id, destination_id, next_attempt_at) ON deliveries TO registry_directory;
CREATE POLICY directory ON deliveries FOR SELECT TO registry_directory USING (true);

RESET ROLE;
