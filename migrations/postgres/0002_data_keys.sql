SET LOCAL ROLE registry_owner;

-- One data key per merchant and per tenant, wrapped by the installation's master key. Deleting a row erases what it sealed.
CREATE TABLE data_keys (
    tenant_id uuid  NOT NULL,
    owner     uuid  NOT NULL,
    wrapped   bytea NOT NULL,
    PRIMARY KEY (tenant_id, owner)
);

ALTER TABLE data_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_keys FORCE ROW LEVEL SECURITY;
-- The writer seals for many tenants in one transaction.
GRANT SELECT, INSERT ON data_keys TO registry_writer;
CREATE POLICY writer ON data_keys TO registry_writer USING (true);
-- The reader opens what one tenant sealed.
GRANT SELECT ON data_keys TO registry_reader;
CREATE POLICY reader ON data_keys FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
