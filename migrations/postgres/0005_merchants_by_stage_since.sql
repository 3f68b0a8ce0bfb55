-- A list sorted by how long merchants stand in their stage, over several stages. Without it each page sorts the whole tenant.
CREATE INDEX merchants_by_stage_since ON merchants (tenant_id, stage_since, merchant_id);
