//! What a peer must do to be measured.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::callback::Callback;

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is in the log.
    Accepted,
    /// It was there before.
    Duplicate,
    /// Somebody else was faster; the peer wants to be asked again.
    Conflict,
}

/// When the merchant's row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Together with the event.
    InTransaction,
    /// After the event, before the answer.
    AfterCommit,
    /// By a reader of the feed, some time later.
    FromFeed,
}

/// A store of events on PostgreSQL.
pub trait Peer: Sized + Send + Sync + 'static {
    /// The crate, as the lock file has it.
    const CRATE: &'static str;
    /// Whether the crate finds a repeat by itself, and how.
    const DEDUPLICATION: &'static str;
    /// What the crate offers to somebody who follows all events.
    const FEED: &'static str;
    const PROJECTION: Projection;
    /// A query for the log: `merchant, version, callback, status, payload`.
    const LOG: &'static str;
    /// A query for the merchants' rows: `merchant, version, status, payload`.
    const PROJECTED: &'static str;

    /// Makes the tables in an empty database.
    fn install(pool: &PgPool) -> impl Future<Output = anyhow::Result<()>>;

    /// Begins to work on a database. `pool` is for appending; whoever follows the feed may have `feed_pool`.
    fn open(pool: PgPool, feed_pool: PgPool) -> impl Future<Output = anyhow::Result<Self>> + Send;

    /// Begins a merchant's stream with an event of its own.
    fn register(&self, merchant: Uuid) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Takes a callback in.
    fn receive(&self, merchant: Uuid, callback: Callback) -> impl Future<Output = anyhow::Result<Answer>> + Send;

    /// Ends whatever follows the feed.
    fn close(self) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Appends a callback as the crate would, in a transaction that the caller will commit late. `false` where there is
    /// no feed that could lose it.
    fn append_late(
        _connection: &mut PgConnection,
        _merchant: Uuid,
        _callback: Callback,
    ) -> impl Future<Output = anyhow::Result<bool>> + Send {
        async { Ok(false) }
    }
}

/// The merchants' rows, for peers that leave the table to us.
pub const MERCHANTS: &str = "
    CREATE TABLE merchants (
        merchant_id uuid        PRIMARY KEY,
        version     bigint      NOT NULL,
        status      text        NOT NULL,
        updated_at  timestamptz NOT NULL,
        payload     text        NOT NULL
    ) WITH (fillfactor = 80)";

/// One event more for such a row: merchant, status, time, payload.
pub const UPSERT: &str = "
    INSERT INTO merchants AS m (merchant_id, version, status, updated_at, payload) VALUES ($1, 1, $2, $3, $4)
    ON CONFLICT (merchant_id) DO UPDATE SET
        version = m.version + 1, status = excluded.status, updated_at = excluded.updated_at, payload = excluded.payload";

/// [`Peer::PROJECTED`] for that table.
pub const PROJECTED: &str = "SELECT merchant_id AS merchant, version, status, payload FROM merchants";
