-- Who handed a file over: they have seen it whole, others may have to be shown less. Unknown of files that came before.
ALTER TABLE import_files ADD COLUMN actor TEXT;
