//! The one shared state behind all doors: the world, the counters of calls, and the sender.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::config::PartnerKey;
use crate::dice;
use crate::faults::{CallMishap, CallName};
use crate::lives::Lives;
use crate::sender::Sender;
use crate::world::{MappingId, Wake, World};

/// The name under which the faults of calls are drawn.
const DICE_CALL: u64 = 4;

/// Everything the doors share.
#[derive(Debug)]
pub(crate) struct Upstream {
    keys: Vec<PartnerKey>,
    site_url: Url,
    world: Mutex<World>,
    calls: Mutex<BTreeMap<CallName, u64>>,
    progress: Notify,
    changed: Notify,
    pub(crate) lives: Lives,
    pub(crate) sender: Sender,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Upstream {
    pub(crate) fn new(keys: Vec<PartnerKey>, world: World, site_url: Url, sender: Sender) -> Self {
        Self {
            keys,
            site_url,
            world: Mutex::new(world),
            calls: Mutex::new(CallName::ALL.into_iter().map(|name| (name, 0)).collect()),
            progress: Notify::new(),
            changed: Notify::new(),
            lives: Lives::default(),
            sender,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Reads or changes the world, and starts what came up by it.
    pub(crate) fn with_world<T>(self: &Arc<Self>, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        let before = world.changes();
        let result = act(&mut world);
        let wakes = world.take_wakes();
        let has_changed = world.changes() != before;
        drop(world);
        if has_changed {
            self.changed.notify_one();
        }
        for wake in wakes {
            self.start(wake);
        }
        result
    }

    /// The partner's number, if the key is one that the sandbox was started with.
    pub(crate) fn partner(&self, key: &str) -> Option<usize> {
        self.keys.iter().position(|known| known.expose() == key)
    }

    /// The made-up text without any partner's key.
    pub(crate) fn without_keys(&self, text: &str) -> String {
        self.keys
            .iter()
            .fold(text.to_owned(), |text, key| text.replace(key.expose(), "***"))
    }

    /// The address of a page for people.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.site_url.as_str().trim_end_matches('/'))
    }

    /// Counts a call and decides what goes wrong with it.
    pub(crate) fn begin_call(self: &Arc<Self>, name: CallName) -> CallMishap {
        let nth = {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            let count = calls.entry(name).or_default();
            *count += 1;
            *count
        };
        self.with_world(|world| {
            let mut dice = dice::for_decision(world.fault_seed(), &[DICE_CALL, name as u64, nth]);
            world.faults_mut().call_mishap(name, &mut dice)
        })
    }

    /// How often each call was asked for, those included that were answered wrongly on purpose.
    pub(crate) fn calls(&self) -> BTreeMap<CallName, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Wakes those who wait for something to be over.
    pub(crate) fn tell_progress(&self) {
        self.progress.notify_waiters();
    }

    /// Waits until something was changed that is remembered after a restart. One waits at a time.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Waits until something is over, but no longer than this and not beyond the end of the sandbox.
    pub(crate) async fn wait_until(&self, longest: Duration, is_over: impl Fn() -> bool) {
        let wait = async {
            loop {
                let mut progress = std::pin::pin!(self.progress.notified());
                // To be told of what happens from here on, ask to be told before looking.
                progress.as_mut().enable();
                if is_over() {
                    return;
                }
                progress.await;
            }
        };
        let _ = self.stop.run_until_cancelled(tokio::time::timeout(longest, wait)).await;
    }

    /// Waits until no callback of this mapping is under way, but no longer than this.
    pub(crate) async fn wait_until_sent(self: &Arc<Self>, mapping: MappingId, longest: Duration) {
        let is_idle =
            || self.with_world(|world| world.get(mapping).map_or(true, |mapping| mapping.callbacks.is_idle()));
        self.wait_until(longest, is_idle).await;
    }

    // A panic while the lock was held leaves a world that is still a world: the sandbox goes on with it.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(self: &Arc<Self>, wake: Wake) {
        let upstream = Arc::clone(self);
        let work = async move {
            match wake {
                Wake::Send(mapping) => upstream.sender.empty_outbox(&upstream, mapping).await,
                Wake::ReleaseLater { mapping, number, after } => {
                    tokio::time::sleep(after).await;
                    // A mapping never vanishes, and a callback that is gone already needs no release.
                    let _ = upstream.with_world(|world| world.release(mapping, number));
                }
            }
        };
        self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(work));
    }
}
