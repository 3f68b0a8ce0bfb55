SET LOCAL ROLE registry_owner;

-- Questions to the list of merchants that people keep: of their own, or shared in the tenant.
CREATE TABLE views (
    tenant_id  uuid             NOT NULL,
    view_id    uuid             NOT NULL,
    -- A person, or a name for somebody on whose behalf a program called. Null if a program made it by itself.
    owner_id   uuid,
    shared     boolean          NOT NULL,
    name       text             NOT NULL,
    -- What tells the name from others.
    name_key   text COLLATE "C" NOT NULL,
    query      text             NOT NULL,
    -- Words, separated by commas.
    columns    text             NOT NULL,
    version    bigint           NOT NULL,
    created_at timestamptz      NOT NULL,
    updated_at timestamptz      NOT NULL,
    PRIMARY KEY (tenant_id, view_id),
    CHECK (shared OR owner_id IS NOT NULL)
);

-- A name stands once among those that are shared, and once among somebody's own.
CREATE UNIQUE INDEX views_shared ON views (tenant_id, name_key) WHERE shared;
CREATE UNIQUE INDEX views_own ON views (tenant_id, owner_id, name_key) WHERE NOT shared;

-- With which view somebody begins.
CREATE TABLE view_defaults (
    tenant_id uuid NOT NULL,
    owner_id  uuid NOT NULL,
    view_id   uuid NOT NULL,
    PRIMARY KEY (tenant_id, owner_id),
    FOREIGN KEY (tenant_id, view_id) REFERENCES views ON DELETE CASCADE
);

CREATE INDEX view_defaults_by_view ON view_defaults (tenant_id, view_id);

-- They are no facts: whoever asks for a tenant writes them for it.
ALTER TABLE views ENABLE ROW LEVEL SECURITY;
ALTER TABLE views FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON views TO registry_reader;
CREATE POLICY reader ON views TO registry_reader USING (tenant_id = registry_tenant());

ALTER TABLE view_defaults ENABLE ROW LEVEL SECURITY;
ALTER TABLE view_defaults FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON view_defaults TO registry_reader;
CREATE POLICY reader ON view_defaults TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
