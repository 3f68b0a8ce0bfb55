SET LOCAL ROLE registry_owner;

-- What the registry knows about each tenant: the fold of its own stream.
CREATE TABLE tenants (
    tenant_id uuid             NOT NULL PRIMARY KEY,
    slug      text COLLATE "C" NOT NULL UNIQUE,
    state     text             NOT NULL
);

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
-- The writer replaces rows of many tenants in one transaction.
GRANT SELECT, INSERT, UPDATE ON tenants TO registry_writer;
CREATE POLICY writer ON tenants TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON tenants TO registry_reader;
CREATE POLICY reader ON tenants FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());
-- The directory finds a tenant by its slug, and lists all of them.
GRANT SELECT ON tenants TO registry_directory;
CREATE POLICY directory ON tenants FOR SELECT TO registry_directory USING (true);

-- A presented API key is looked up by its public id before its tenant is known.
CREATE TABLE api_keys (
    key_id    uuid NOT NULL PRIMARY KEY,
    tenant_id uuid NOT NULL
);

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
-- The writer notes keys of many tenants in one transaction.
GRANT SELECT, INSERT ON api_keys TO registry_writer;
CREATE POLICY writer ON api_keys TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON api_keys TO registry_reader;
CREATE POLICY reader ON api_keys FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());
-- The directory finds the tenant of a key.
GRANT SELECT ON api_keys TO registry_directory;
CREATE POLICY directory ON api_keys FOR SELECT TO registry_directory USING (true);

-- What an Idempotency-Key stands for, until it expires.
CREATE TABLE idempotency_keys (
    tenant_id   uuid             NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint bytea            NOT NULL,
    merchant_id uuid             NOT NULL,
    link_id     uuid,
    version     bigint           NOT NULL,
    created_at  timestamptz      NOT NULL,
    expires_at  timestamptz      NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (tenant_id, expires_at);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
-- The writer keeps keys of many tenants in one transaction, and forgets those that expired.
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO registry_writer;
CREATE POLICY writer ON idempotency_keys TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON idempotency_keys TO registry_reader;
CREATE POLICY reader ON idempotency_keys FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

-- Where the relay stands in each tenant's log. A note, not a fact: losing it costs a look at the stream.
CREATE TABLE publish_cursors (
    tenant_id     uuid   NOT NULL PRIMARY KEY,
    seq           bigint NOT NULL,
    published_seq bigint NOT NULL,
    stream_seq    bigint NOT NULL
);

ALTER TABLE publish_cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE publish_cursors FORCE ROW LEVEL SECURITY;
-- The relay reads one tenant's log and notes how far it came: the only thing that the reader may write.
GRANT SELECT, INSERT, UPDATE ON publish_cursors TO registry_reader;
CREATE POLICY reader ON publish_cursors TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
