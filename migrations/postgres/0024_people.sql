SET LOCAL ROLE registry_owner;

-- Everybody who works with this installation. Who they are stands here and in no log, so that it can be forgotten.
CREATE TABLE persons (
    person_id       uuid             NOT NULL PRIMARY KEY,
    email           text COLLATE "C" NOT NULL UNIQUE,
    name            text             NOT NULL,
    -- What the OpenID provider calls the person; null for somebody who never came from there.
    issuer          text COLLATE "C",
    subject         text COLLATE "C",
    -- argon2id, as a PHC string; null for somebody who cannot sign in with a password.
    password_hash   text,
    administrator   boolean          NOT NULL,
    created_at      timestamptz      NOT NULL,
    disabled_at     timestamptz,
    signed_in_at    timestamptz,
    CHECK ((issuer IS NULL) = (subject IS NULL))
);

CREATE UNIQUE INDEX persons_by_subject ON persons (issuer, subject) WHERE subject IS NOT NULL;

-- The tenants that a person has ever belonged to. It says where to look: what somebody may do stands in the tenant's row.
CREATE TABLE memberships (
    person_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    PRIMARY KEY (person_id, tenant_id)
);

-- Links that are used once, known by a hash of what stands in them.
CREATE TABLE person_links (
    digest     bytea       NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    person_id  uuid        NOT NULL REFERENCES persons ON DELETE CASCADE,
    -- invitation or sign_in
    purpose    text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX person_links_by_person ON person_links (person_id, purpose);

-- Browsers in which somebody is signed in, known by a hash of what the browser holds.
CREATE TABLE sessions (
    digest         bytea       NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    session_id     uuid        NOT NULL UNIQUE,
    person_id      uuid        NOT NULL REFERENCES persons ON DELETE CASCADE,
    -- How the person signed in: password, oidc or link.
    method         text        NOT NULL,
    created_at     timestamptz NOT NULL,
    seen_at        timestamptz NOT NULL,
    idle_until     timestamptz NOT NULL,
    absolute_until timestamptz NOT NULL,
    -- The provider's name for its own session.
    idp_sid        text COLLATE "C",
    -- A few words about the browser.
    user_agent     text
);

CREATE INDEX sessions_by_person ON sessions (person_id, created_at, digest);
CREATE INDEX sessions_by_idp_sid ON sessions (idp_sid) WHERE idp_sid IS NOT NULL;
CREATE INDEX sessions_by_end ON sessions (absolute_until);

-- Which group of the OpenID provider is which role of which tenant.
CREATE TABLE role_mappings (
    tenant_id  uuid             NOT NULL,
    group_name text COLLATE "C" NOT NULL,
    role       text             NOT NULL,
    PRIMARY KEY (tenant_id, group_name)
);

CREATE INDEX role_mappings_by_group ON role_mappings (group_name);

-- Sign-ins that failed of late, by a hash of the account or the address. The next one has to wait.
CREATE TABLE sign_in_failures (
    digest    bytea       NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    failures  bigint      NOT NULL,
    failed_at timestamptz NOT NULL
);

CREATE INDEX sign_in_failures_by_time ON sign_in_failures (failed_at);

-- People are of no tenant, and are known before a tenant is: the directory knows them. Those who read for a tenant see only
-- who belongs to it, and which groups are roles of it.
ALTER TABLE persons ENABLE ROW LEVEL SECURITY;
ALTER TABLE persons FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON persons TO registry_directory;
CREATE POLICY directory ON persons TO registry_directory USING (true);

ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
-- The writer notes them with the tenant's row.
GRANT SELECT, INSERT ON memberships TO registry_writer;
CREATE POLICY writer ON memberships TO registry_writer USING (true);
GRANT SELECT ON memberships TO registry_directory;
CREATE POLICY directory ON memberships FOR SELECT TO registry_directory USING (true);
GRANT SELECT ON memberships TO registry_reader;
CREATE POLICY reader ON memberships FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

ALTER TABLE person_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_links FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON person_links TO registry_directory;
CREATE POLICY directory ON person_links TO registry_directory USING (true);

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO registry_directory;
CREATE POLICY directory ON sessions TO registry_directory USING (true);

ALTER TABLE role_mappings ENABLE ROW LEVEL SECURITY;
ALTER TABLE role_mappings FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON role_mappings TO registry_directory;
CREATE POLICY directory ON role_mappings TO registry_directory USING (true);
GRANT SELECT ON role_mappings TO registry_reader;
CREATE POLICY reader ON role_mappings FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

ALTER TABLE sign_in_failures ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_failures FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_failures TO registry_directory;
CREATE POLICY directory ON sign_in_failures TO registry_directory USING (true);

RESET ROLE;
