-- What the registry knows about each tenant: the fold of its own stream.
CREATE TABLE tenants (
    tenant_id BLOB NOT NULL PRIMARY KEY,
    slug      TEXT NOT NULL UNIQUE,
    state     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A presented API key is looked up by its public id before its tenant is known.
CREATE TABLE api_keys (
    key_id    BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What an Idempotency-Key stands for, until it expires.
CREATE TABLE idempotency_keys (
    tenant_id   BLOB    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    merchant_id BLOB    NOT NULL,
    link_id     BLOB,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (tenant_id, expires_at);

-- Where the relay stands in each tenant's log. A note, not a fact: losing it costs a look at the stream.
CREATE TABLE publish_cursors (
    tenant_id     BLOB    NOT NULL PRIMARY KEY,
    seq           INTEGER NOT NULL,
    published_seq INTEGER NOT NULL,
    stream_seq    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
