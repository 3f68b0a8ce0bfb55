-- The log. Each tenant has its own, gap-free from 1; each stream in it has versions, gap-free from 1.
-- Times are microseconds since 1970, UTC. Ids are the 16 bytes of a UUID.
CREATE TABLE events (
    tenant_id       BLOB    NOT NULL,
    seq             INTEGER NOT NULL CHECK (seq > 0),
    event_id        BLOB    NOT NULL,
    stream_kind     TEXT    NOT NULL,
    stream_id       BLOB    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    type            TEXT    NOT NULL,
    recorded_at     INTEGER NOT NULL,
    actor           TEXT    NOT NULL,
    correlation_id  BLOB    NOT NULL,
    causation_id    BLOB,
    idempotency_key TEXT,
    -- JSON without anything personal.
    data            TEXT    NOT NULL,
    -- The personal part, sealed under the stream owner's data key.
    sealed          BLOB    NOT NULL,
    -- SHA-256 over the previous row's hash and this row.
    hash            BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) STRICT;

CREATE UNIQUE INDEX events_by_stream ON events (tenant_id, stream_id, version);
CREATE UNIQUE INDEX events_by_id ON events (tenant_id, event_id);

CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
