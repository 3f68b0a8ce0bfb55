SET LOCAL ROLE registry_owner;

-- A stretch lasts until the merchant's next one begins: where that stands, the end need not be written too. What is
-- written once, and never again, needs neither room on its page nor anyone who may change it.
ALTER TABLE merchant_history DROP COLUMN valid_to;
ALTER TABLE merchant_history RESET (fillfactor);
REVOKE UPDATE ON merchant_history FROM registry_writer;

RESET ROLE;
