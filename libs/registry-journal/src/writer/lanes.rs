//! Several batches at once, each of other tenants. What one tenant asks for stays in order, because it has one lane; and
//! two lanes never wait for each other, because they lock other tenants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use registry_domain::TenantId;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::WriterConfig;
use super::queue;
use super::run::Runner;
use super::waiting::Waiting;

/// The ways into the lanes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lanes {
    all: Arc<Queues>,
    dealt: Arc<Mutex<HashMap<TenantId, usize>>>,
}

/// The queues of all lanes. Once nobody can put anything into them any more, they close.
struct Queues(Vec<Arc<Waiting>>);

impl Drop for Queues {
    fn drop(&mut self) {
        for waiting in &self.0 {
            waiting.close();
        }
    }
}

impl Lanes {
    /// The lanes, one for each runner, and the task that keeps them: it works until `stop` fires, then finishes what is
    /// waiting. A lane that breaks takes the others with it: the process must not go on with half of its tenants.
    pub(super) fn start(
        runners: Vec<Runner>,
        config: WriterConfig,
        ticks: &watch::Sender<u64>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (stopping, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        let lane = |runner| {
            let waiting = Arc::new(Waiting::new(config.queue_length_max, config.queue_bytes_max));
            let mut stopped = stopped.clone();
            let stop = async move {
                // An error means that nobody can say stop any more.
                let _gone = stopped.wait_for(|stopped| *stopped).await;
            };
            let emptied = Arc::clone(&waiting);
            running.spawn(queue::drain(emptied, runner, config, ticks.clone(), stop));
            waiting
        };
        let lanes = Arc::new(Queues(runners.into_iter().map(lane).collect()));
        let keep = async move {
            let mut stop = std::pin::pin!(stop);
            loop {
                tokio::select! {
                    () = &mut stop, if !*stopping.borrow() => {
                        stopping.send_replace(true);
                    }
                    ended = running.join_next() => match ended {
                        Some(Ok(())) => {}
                        Some(Err(broken)) => std::panic::resume_unwind(broken.into_panic()),
                        None => return,
                    },
                }
            }
        };
        let dealt = Arc::default();
        (Self { all: lanes, dealt }, keep)
    }

    /// The lane of a tenant. Tenants are dealt out in turns as they come, so that no lane has more of them than another:
    /// one that has little to do lets a processor idle.
    pub(super) fn of(&self, tenant: TenantId) -> &Waiting {
        let mut dealt = self.dealt.lock().unwrap_or_else(PoisonError::into_inner);
        let next = dealt.len() % self.all.0.len();
        &self.all.0[*dealt.entry(tenant).or_insert(next)]
    }

    pub(super) fn are_open(&self) -> bool {
        self.all.0.iter().all(|lane| !lane.is_closed())
    }

    /// How much memory what is waiting takes, roughly.
    pub(super) fn bytes(&self) -> usize {
        self.all.0.iter().map(|lane| lane.bytes()).sum()
    }

    /// How many commands are waiting.
    pub(super) fn queued(&self) -> usize {
        self.all.0.iter().map(|lane| lane.length()).sum()
    }
}
