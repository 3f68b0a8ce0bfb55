SET LOCAL ROLE registry_owner;

-- How often rows of the tenant or of its merchants were put in place without a new event that tells of them. Whoever
-- remembers rows compares it: a log that has not moved is not enough.
ALTER TABLE tenants ADD COLUMN generation bigint NOT NULL DEFAULT 0;

-- Locks tenants, and raises RG001 unless each of their logs ends where it is expected to. It is VOLATILE, so that in READ
-- COMMITTED each of its statements sees what is committed when it begins: what is compared under the locks is what the
-- last one who had them left behind, although the statement that calls this is older than that.
CREATE FUNCTION registry_hold(locks bigint[], tenants uuid[], seqs bigint[], hashes bytea[], generations bigint[])
RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock) FROM unnest(locks) AS lock;
    PERFORM FROM unnest(tenants, seqs, hashes, generations) AS expected (tenant_id, seq, hash, generation)
    LEFT JOIN LATERAL (
        SELECT seq, hash FROM events WHERE tenant_id = expected.tenant_id ORDER BY seq DESC LIMIT 1
    ) AS e ON true
    LEFT JOIN LATERAL (
        SELECT t.generation FROM tenants AS t WHERE t.tenant_id = expected.tenant_id LIMIT 1
    ) AS t ON true
    WHERE (e.seq, e.hash, t.generation) IS DISTINCT FROM (expected.seq, expected.hash, expected.generation);
    IF FOUND THEN
        RAISE EXCEPTION 'a log has moved' USING ERRCODE = 'RG001';
    END IF;
    RETURN true;
END
$$;

RESET ROLE;
