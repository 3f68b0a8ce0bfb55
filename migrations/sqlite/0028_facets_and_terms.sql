-- What lists filter, count and find merchants by.

-- What a merchant is filtered and counted by, as one number; and the version of the row for which it was made. A row that a version
-- of the program has written that knows no such number has another version: it is made anew from the log.
ALTER TABLE merchants ADD COLUMN facets INTEGER;
ALTER TABLE merchants ADD COLUMN facets_version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX merchants_without_facets ON merchants (tenant_id, merchant_id) WHERE facets_version <> version;

-- Few merchants are found by their number, many by a walk in the order of the list: the walk sees the number in the index.
CREATE INDEX merchants_by_facets ON merchants (tenant_id, facets, merchant_id);
DROP INDEX merchants_by_updated;
CREATE INDEX merchants_by_updated ON merchants (tenant_id, updated_at, merchant_id, facets);
DROP INDEX merchants_by_stage;
CREATE INDEX merchants_by_stage ON merchants (tenant_id, stage, stage_since, merchant_id, facets);

-- How many merchants have which number: exact at any moment, because it changes with the rows.
CREATE TABLE merchant_counts (
    tenant_id BLOB    NOT NULL,
    facets    INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, facets)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER merchants_counted_in AFTER INSERT ON merchants WHEN new.facets IS NOT NULL BEGIN
    INSERT INTO merchant_counts VALUES (new.tenant_id, new.facets, 1)
    ON CONFLICT (tenant_id, facets) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER merchants_counted_over AFTER UPDATE OF facets ON merchants WHEN old.facets IS NOT new.facets BEGIN
    UPDATE merchant_counts SET count = count - 1 WHERE tenant_id = old.tenant_id AND facets = old.facets;
    INSERT INTO merchant_counts SELECT new.tenant_id, new.facets, 1 WHERE new.facets IS NOT NULL
    ON CONFLICT (tenant_id, facets) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER merchants_counted_out AFTER DELETE ON merchants WHEN old.facets IS NOT NULL BEGIN
    UPDATE merchant_counts SET count = count - 1 WHERE tenant_id = old.tenant_id AND facets = old.facets;
END;

-- A stretch begins with every change that a list could show.
ALTER TABLE merchant_history ADD COLUMN facets INTEGER;
ALTER TABLE merchant_history ADD COLUMN stage_since INTEGER;

-- What merchants are found and sorted by, with the time during which it was so. Written when a merchant is registered, and when
-- names, numbers, tags or metadata change.
CREATE TABLE merchant_terms (
    id          INTEGER PRIMARY KEY,
    tenant_id   BLOB    NOT NULL,
    merchant_id BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    valid_from  INTEGER NOT NULL,
    valid_to    INTEGER,
    name_key    TEXT    NOT NULL,
    code_key    TEXT    NOT NULL,
    -- Without case, blanks and dashes; each text between line breaks.
    text        TEXT    NOT NULL,
    number      TEXT    NOT NULL,
    marks       TEXT    NOT NULL,
    -- Short pieces of all that, as words.
    pieces      TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX merchant_terms_by_version ON merchant_terms (tenant_id, merchant_id, version);
CREATE UNIQUE INDEX merchant_terms_now ON merchant_terms (tenant_id, merchant_id) WHERE valid_to IS NULL;
CREATE INDEX merchant_terms_by_name ON merchant_terms (tenant_id, name_key, merchant_id) WHERE valid_to IS NULL;
CREATE INDEX merchant_terms_by_code ON merchant_terms (tenant_id, code_key, merchant_id) WHERE valid_to IS NULL;
CREATE INDEX merchant_terms_by_created ON merchant_terms (tenant_id, created_at, merchant_id) WHERE valid_to IS NULL;

-- The index of the pieces. It keeps no text of its own.
CREATE VIRTUAL TABLE merchant_pieces USING fts5 (pieces, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii');

CREATE TRIGGER merchant_terms_cut AFTER INSERT ON merchant_terms BEGIN
    INSERT INTO merchant_pieces (rowid, pieces) VALUES (new.id, new.pieces);
END;

CREATE TRIGGER merchant_terms_uncut AFTER DELETE ON merchant_terms BEGIN
    DELETE FROM merchant_pieces WHERE rowid = old.id;
END;
