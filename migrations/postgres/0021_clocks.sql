SET LOCAL ROLE registry_owner;

-- Raises RG002 if the clock by which a batch was decided differs by more than so many seconds from the server's. The time of a
-- log never runs backwards: one event with a time that lies ahead would stamp all that follow with the future.
CREATE FUNCTION registry_in_time(clock timestamptz, most double precision)
RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF abs(extract(epoch FROM clock_timestamp() - clock)) > most THEN
        RAISE EXCEPTION 'the clock of the writer says % and that of the server %', clock, clock_timestamp()
            USING ERRCODE = 'RG002';
    END IF;
    RETURN true;
END
$$;

RESET ROLE;
