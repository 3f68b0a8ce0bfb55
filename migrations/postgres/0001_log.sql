-- Roles belong to the whole cluster and not to this database: another database may have made them already, or be making them now.
-- Nobody logs in as one of them. Who runs the migrations becomes the owner; the service's login is a member of the other three.
DO $$
DECLARE
    wanted text;
BEGIN
    IF current_setting('server_version_num')::int < 150000 THEN
        RAISE EXCEPTION 'PostgreSQL 15 or newer is needed';
    END IF;
    FOREACH wanted IN ARRAY ARRAY['registry_owner', 'registry_writer', 'registry_reader', 'registry_directory'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    BEGIN
        SET LOCAL ROLE registry_owner;
    EXCEPTION WHEN insufficient_privilege THEN
        -- Whoever may make roles, but is no superuser, must first make itself a member.
        EXECUTE format('GRANT registry_owner TO %I', current_user);
    END;
    RESET ROLE;
    EXECUTE format('GRANT CREATE, USAGE ON SCHEMA %I TO registry_owner', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO registry_writer, registry_reader, registry_directory', current_schema());
END
$$;

-- The service compares the schema with what it was built for before it starts.
GRANT SELECT ON _sqlx_migrations TO registry_directory;

SET LOCAL ROLE registry_owner;

-- The tenant that this transaction may see. None is set: it sees nothing.
CREATE FUNCTION registry_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN NULLIF(current_setting('registry.tenant', true), '')::uuid;

-- The log. Each tenant has its own, gap-free from 1; each stream in it has versions, gap-free from 1.
CREATE TABLE events (
    tenant_id       uuid        NOT NULL,
    seq             bigint      NOT NULL CHECK (seq > 0),
    event_id        uuid        NOT NULL,
    stream_kind     text        NOT NULL,
    stream_id       uuid        NOT NULL,
    version         bigint      NOT NULL CHECK (version > 0),
    type            text        NOT NULL,
    recorded_at     timestamptz NOT NULL,
    actor           text        NOT NULL,
    correlation_id  uuid        NOT NULL,
    causation_id    uuid,
    idempotency_key text,
    -- JSON without anything personal. Text, not jsonb: its bytes are hashed.
    data            text        NOT NULL,
    -- The personal part, sealed under the stream owner's data key.
    sealed          bytea       NOT NULL,
    -- SHA-256 over the previous row's hash and this row.
    hash            bytea       NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);

-- What is sealed cannot be compressed: the time to try is better spent.
ALTER TABLE events ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE UNIQUE INDEX events_by_stream ON events (tenant_id, stream_id, version);
CREATE UNIQUE INDEX events_by_id ON events (tenant_id, event_id);

CREATE FUNCTION events_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only';
END
$$;

CREATE TRIGGER events_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change();

-- Row level security holds for the owner too. Privileges say what may be done, policies say to which rows.
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
-- The writer appends for many tenants in one transaction.
GRANT SELECT, INSERT ON events TO registry_writer;
CREATE POLICY writer ON events TO registry_writer USING (true);
-- The reader sees one tenant.
GRANT SELECT ON events TO registry_reader;
CREATE POLICY reader ON events FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());
-- The directory tells where each tenant's log ends, and nothing of what is in it.
GRANT SELECT (tenant_id, seq) ON events TO registry_directory;
CREATE POLICY directory ON events FOR SELECT TO registry_directory USING (true);

-- What follows a migration, the note that it ran, belongs to whoever runs it.
RESET ROLE;
