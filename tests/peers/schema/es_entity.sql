CREATE TABLE merchants (
    id         uuid        PRIMARY KEY,
    created_at timestamptz NOT NULL,
    version    bigint      NOT NULL,
    status     text        NOT NULL,
    updated_at timestamptz NOT NULL,
    payload    text        NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE merchant_events (
    id          uuid        NOT NULL REFERENCES merchants (id),
    sequence    int         NOT NULL,
    event_type  varchar     NOT NULL,
    event       jsonb       NOT NULL,
    context     jsonb       DEFAULT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (id, sequence)
);
