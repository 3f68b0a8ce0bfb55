-- Nothing to do: SQLite writes an entry only into those indexes whose columns have changed. What merchants are found by may
-- stand in their rows.
SELECT 1;
