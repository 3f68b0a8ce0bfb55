-- When upstream is to be asked about a merchant. A plan, no fact: losing it costs a question too many.
ALTER TABLE merchants ADD COLUMN ask_at INTEGER;
-- Since when a doubtful claim of the merchant waits for upstream's word.
ALTER TABLE merchants ADD COLUMN confirming_since INTEGER;

CREATE INDEX merchants_by_ask_at ON merchants (tenant_id, ask_at) WHERE ask_at IS NOT NULL;
CREATE INDEX merchants_by_confirmation ON merchants (tenant_id, confirming_since) WHERE confirming_since IS NOT NULL;

-- Merchants that upstream may know: those with a link. Five minutes after their last change.
UPDATE merchants SET ask_at = updated_at + 300000000 WHERE stage NOT IN ('registered', 'archived');
