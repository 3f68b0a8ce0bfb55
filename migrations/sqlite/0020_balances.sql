-- What was last read of the wallets, so that it is known after a restart too. A reading is no fact: it ages within minutes,
-- and losing it costs a question. Nothing personal stands here.
CREATE TABLE balances (
    tenant_id BLOB    NOT NULL,
    -- A merchant for its wallet; the tenant itself for the partner's own.
    wallet_id BLOB    NOT NULL,
    points    INTEGER NOT NULL,
    read_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, wallet_id)
) STRICT, WITHOUT ROWID;
