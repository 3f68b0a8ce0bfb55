-- Nobody asks by what stands in these columns. Without statistics of them an ANALYZE, which comes every few seconds under load,
-- neither sorts nor compresses samples of whole documents.
SET LOCAL ROLE registry_owner;

ALTER TABLE merchants ALTER COLUMN state SET STATISTICS 0;
ALTER TABLE events ALTER COLUMN data SET STATISTICS 0;
ALTER TABLE events ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE events ALTER COLUMN hash SET STATISTICS 0;

RESET ROLE;
