-- How often rows of the tenant or of its merchants were put in place without a new event that tells of them. Whoever
-- remembers rows compares it: a log that has not moved is not enough.
ALTER TABLE tenants ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
