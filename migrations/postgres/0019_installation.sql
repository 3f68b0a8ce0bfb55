SET LOCAL ROLE registry_owner;

-- What belongs to the installation as a whole: one row. No tenant's, so nobody but the writer sees it.
CREATE TABLE installation (
    id        smallint PRIMARY KEY CHECK (id = 1),
    -- Derived from the master key: tells it from others. Processes with another key do not start.
    key_check bytea    NOT NULL CHECK (length(key_check) = 32)
);

ALTER TABLE installation ENABLE ROW LEVEL SECURITY;
ALTER TABLE installation FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON installation TO registry_writer;
CREATE POLICY writer ON installation TO registry_writer USING (true);

RESET ROLE;
