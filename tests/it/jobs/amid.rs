//! What goes on while a job is worked at: callbacks come in, and calls to upstream are counted.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use registry_tests::api::{Api, http_client, until};
use registry_tests::callback::{is_taken, mapping, try_send_through};
use registry_tests::sandbox::TestSandbox;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Shops that no job is about, `beside/store-0` and so on.
pub const BESIDE: usize = 20;

/// A callback comes so long after the one before was answered.
const PACE: Duration = Duration::from_millis(20);

/// How often calls are counted.
const COUNTED_EVERY: Duration = Duration::from_millis(100);

/// Calls that were admitted, and came only later.
const UNDER_WAY: f64 = 16.0;

/// What was acknowledged.
#[derive(Default)]
pub struct Sent {
    /// What it said, of shops that no job is about.
    taken: Vec<String>,
    /// How long each took.
    times: Vec<Duration>,
}

impl Sent {
    pub fn taken(&self) -> impl Iterator<Item = &str> {
        self.taken.iter().map(String::as_str)
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.times.clone();
        times.sort();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
        write!(f, "{} (p50 {:?}, p99 {:?})", times.len(), at(50), at(99))
    }
}

/// Somebody sends callbacks, each of which says what no other does: one for a shop beside, the next for one of the job.
pub struct Callbacks {
    ends: CancellationToken,
    taken: Arc<AtomicUsize>,
    sender: JoinHandle<Sent>,
}

impl Callbacks {
    /// Begins, about so many shops of the job.
    pub fn start(url: &str, name: &str, shops: usize) -> Self {
        let (ends, taken) = (CancellationToken::new(), Arc::<AtomicUsize>::default());
        let sender = send(url.to_owned(), name.to_owned(), shops, ends.clone(), Arc::clone(&taken));
        Self {
            ends,
            taken,
            sender: tokio::spawn(sender),
        }
    }

    pub async fn finish(self) -> Sent {
        self.ends.cancel();
        self.sender.await.expect("whatever comes is an answer or none")
    }

    /// Goes on until so many are acknowledged.
    pub async fn finish_after(self, count: usize) -> Sent {
        until(async || self.taken.load(Ordering::SeqCst) >= count).await;
        self.finish().await
    }
}

async fn send(url: String, name: String, shops: usize, ends: CancellationToken, count: Arc<AtomicUsize>) -> Sent {
    let (http, mut sent) = (http_client(), Sent::default());
    for number in 0.. {
        if ends.is_cancelled() {
            break;
        }
        let message = format!("{name} {number}");
        let is_beside = number % 2 == 0;
        let (member, shop) = if is_beside {
            ("beside", number / 2 % BESIDE)
        } else {
            ("acad-12", number / 2 % shops)
        };
        let body = mapping(member, &format!("store-{shop}"), "S", Some(&message));
        let begun = Instant::now();
        match try_send_through(&http, &url, body.to_string()).await {
            Ok(answer) if is_taken(&answer) => {
                sent.times.push(begun.elapsed());
                sent.taken.extend(is_beside.then_some(message));
                count.fetch_add(1, Ordering::SeqCst);
            }
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
            // It was killed, and the next one does not listen yet.
            Err(_nobody_is_there) => {}
        }
        sleep(PACE).await;
    }
    sent
}

/// Counts calls to upstream, in whatever second they come.
pub struct Budget {
    per_second: f64,
    life: Arc<AtomicUsize>,
    ends: CancellationToken,
    most: JoinHandle<f64>,
}

impl Budget {
    /// Begins with a process that has made no call for a second.
    pub fn watch(sandbox: &TestSandbox, per_second: usize) -> Self {
        let per_second = u32::try_from(per_second).expect("a few").into();
        let (life, ends) = (Arc::<AtomicUsize>::default(), CancellationToken::new());
        let most = count(sandbox.control().clone(), per_second, Arc::clone(&life), ends.clone());
        Self {
            per_second,
            life,
            ends,
            most: tokio::spawn(most),
        }
    }

    /// A process begins with a whole burst, as if it had rested.
    pub fn new_life(&self) {
        self.life.fetch_add(1, Ordering::SeqCst);
    }

    /// In no span of time were there more calls than those of its seconds, and the burst of one.
    pub async fn expect_kept(self) {
        self.ends.cancel();
        let most = self.most.await.expect("calls are counted");
        assert!(
            most <= self.per_second + UNDER_WAY,
            "{most} calls more than {} a second",
            self.per_second
        );
        println!("at most {most:.0} calls above {} a second", self.per_second);
    }
}

/// How many calls more than its seconds allow were made in any span of time.
async fn count(sandbox: Api, per_second: f64, life: Arc<AtomicUsize>, ends: CancellationToken) -> f64 {
    let (began, mut most) = (Instant::now(), 0.0_f64);
    let (mut of_life, mut least) = (usize::MAX, f64::MAX);
    while !ends.is_cancelled() {
        let now = life.load(Ordering::SeqCst);
        let asked = began.elapsed().as_secs_f64();
        let calls = sandbox.get("/_sandbox/calls").await.expect(200);
        let calls: f64 = calls
            .as_object()
            .expect("calls")
            .values()
            .filter_map(serde_json::Value::as_f64)
            .sum();
        let answered = began.elapsed().as_secs_f64();
        if now != std::mem::replace(&mut of_life, now) {
            least = f64::MAX;
        }
        // It was counted at some moment between the two.
        most = most.max(calls - answered * per_second - least);
        least = least.min(calls - asked * per_second);
        sleep(COUNTED_EVERY).await;
    }
    most
}
