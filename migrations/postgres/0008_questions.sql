SET LOCAL ROLE registry_owner;

-- When upstream is to be asked about a merchant. A plan, no fact: losing it costs a question too many.
ALTER TABLE merchants ADD COLUMN ask_at timestamptz;
-- Since when a doubtful claim of the merchant waits for upstream's word.
ALTER TABLE merchants ADD COLUMN confirming_since timestamptz;

CREATE INDEX merchants_by_ask_at ON merchants (tenant_id, ask_at) WHERE ask_at IS NOT NULL;
CREATE INDEX merchants_by_confirmation ON merchants (tenant_id, confirming_since) WHERE confirming_since IS NOT NULL;

-- Whoever plans questions sees one tenant, and puts them off.
GRANT UPDATE (ask_at) ON merchants TO registry_reader;
CREATE POLICY planner ON merchants FOR UPDATE TO registry_reader USING (tenant_id = registry_tenant());

-- Merchants that upstream may know: those with a link. Five minutes after their last change.
-- The owner is not bound by the walls for as long as this takes.
ALTER TABLE merchants NO FORCE ROW LEVEL SECURITY;
UPDATE merchants SET ask_at = updated_at + interval '5 minutes' WHERE stage NOT IN ('registered', 'archived');
ALTER TABLE merchants FORCE ROW LEVEL SECURITY;

RESET ROLE;
