-- The id of a merchant begins with the moment of its registration, so its key has the order of registration too.
DROP INDEX merchants_by_created;
