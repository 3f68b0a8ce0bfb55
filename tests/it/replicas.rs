//! Several replicas on one PostgreSQL: every kind of trouble at once, and nothing lost, doubled or out of order.

use std::collections::HashSet;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use registry::config::Config;
use registry::secrets::Secrets;
use registry::storage::Storage;
use registry_domain::merchant::Event;
use registry_domain::tenant::Slug;
use registry_domain::{Seq, TenantId};
use registry_journal::Ambient;
use registry_journal::port::PageSize;
use registry_journal::rebuild::{Mode, Rebuild};
use registry_journal::record::StreamEvent;
use registry_journal::verify::verify;
use registry_tests::api::{Api, within};
use registry_tests::callback::{is_taken, mapping, try_send};
use registry_tests::settings::settings;
use registry_tests::tenant::random;
use registry_tests::{Installation, PATIENCE, Process, TestNats, logs};
use rustix::process::Signal;
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use cluster::Cluster;

/// The adapter's own tests start servers in the same way.
#[path = "../../libs/registry-journal-postgres/tests/it/cluster.rs"]
pub mod cluster;

/// Connections that send callbacks.
const CONNECTIONS: usize = 64;

/// Callbacks for each merchant, and merchants for each tenant.
const CALLBACKS_EACH: usize = 40;
const MERCHANTS_EACH: usize = 250;

/// A replica must have taken over from one that is gone within this time.
const TAKE_OVER: Duration = Duration::from_secs(10);

/// How long a sender waits before it tries a replica that did not answer again.
const PACE: Duration = Duration::from_millis(50);

/// What replicas of one installation share.
struct Fleet {
    cluster: Cluster,
    keys: TempDir,
    nats: String,
}

/// A tenant, and the path of its callback URL.
#[derive(Clone)]
struct Partner {
    id: TenantId,
    slug: Slug,
    key: String,
    path: String,
}

impl Fleet {
    fn new(nats: &TestNats) -> Self {
        let keys = TempDir::with_prefix("keys-").expect("a temporary directory can be made");
        for (name, prefix) in [("master.key", ""), ("callback.keys", "1 ")] {
            let key = random(64);
            logs::secret(&key);
            let mut file = std::fs::File::create(keys.path().join(name)).expect("a file can be made");
            writeln!(file, "{prefix}{key}").expect("a file can be written");
        }
        let fleet = Self {
            cluster: Cluster::start(),
            keys,
            nats: nats.url().to_owned(),
        };
        fleet.replica().print(&["migrate"]);
        fleet
    }

    fn key_file(&self, name: &str) -> PathBuf {
        self.keys.path().join(name)
    }

    fn replica(&self) -> Installation {
        let path = |name| self.key_file(name).to_str().expect("a path is text").to_owned();
        let copies = if self.nats.contains(',') { "3" } else { "1" };
        Installation::new()
            .with("REGISTRY_NATS_REPLICAS", copies)
            .with("DATABASE_URL", &self.cluster.url())
            .with("NATS_URL", &self.nats)
            .with("REGISTRY_MASTER_KEY_FILE", &path("master.key"))
            .with("REGISTRY_CALLBACK_KEYS_FILE", &path("callback.keys"))
            .with("REGISTRY_PUBLIC_URL", "http://registry.test")
            .with("REGISTRY_SENDER_MODE", "off")
    }

    fn partner(&self, replica: &Installation) -> Partner {
        let (id, slug, key) = replica.create_tenant();
        let url = replica.print(&["tenant", "callback-url", "--tenant", slug.as_str()]);
        logs::secret(&url);
        let path = url
            .strip_prefix("http://registry.test")
            .expect("the public URL")
            .to_owned();
        Partner { id, slug, key, path }
    }

    async fn storage(&self) -> Storage {
        let config = Config {
            database_url: Some(self.cluster.url()),
            master_key_file: Some(self.key_file("master.key")),
            callback_keys_file: Some(self.key_file("callback.keys")),
            ..Config::default()
        };
        let secrets = Secrets::open(&config, Ambient::system().ids.as_ref()).expect("the keys are there");
        let database = config.database().expect("a URL");
        Storage::open(&database, secrets.keyring)
            .await
            .expect("the database opens")
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.cluster.url())
            .await
            .expect("the server runs")
    }

    /// Cuts the connections that are called like this. Returns how many there were.
    async fn cut(&self, name: &str) -> i64 {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        let row = sqlx::query(cut).bind(name).fetch_one(&mut self.connect().await).await;
        row.expect("a superuser may do that").get(0)
    }
}

/// Registers merchants named `store-0` and so on.
async fn register(base: &str, partner: &Partner, merchants: usize) {
    let api = Api::new(base, Some(partner.key.clone()));
    let all: Vec<_> = (0..merchants).collect();
    for some in all.chunks(32) {
        let registering = some.iter().map(|number| {
            let body = json!({ "member_code": "acad", "merchant_code": format!("store-{number}") });
            let api = &api;
            async move { api.post("/v1/merchants", &body).await.expect(201) }
        });
        join_all(registering).await;
    }
}

/// One callback of a storm. No other says the same.
fn body(partner: &Partner, merchant: usize, number: usize) -> String {
    let letter = ["P", "S", "R", "W"][number % 4];
    let message = message(partner, number);
    mapping("acad", &format!("store-{merchant}"), letter, Some(&message)).to_string()
}

fn message(partner: &Partner, number: usize) -> String {
    format!("{} {number}", partner.slug)
}

/// Sends callbacks to one replica, and to the next one if it does not answer, until each of them is taken.
async fn storm(
    bases: [String; 2],
    partners: Vec<Partner>,
    callbacks: usize,
    merchants: usize,
    taken: watch::Sender<usize>,
) {
    let (partners, taken) = (Arc::new(partners), Arc::new(taken));
    let senders = (0..CONNECTIONS).map(|connection| {
        let (bases, partners, taken) = (bases.clone(), Arc::clone(&partners), Arc::clone(&taken));
        tokio::spawn(async move {
            for number in (connection..callbacks).step_by(CONNECTIONS) {
                let partner = &partners[number % partners.len()];
                let body = body(partner, (number / partners.len()) % merchants, number);
                for attempt in 0.. {
                    let url = format!("{}{}", bases[(number + attempt) % 2], partner.path);
                    match try_send(&url, body.clone()).await {
                        Ok(answer) if is_taken(&answer) => break,
                        Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text),
                        Err(_nobody_is_there) => {}
                    }
                    sleep(PACE).await;
                }
                taken.send_modify(|taken| *taken += 1);
            }
        })
    });
    for sender in join_all(senders).await {
        sender.expect("a sender does not fail");
    }
}

/// What must hold for a tenant in the end.
async fn check(storage: &Storage, nats: &TestNats, partner: &Partner, expected: &[usize]) {
    let archive = &storage.archive;
    let report = verify(archive.reader(), partner.id).await.expect("the log can be read");
    assert_eq!(report.flaw, None, "the log has a flaw");
    let rebuild = Rebuild {
        archive: archive.clone(),
        journal: storage.journal.clone(),
        ambient: Ambient::system(),
    };
    let rebuilt = rebuild
        .run(partner.id, Mode::Check, &mut |_| ControlFlow::Continue(()))
        .await;
    assert_eq!(
        rebuilt.expect("the log can be folded").progress.differing,
        0,
        "rows differ from the log"
    );

    let (mut after, mut public, mut told) = (Seq::ZERO, Vec::new(), HashSet::new());
    loop {
        let page = archive
            .events_after(partner.id, after, PageSize::MAX)
            .await
            .expect("the log can be read");
        let Some(last) = page.last() else { break };
        after = last.stamp.seq;
        for recorded in &page {
            let StreamEvent::Merchant(event) = &recorded.event else {
                continue;
            };
            public.push(recorded.stamp.seq.0);
            if let Event::CallbackReceived {
                observation: Some(observation),
                ..
            } = event
            {
                told.extend(observation.review_message.as_ref().map(|text| text.as_str().to_owned()));
            }
        }
    }
    let lost: Vec<_> = expected
        .iter()
        .filter(|number| !told.contains(&message(partner, **number)))
        .collect();
    assert!(lost.is_empty(), "answered and not in the log: {lost:?}");
    let messages = nats
        .stream(&partner.slug, *public.last().expect("there are events"))
        .await;
    let published: Vec<_> = messages.iter().map(registry_tests::nats::Published::seq).collect();
    assert!(published == public, "each event is published once and in order");
    assert_eq!(
        nats.stream_length(&partner.slug).await,
        public.len() as u64,
        "nothing else is published"
    );
}

/// Two replicas under a storm.
struct Battle {
    fleet: Fleet,
    nats: TestNats,
    replicas: [Installation; 2],
    processes: [Option<Process>; 2],
    taken: watch::Receiver<usize>,
    callbacks: usize,
}

impl Battle {
    /// Waits until so many tenths of the storm are answered.
    async fn reach(&mut self, tenths: usize) {
        let number = self.callbacks * tenths / 10;
        let reached = self.taken.wait_for(|taken| *taken >= number).await;
        reached.expect("the storm goes on");
    }

    fn kill(&mut self, number: usize) {
        block_in_place(|| self.processes[number].take().expect("it runs").kill());
    }

    fn serve(&mut self, number: usize) {
        self.processes[number] = Some(block_in_place(|| self.replicas[number].serve()));
    }

    /// Callbacks from many sides for many merchants of many tenants, and trouble meanwhile.
    async fn fight(nats: TestNats, trouble: impl AsyncFnOnce(&mut Self)) {
        let callbacks = settings().storm_callbacks;
        let tenants = (callbacks / CALLBACKS_EACH / MERCHANTS_EACH).clamp(2, 20);
        let merchants = (callbacks / CALLBACKS_EACH / tenants).max(1);
        let fleet = Fleet::new(&nats);
        let mut replicas = [fleet.replica(), fleet.replica()];
        let partners: Vec<_> = (0..tenants).map(|_| fleet.partner(&replicas[0])).collect();
        let processes = replicas.each_mut().map(|replica| Some(replica.serve()));
        let base = |process: &Option<Process>| process.as_ref().expect("it runs").base_url();
        let bases = processes.each_ref().map(base);
        join_all(partners.iter().map(|partner| register(&bases[0], partner, merchants))).await;

        let (sender, taken) = watch::channel(0);
        let storm = tokio::spawn(storm(bases, partners.clone(), callbacks, merchants, sender));
        let mut battle = Self {
            fleet,
            nats,
            replicas,
            processes,
            taken,
            callbacks,
        };
        trouble(&mut battle).await;
        storm.await.expect("the storm does not fail");

        let storage = battle.fleet.storage().await;
        for (number, partner) in partners.iter().enumerate() {
            let expected: Vec<_> = (number..callbacks).step_by(tenants).collect();
            check(&storage, &battle.nats, partner, &expected).await;
        }
        storage.close().await;
        for process in battle.processes.into_iter().flatten() {
            assert!(block_in_place(|| process.terminate()).success());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_dies_nothing_is_lost_or_doubled() {
    let trouble = async |battle: &mut Battle| {
        battle.reach(1).await;
        battle.kill(0);
        battle.reach(2).await;
        battle.serve(0);
        battle.reach(3).await;
        block_in_place(|| battle.fleet.cluster.restart_immediately());
        battle.reach(4).await;
        block_in_place(|| {
            battle.nats.stop();
            battle.nats.start_again();
        });
        battle.reach(5).await;
        assert!(battle.fleet.cut("registry-leases").await > 0, "somebody held leases");
        battle.reach(6).await;
        assert!(battle.fleet.cut("registry-writer").await > 0, "somebody was writing");
        battle.reach(7).await;
        battle.kill(1);
        battle.reach(8).await;
        battle.serve(1);
    };
    Box::pin(Battle::fight(TestNats::start(), trouble)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nats_cluster_may_lose_a_server() {
    let trouble = async |battle: &mut Battle| {
        for number in 0..3 {
            battle.reach(2 * number + 1).await;
            block_in_place(|| battle.nats.stop_server(number));
            battle.reach(2 * number + 2).await;
            block_in_place(|| battle.nats.start_server_again(number));
        }
    };
    Box::pin(Battle::fight(TestNats::cluster(3), trouble)).await;
}

/// Two replicas, one merchant, and who publishes.
struct Pair {
    fleet: Fleet,
    nats: TestNats,
    partner: Partner,
    replicas: Vec<Installation>,
    holder: Option<Process>,
    other: Process,
    sent: usize,
}

impl Pair {
    async fn start() -> Self {
        let nats = TestNats::start();
        let fleet = Fleet::new(&nats);
        let mut replicas = vec![fleet.replica(), fleet.replica()];
        let partner = fleet.partner(&replicas[0]);
        let holder = replicas[0].serve();
        register(&holder.base_url(), &partner, 1).await;
        let mut pair = Self {
            // Started later, it finds all leases taken.
            other: replicas[1].serve(),
            holder: Some(holder),
            fleet,
            nats,
            partner,
            replicas,
            sent: 0,
        };
        pair.expect_published().await;
        pair
    }

    /// Sends a callback to the one that does not publish, and waits until it is published.
    async fn expect_published(&mut self) {
        let body = body(&self.partner, 0, self.sent);
        self.sent += 1;
        let url = format!("{}{}", self.other.base_url(), self.partner.path);
        let answer = within(PATIENCE, Box::pin(try_send(&url, body))).await;
        assert!(is_taken(&answer.expect("the replica answers")));
        let storage = self.fleet.storage().await;
        let head = storage.reader.head(self.partner.id).await.expect("the log can be read");
        storage.close().await;
        self.nats.stream(&self.partner.slug, head.seq.0).await;
    }

    async fn finish(mut self) {
        let storage = self.fleet.storage().await;
        let expected: Vec<_> = (0..self.sent).collect();
        check(&storage, &self.nats, &self.partner, &expected).await;
        storage.close().await;
        if let Some(holder) = self.holder.take() {
            assert!(block_in_place(|| holder.terminate()).success());
        }
        assert!(block_in_place(|| self.other.terminate()).success());
        drop(self.replicas);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_replica_takes_over_from_a_dead_one() {
    let mut pair = Pair::start().await;
    block_in_place(|| pair.holder.take().expect("it runs").kill());
    let died = Instant::now();
    pair.expect_published().await;
    assert!(died.elapsed() < TAKE_OVER, "it took {:?}", died.elapsed());
    pair.finish().await;
}

/// A process that is stopped keeps its connections open. When it goes on, it believes that it still holds the leases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_replica_takes_over_from_a_frozen_one_which_then_does_no_harm() {
    let mut pair = Pair::start().await;
    pair.holder.as_ref().expect("it runs").signal(Signal::STOP);
    let froze = Instant::now();
    pair.expect_published().await;
    assert!(froze.elapsed() < TAKE_OVER, "it took {:?}", froze.elapsed());
    pair.holder.as_ref().expect("it runs").signal(Signal::CONT);
    for _ in 0..20 {
        pair.expect_published().await;
    }
    pair.finish().await;
}
