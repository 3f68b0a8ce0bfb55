-- The callback keys that the installation has had, by number. Processes that know another one by a number, or lack the newest,
-- do not start.
CREATE TABLE callback_keys (
    number    INTEGER NOT NULL PRIMARY KEY CHECK (number BETWEEN 0 AND 255),
    -- Derived from the key: tells it from others.
    key_check BLOB    NOT NULL CHECK (length(key_check) = 32)
) STRICT;
