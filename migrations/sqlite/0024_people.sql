-- Everybody who works with this installation. Who they are stands here and in no log, so that it can be forgotten.
CREATE TABLE persons (
    person_id     BLOB    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    -- What the OpenID provider calls the person; null for somebody who never came from there.
    issuer        TEXT,
    subject       TEXT,
    -- argon2id, as a PHC string; null for somebody who cannot sign in with a password.
    password_hash TEXT,
    administrator INTEGER NOT NULL CHECK (administrator IN (0, 1)),
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER,
    signed_in_at  INTEGER,
    CHECK ((issuer IS NULL) = (subject IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX persons_by_subject ON persons (issuer, subject) WHERE subject IS NOT NULL;

-- The tenants that a person has ever belonged to. It says where to look: what somebody may do stands in the tenant's row.
CREATE TABLE memberships (
    person_id BLOB NOT NULL,
    tenant_id BLOB NOT NULL,
    PRIMARY KEY (person_id, tenant_id)
) STRICT, WITHOUT ROWID;

-- Links that are used once, known by a hash of what stands in them.
CREATE TABLE person_links (
    digest     BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    person_id  BLOB    NOT NULL REFERENCES persons ON DELETE CASCADE,
    -- invitation or sign_in
    purpose    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX person_links_by_person ON person_links (person_id, purpose);

-- Browsers in which somebody is signed in, known by a hash of what the browser holds.
CREATE TABLE sessions (
    digest         BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    session_id     BLOB    NOT NULL UNIQUE,
    person_id      BLOB    NOT NULL REFERENCES persons ON DELETE CASCADE,
    -- How the person signed in: password, oidc or link.
    method         TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL,
    idle_until     INTEGER NOT NULL,
    absolute_until INTEGER NOT NULL,
    -- The provider's name for its own session.
    idp_sid        TEXT,
    -- A few words about the browser.
    user_agent     TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_person ON sessions (person_id, created_at, digest);
CREATE INDEX sessions_by_idp_sid ON sessions (idp_sid) WHERE idp_sid IS NOT NULL;
CREATE INDEX sessions_by_end ON sessions (absolute_until);

-- Which group of the OpenID provider is which role of which tenant.
CREATE TABLE role_mappings (
    tenant_id  BLOB NOT NULL,
    group_name TEXT NOT NULL,
    role       TEXT NOT NULL,
    PRIMARY KEY (tenant_id, group_name)
) STRICT, WITHOUT ROWID;

CREATE INDEX role_mappings_by_group ON role_mappings (group_name);

-- Sign-ins that failed of late, by a hash of the account or the address. The next one has to wait.
CREATE TABLE sign_in_failures (
    digest    BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    failures  INTEGER NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_failures_by_time ON sign_in_failures (failed_at);
