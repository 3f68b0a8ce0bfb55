-- One data key per merchant and per tenant, wrapped by the installation's master key. Deleting a row erases what it sealed.
CREATE TABLE data_keys (
    tenant_id BLOB NOT NULL,
    owner     BLOB NOT NULL,
    wrapped   BLOB NOT NULL,
    PRIMARY KEY (tenant_id, owner)
) STRICT, WITHOUT ROWID;
