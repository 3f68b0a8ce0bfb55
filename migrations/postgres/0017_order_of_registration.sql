-- The id of a merchant begins with the moment of its registration, so its key has the order of registration too. An index by
-- created_at would have an entry more with every callback, although no callback changes it.
SET LOCAL ROLE registry_owner;

DROP INDEX merchants_by_created;

RESET ROLE;
