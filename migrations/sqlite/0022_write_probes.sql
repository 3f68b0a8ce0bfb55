-- What a process counts up to find out whether anything can be written. One row, and no fact: only that it commits counts.
CREATE TABLE write_probes (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    probes INTEGER NOT NULL
) STRICT;
