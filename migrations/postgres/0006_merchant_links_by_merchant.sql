-- The links of one merchant, for whoever compares what is projected of it with the log.
CREATE INDEX merchant_links_by_merchant ON merchant_links (tenant_id, merchant_id);
