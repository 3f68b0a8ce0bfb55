//! What must hold after the load: the log has what was accepted, once; the rows are what the log folds to; and whoever
//! follows the feed loses nothing that commits late.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use crate::callback::{Callback, now};
use crate::load::{self, rows};
use crate::peer::{Answer, Peer};

/// How long the rows may stand still before they count as finished.
const STILL: Duration = Duration::from_secs(3);

/// How long a transaction is kept open at most, to see whether others pass it.
const LATE: Duration = Duration::from_secs(1);

/// Who hand in pairs at a time.
const TASKS: usize = 16;

const POLL: Duration = Duration::from_millis(50);

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// Callbacks in the log.
    pub log_events: i64,
    /// Callbacks that are in the log once too often.
    pub doubled_in_log: i64,
    /// Merchants whose row is not what their events fold to.
    pub rows_differing: i64,
    /// Events of the load that never reached a row.
    pub updates_lost: i64,
    pub projection_complete: bool,
}

/// Waits until the rows have all events or stand still, and returns how long that took.
pub async fn settle<P: Peer>(pool: &PgPool) -> anyhow::Result<Duration> {
    let statement = format!("SELECT count(*) FROM ({}) AS log", P::LOG);
    let events: i64 = sqlx::query_scalar(&statement).fetch_one(pool).await?;
    let started = Instant::now();
    let (mut seen, mut moved) = (rows::<P>(pool).await?, started);
    while seen < events && moved.elapsed() < STILL {
        tokio::time::sleep(POLL).await;
        let now = rows::<P>(pool).await?;
        if now != seen {
            (seen, moved) = (now, Instant::now());
        }
    }
    Ok(moved - started)
}

/// Compares log and rows.
pub async fn compare<P: Peer>(pool: &PgPool) -> anyhow::Result<Found> {
    let (log, projected) = (P::LOG, P::PROJECTED);
    let statement = format!(
        "WITH log AS ({log}),
              folded AS (SELECT DISTINCT ON (merchant) * FROM log ORDER BY merchant, version DESC),
              compared AS (
                  SELECT coalesce(f.version, 0) - coalesce(p.version, 0) AS lost,
                         (f.version, f.status, f.payload) IS DISTINCT FROM (p.version, p.status, p.payload) AS differs
                  FROM folded AS f FULL JOIN ({projected}) AS p USING (merchant)
              )
         SELECT (SELECT count(callback) FROM log),
                (SELECT count(callback) - count(DISTINCT callback) FROM log),
                (SELECT count(*) FROM compared WHERE differs),
                (SELECT coalesce(sum(lost), 0)::bigint FROM compared)"
    );
    let (log_events, doubled_in_log, rows_differing, updates_lost) = sqlx::query_as(&statement).fetch_one(pool).await?;
    Ok(Found {
        log_events,
        doubled_in_log,
        rows_differing,
        updates_lost,
        projection_complete: rows_differing == 0,
    })
}

/// What came of callbacks that two clients handed in for one merchant at the same moment.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Simultaneous {
    pub pairs: usize,
    /// Of pairs of the same callback: how many are in the log twice.
    pub doubled: i64,
    /// Of pairs of different ones: how many events never reached a row.
    pub updates_lost: i64,
}

/// Hands in pairs of the same callback, then pairs of different ones.
pub async fn simultaneous<P: Peer>(peer: &Arc<P>, merchants: &[Uuid], pool: &PgPool) -> anyhow::Result<Simultaneous> {
    let before = compare::<P>(pool).await?;
    load::pairs(peer, merchants, TASKS, true).await?;
    settle::<P>(pool).await?;
    let doubled = compare::<P>(pool).await?;
    load::pairs(peer, merchants, TASKS, false).await?;
    settle::<P>(pool).await?;
    let after = compare::<P>(pool).await?;
    Ok(Simultaneous {
        pairs: merchants.len(),
        doubled: doubled.doubled_in_log - before.doubled_in_log,
        updates_lost: after.updates_lost - before.updates_lost,
    })
}

/// What becomes of an event that commits late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LateCommit {
    /// Nobody follows a feed.
    NoFeed,
    /// Later events are appended but not read until it commits.
    ReadersWait,
    /// Later events are not even appended until it commits.
    WritersWait,
    /// Later events are read first, and it is read all the same.
    ReadLater,
    /// Nobody ever reads it.
    Skipped,
}

/// Keeps a transaction open that has appended to one merchant, appends to another, and looks who is read when.
pub async fn late_commit<P: Peer>(peer: &Arc<P>, merchants: [Uuid; 2], pool: &PgPool) -> anyhow::Result<LateCommit> {
    let [late, early] = merchants;
    let mut transaction = pool.begin().await?;
    let callback = Callback::of(late, u64::from(u32::MAX), now());
    if !P::append_late(&mut transaction, late, callback).await? {
        return Ok(LateCommit::NoFeed);
    }
    let before = rows::<P>(pool).await?;
    let mut other = {
        let (peer, callback) = (Arc::clone(peer), Callback::of(early, u64::from(u32::MAX), now()));
        tokio::spawn(async move { peer.receive(early, callback).await })
    };
    let appended = tokio::time::timeout(LATE, &mut other).await;
    let overtaken = appended.is_ok() && reaches::<P>(pool, before + 1, LATE).await?;
    transaction.commit().await?;
    let writers_wait = appended.is_err();
    let answer = match appended {
        Ok(answer) => answer,
        Err(_) => other.await,
    };
    anyhow::ensure!(answer?? == Answer::Accepted, "the other event was not appended");
    if !reaches::<P>(pool, before + 2, STILL).await? {
        return Ok(LateCommit::Skipped);
    }
    Ok(match (writers_wait, overtaken) {
        (true, _) => LateCommit::WritersWait,
        (false, false) => LateCommit::ReadersWait,
        (false, true) => LateCommit::ReadLater,
    })
}

/// Whether so many events reach the rows in time.
async fn reaches<P: Peer>(pool: &PgPool, events: i64, limit: Duration) -> anyhow::Result<bool> {
    let started = Instant::now();
    while rows::<P>(pool).await? < events {
        if started.elapsed() >= limit {
            return Ok(false);
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(true)
}
