//! Where the logs end that somebody follows. Looked at in one place for all who do: whoever follows a log wakes when that one
//! has grown, and costs nothing while others do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registry_domain::{Seq, TenantId};
use registry_journal::Reader;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

/// How often it is looked although no commit was heard of: other processes write too.
const POLL_TIME: Duration = Duration::from_secs(1);

/// How long is rested after a look: busy logs must not cost one per commit.
const REST_TIME: Duration = Duration::from_millis(50);

/// And how much longer for each log that is looked at.
const REST_TIME_EACH: Duration = Duration::from_millis(2);

/// The ends of logs.
#[derive(Debug, Default)]
pub struct Heads {
    followed: Mutex<HashMap<TenantId, watch::Sender<Option<Seq>>>>,
    /// Somebody follows a log that was not looked at yet.
    new: Notify,
    reads: AtomicU64,
}

impl Heads {
    /// The end of a tenant's log, now and later; none until it was looked at.
    pub fn follow(&self, tenant: TenantId) -> watch::Receiver<Option<Seq>> {
        let mut followed = self.followed();
        if let Some(head) = followed.get(&tenant) {
            return head.subscribe();
        }
        let (head, following) = watch::channel(None);
        followed.insert(tenant, head);
        drop(followed);
        self.new.notify_one();
        following
    }

    /// Counts a page that was read for somebody who follows a log.
    pub fn count_read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// How many pages were read for those who follow logs.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Looks where the logs end that are followed, for as long as it is polled: after commits, but seldom.
    pub async fn keep(&self, reader: &dyn Reader, mut commits: watch::Receiver<u64>) {
        loop {
            let looked_at = Instant::now();
            commits.mark_unchanged();
            let looked = self.look(reader).await;
            let rest = REST_TIME + REST_TIME_EACH * looked;
            sleep_until(looked_at + rest.min(POLL_TIME)).await;
            // Without the writer there are still other processes, which write.
            let woken = async {
                tokio::select! {
                    Ok(()) = commits.changed() => {}
                    () = self.new.notified() => {}
                }
            };
            // Late or not: the end tells.
            let _woken = timeout_at(looked_at + POLL_TIME, woken).await;
        }
    }

    /// Looks once; returns at how many logs.
    async fn look(&self, reader: &dyn Reader) -> u32 {
        let tenants: Vec<TenantId> = {
            let mut followed = self.followed();
            followed.retain(|_, head| head.receiver_count() > 0);
            followed.keys().copied().collect()
        };
        for tenant in &tenants {
            // While storage is away nobody hears of anything, and whoever reads is told.
            let Ok(end) = reader.head(*tenant).await else { continue };
            if let Some(head) = self.followed().get(tenant) {
                head.send_if_modified(|head| head.replace(end.seq) != Some(end.seq));
            }
        }
        u32::try_from(tenants.len()).unwrap_or(u32::MAX)
    }

    fn followed(&self) -> MutexGuard<'_, HashMap<TenantId, watch::Sender<Option<Seq>>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
