-- Callbacks, and what was decided on them, are asked for by their ids. Each is the first event of its command; what it caused
-- is found by position and by stream, and needs no entry.
SET LOCAL ROLE registry_owner;

DROP INDEX events_by_id;
CREATE UNIQUE INDEX events_first_by_id ON events (tenant_id, event_id) WHERE causation_id IS NULL;

RESET ROLE;
