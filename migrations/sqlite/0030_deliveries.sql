-- Up to where a tenant's log was looked through for what is to be carried to its destinations.
CREATE TABLE delivery_cursors (
    tenant_id BLOB    NOT NULL PRIMARY KEY,
    seq       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages to destinations: those that are on their way, and for some weeks those that were. Nothing personal stands here but what
-- a receiver may have written into its answer.
CREATE TABLE deliveries (
    tenant_id       BLOB    NOT NULL,
    delivery_id     BLOB    NOT NULL,
    destination_id  BLOB    NOT NULL,
    -- event, digest or test
    matter          TEXT    NOT NULL,
    -- Of an event: its position in the log.
    seq             INTEGER,
    -- Of a digest: its rule, and how many alerts were raised how badly, or ended because what was wrong is right again.
    rule            TEXT,
    warn            INTEGER NOT NULL,
    late            INTEGER NOT NULL,
    critical        INTEGER NOT NULL,
    recovered       INTEGER NOT NULL,
    -- open (a digest that still takes more), waiting, delivered, failed or dropped
    state           TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    -- Null once there is nothing more to try.
    next_attempt_at INTEGER,
    give_up_at      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    attempted_at    INTEGER,
    -- What came of the last attempt.
    answer_status   INTEGER,
    failure         TEXT,
    answer_body     TEXT,
    PRIMARY KEY (tenant_id, delivery_id)
) STRICT, WITHOUT ROWID;

-- An event goes to a destination once, and at most one digest of a rule takes more.
CREATE UNIQUE INDEX deliveries_of_events ON deliveries (tenant_id, destination_id, seq) WHERE seq IS NOT NULL;
CREATE UNIQUE INDEX deliveries_open ON deliveries (tenant_id, destination_id, rule) WHERE state = 'open';
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_due_there ON deliveries (tenant_id, destination_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_arrived ON deliveries (tenant_id, destination_id, attempted_at) WHERE state = 'delivered';
CREATE INDEX deliveries_by_time ON deliveries (tenant_id, created_at, delivery_id);
