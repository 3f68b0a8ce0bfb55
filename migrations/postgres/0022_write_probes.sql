SET LOCAL ROLE registry_owner;

-- What a process counts up to find out whether anything can be written. One row, and no fact: only that it commits counts.
CREATE TABLE write_probes (
    id     smallint NOT NULL PRIMARY KEY CHECK (id = 1),
    probes bigint   NOT NULL
);

ALTER TABLE write_probes ENABLE ROW LEVEL SECURITY;
ALTER TABLE write_probes FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON write_probes TO registry_writer;
CREATE POLICY writer ON write_probes TO registry_writer USING (true);

RESET ROLE;
