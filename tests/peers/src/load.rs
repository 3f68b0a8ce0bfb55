//! The load: tasks that hand callbacks in, each to merchants of its own, one in a hundred twice at the same moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::callback::{Callback, now};
use crate::peer::{Answer, Peer, Projection};

/// Before anything is measured.
const WARM: Duration = Duration::from_secs(1);

/// Every so-manieth callback comes twice.
const REPEATED: u64 = 100;

/// How often a command that met another is given again.
const ATTEMPTS: u32 = 1_000;

/// What happened.
#[derive(Default)]
pub struct Load {
    /// All that was accepted, warm-up included.
    pub accepted: u64,
    pub repeated: u64,
    pub refused: u64,
    pub conflicts: u64,
    /// Times of those that were handed in and answered while measured.
    pub latencies: Vec<Duration>,
    /// Events that reached the merchants' rows meanwhile, where a reader of the feed writes them.
    pub projected: Option<i64>,
}

impl Load {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.repeated += other.repeated;
        self.refused += other.refused;
        self.conflicts += other.conflicts;
        self.latencies.extend(other.latencies);
    }
}

/// Runs the load.
pub async fn run<P: Peer>(
    peer: &Arc<P>,
    merchants: &[Uuid],
    tasks: usize,
    length: Duration,
    watch: &PgPool,
) -> anyhow::Result<Load> {
    let begin = Instant::now() + WARM;
    let end = begin + length;
    let mut running = JoinSet::new();
    for first in 0..tasks {
        let share: Vec<Uuid> = merchants.iter().skip(first).step_by(tasks).copied().collect();
        let peer = Arc::clone(peer);
        running.spawn(async move { task(peer.as_ref(), &share, first, begin, end).await });
    }
    let projected = projected::<P>(watch, begin, end).await?;
    let mut load = Load {
        projected,
        ..Load::default()
    };
    while let Some(done) = running.join_next().await {
        load.add(done??);
    }
    load.latencies.sort_unstable();
    Ok(load)
}

/// Hands each merchant two callbacks at the same moment, so many merchants at a time: twice the same one, or two of them.
pub async fn pairs<P: Peer>(peer: &Arc<P>, merchants: &[Uuid], tasks: usize, same: bool) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    for first in 0..tasks {
        let share: Vec<Uuid> = merchants.iter().skip(first).step_by(tasks).copied().collect();
        let peer = Arc::clone(peer);
        running.spawn(async move {
            for merchant in share {
                let steps = if same { [0, 0] } else { [1, 2] };
                let [one, other] = steps.map(|step| give(peer.as_ref(), merchant, Callback::of(merchant, step, now())));
                let (one, other) = tokio::join!(one, other);
                let (_, _) = (one?, other?);
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

/// How many events reached the rows between the two.
async fn projected<P: Peer>(watch: &PgPool, begin: Instant, end: Instant) -> anyhow::Result<Option<i64>> {
    match P::PROJECTION {
        Projection::InTransaction | Projection::AfterCommit => Ok(None),
        Projection::FromFeed => {
            tokio::time::sleep_until(begin.into()).await;
            let before = rows::<P>(watch).await?;
            tokio::time::sleep_until(end.into()).await;
            Ok(Some(rows::<P>(watch).await? - before))
        }
    }
}

/// How many events the merchants' rows have taken in.
pub async fn rows<P: Peer>(watch: &PgPool) -> anyhow::Result<i64> {
    let statement = format!(
        "SELECT coalesce(sum(version), 0)::bigint FROM ({}) AS projected",
        P::PROJECTED
    );
    let rows = sqlx::query_scalar(&statement).fetch_one(watch);
    rows.await.context("counting what was projected")
}

async fn task<P: Peer>(peer: &P, share: &[Uuid], number: usize, begin: Instant, end: Instant) -> anyhow::Result<Load> {
    // So that not all tasks repeat at the same moment.
    let ahead = u64::try_from(number)?;
    let mut load = Load::default();
    for (step, merchant) in (0_u64..).zip(share.iter().cycle()) {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        let callback = Callback::of(*merchant, step, now());
        let accepted = if (step + ahead) % REPEATED == REPEATED - 1 {
            load.repeated += 1;
            let again = callback.clone();
            let (one, other) = tokio::join!(give(peer, *merchant, callback), give(peer, *merchant, again));
            load.count(one?) + load.count(other?)
        } else {
            load.count(give(peer, *merchant, callback).await?)
        };
        let answered = Instant::now();
        if accepted > 0 && sent >= begin && answered <= end {
            load.latencies.push(answered - sent);
        }
    }
    Ok(load)
}

/// An answer that is final, and how many conflicts there were before.
#[derive(Clone, Copy)]
struct Given {
    accepted: bool,
    conflicts: u64,
}

impl Load {
    fn count(&mut self, given: Given) -> u64 {
        self.conflicts += given.conflicts;
        self.accepted += u64::from(given.accepted);
        self.refused += u64::from(!given.accepted);
        u64::from(given.accepted)
    }
}

/// Hands a callback in until the answer is final.
async fn give<P: Peer>(peer: &P, merchant: Uuid, callback: Callback) -> anyhow::Result<Given> {
    for conflicts in 0..ATTEMPTS {
        let conflicts = u64::from(conflicts);
        match peer.receive(merchant, callback.clone()).await? {
            Answer::Accepted => {
                let accepted = true;
                return Ok(Given { accepted, conflicts });
            }
            Answer::Duplicate => {
                let accepted = false;
                return Ok(Given { accepted, conflicts });
            }
            Answer::Conflict => {}
        }
    }
    anyhow::bail!("{ATTEMPTS} conflicts, one after another")
}
