-- Nothing to do: SQLite's ANALYZE looks at indexes only.
SELECT 1;
