CREATE FUNCTION event_store_begin_epoch() RETURNS void AS $$
DECLARE
    id bigint;
    db_id int;
BEGIN
    SELECT last_value INTO id FROM seq_event_event_id;
    SELECT oid INTO db_id FROM pg_database WHERE datname = current_database();
    PERFORM pg_try_advisory_xact_lock_shared(db_id, 0);
    PERFORM pg_try_advisory_xact_lock_shared(1, (id & 4294967295)::bit(32)::integer);
    PERFORM pg_try_advisory_xact_lock_shared(2, (id >> 32)::bit(32)::integer);
END;
$$ LANGUAGE plpgsql;
ALTER TABLE event ADD COLUMN merchant_id uuid;
CREATE INDEX idx_event_merchant_id ON event (merchant_id) WHERE merchant_id IS NOT NULL;
