-- Nothing to do: a file has no clock but that of the machine which writes it.
SELECT 1;
