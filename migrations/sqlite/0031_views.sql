-- Questions to the list of merchants that people keep: of their own, or shared in the tenant.
CREATE TABLE views (
    tenant_id  BLOB    NOT NULL,
    view_id    BLOB    NOT NULL,
    -- A person, or a name for somebody on whose behalf a program called. Null if a program made it by itself.
    owner_id   BLOB,
    shared     INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    -- What tells the name from others.
    name_key   TEXT    NOT NULL,
    query      TEXT    NOT NULL,
    -- Words, separated by commas.
    columns    TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, view_id),
    CHECK (shared OR owner_id IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- A name stands once among those that are shared, and once among somebody's own.
CREATE UNIQUE INDEX views_shared ON views (tenant_id, name_key) WHERE shared;
CREATE UNIQUE INDEX views_own ON views (tenant_id, owner_id, name_key) WHERE NOT shared;

-- With which view somebody begins.
CREATE TABLE view_defaults (
    tenant_id BLOB NOT NULL,
    owner_id  BLOB NOT NULL,
    view_id   BLOB NOT NULL,
    PRIMARY KEY (tenant_id, owner_id),
    FOREIGN KEY (tenant_id, view_id) REFERENCES views ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX view_defaults_by_view ON view_defaults (tenant_id, view_id);
