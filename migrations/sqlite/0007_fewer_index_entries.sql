-- One index instead of two: it also finds a merchant code under any member.
DROP INDEX merchants_by_merchant_code;
DROP INDEX merchants_by_reference;
CREATE UNIQUE INDEX merchants_by_reference ON merchants (tenant_id, merchant_code, member_code);
