-- A list sorted by time in a stage is merged from one walk of merchants_by_stage for each stage it asks for. Every callback
-- has one index entry less to write.
SET LOCAL ROLE registry_owner;

DROP INDEX merchants_by_stage_since;

RESET ROLE;
