SET LOCAL ROLE registry_owner;

-- The callback keys that the installation has had, by number. Processes that know another one by a number, or lack the newest,
-- do not start. No tenant's, so nobody but the writer sees it.
CREATE TABLE callback_keys (
    number    smallint NOT NULL PRIMARY KEY CHECK (number BETWEEN 0 AND 255),
    -- Derived from the key: tells it from others.
    key_check bytea    NOT NULL CHECK (length(key_check) = 32)
);

ALTER TABLE callback_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE callback_keys FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON callback_keys TO registry_writer;
CREATE POLICY writer ON callback_keys TO registry_writer USING (true);

RESET ROLE;
