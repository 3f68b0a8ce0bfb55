-- What belongs to the installation as a whole: one row.
CREATE TABLE installation (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    -- Derived from the master key: tells it from others. Processes with another key do not start.
    key_check BLOB NOT NULL CHECK (length(key_check) = 32)
) STRICT;
