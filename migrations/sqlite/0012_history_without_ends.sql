-- A stretch lasts until the merchant's next one begins: where that stands, the end need not be written too.
ALTER TABLE merchant_history DROP COLUMN valid_to;
