-- A callback writes its merchant's row anew, and with it an entry in every index of the table, also in those whose columns no
-- callback changes. What merchants are found by lies in a table of its own, which is written when a merchant is registered
-- and when its business number changes.
SET LOCAL ROLE registry_owner;

CREATE TABLE merchant_identities (
    tenant_id       uuid             NOT NULL,
    merchant_id     uuid             NOT NULL,
    member_code     text COLLATE "C" NOT NULL,
    merchant_code   text COLLATE "C" NOT NULL,
    business_number text COLLATE "C",
    PRIMARY KEY (tenant_id, merchant_id)
);

-- The owner is walled off from rows too, and has to copy them.
ALTER TABLE merchants NO FORCE ROW LEVEL SECURITY;
INSERT INTO merchant_identities
SELECT tenant_id, merchant_id, member_code, merchant_code, business_number FROM merchants;
ALTER TABLE merchants FORCE ROW LEVEL SECURITY;

-- It also finds a merchant code under any member.
CREATE UNIQUE INDEX merchant_identities_by_reference ON merchant_identities (tenant_id, merchant_code, member_code);
CREATE INDEX merchant_identities_by_business_number ON merchant_identities (tenant_id, business_number)
    WHERE business_number IS NOT NULL;

DROP INDEX merchants_by_reference;
DROP INDEX merchants_by_business_number;

ALTER TABLE merchant_identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_identities FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant_identities TO registry_writer;
CREATE POLICY writer ON merchant_identities TO registry_writer USING (true);
GRANT SELECT ON merchant_identities TO registry_reader;
CREATE POLICY reader ON merchant_identities FOR SELECT TO registry_reader USING (tenant_id = registry_tenant());

RESET ROLE;
