//! What replicas of one installation share, the storm that they stand, and what must hold after it.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use registry::config::Config;
use registry::storage::Storage;
use registry_domain::merchant::Event;
use registry_domain::tenant::Slug;
use registry_domain::{Seq, TenantId};
use registry_journal::Ambient;
use registry_journal::port::PageSize;
use registry_journal::record::StreamEvent;
use registry_maintenance::rebuild::{Mode, Rebuild};
use registry_maintenance::verify::verify;
use registry_tests::api::{Api, http_client};
use registry_tests::callback::{is_taken, mapping, try_send_through};
use registry_tests::postgres::service_url;
use registry_tests::tenant::random;
use registry_tests::{Installation, TestNats, logs, write_key};
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::sleep;

use super::cluster::Cluster;

/// Connections that send callbacks.
const CONNECTIONS: usize = 64;

/// How long a sender waits before it tries a replica that did not answer again.
const PACE: Duration = Duration::from_millis(50);

/// What replicas of one installation share.
pub struct Fleet {
    pub cluster: Cluster,
    /// For the login that the service has in an installation.
    service_url: String,
    keys: TempDir,
    nats: String,
}

/// A tenant, and the path of its callback URL.
#[derive(Clone)]
pub struct Partner {
    pub id: TenantId,
    pub slug: Slug,
    key: String,
    pub path: String,
}

impl Partner {
    pub fn api(&self, base: &str) -> Api {
        Api::new(base, Some(self.key.clone()))
    }
}

impl Fleet {
    pub async fn new(nats: &TestNats) -> Self {
        let keys = TempDir::with_prefix("keys-").expect("a temporary directory can be made");
        for (name, prefix) in [("master.key", ""), ("callback.keys", "1 ")] {
            let key = random(64);
            logs::secret(&key);
            write_key(&keys.path().join(name), &format!("{prefix}{key}"));
        }
        let cluster = Cluster::start();
        let migrating = Installation::new().with("DATABASE_URL", &cluster.url());
        migrating.print(&["migrate"]);
        Self {
            service_url: service_url(&cluster.url()).await,
            cluster,
            keys,
            nats: nats.url().to_owned(),
        }
    }

    fn key_file(&self, name: &str) -> PathBuf {
        self.keys.path().join(name)
    }

    pub fn replica(&self) -> Installation {
        let path = |name| self.key_file(name).to_str().expect("a path is text").to_owned();
        let copies = if self.nats.contains(',') { "3" } else { "1" };
        Installation::new()
            .with("REGISTRY_NATS_REPLICAS", copies)
            .with("DATABASE_URL", &self.service_url)
            .with("NATS_URL", &self.nats)
            .with("REGISTRY_MASTER_KEY_FILE", &path("master.key"))
            .with("REGISTRY_CALLBACK_KEYS_FILE", &path("callback.keys"))
            .with("REGISTRY_PUBLIC_URL", "http://registry.test")
            .with("REGISTRY_SENDER_MODE", "off")
    }

    pub fn partner(replica: &Installation) -> Partner {
        let (id, slug, key) = replica.create_tenant();
        let url = replica.print(&["tenant", "callback-url", "--tenant", slug.as_str()]);
        logs::secret(&url);
        let path = url
            .strip_prefix("http://registry.test")
            .expect("the public URL")
            .to_owned();
        Partner { id, slug, key, path }
    }

    pub async fn storage(&self) -> Storage {
        let config = Config {
            database_url: Some(self.service_url.clone()),
            master_key_file: Some(self.key_file("master.key")),
            callback_keys_file: Some(self.key_file("callback.keys")),
            ..Config::default()
        };
        let opened = registry::installation::Installation::open(&config).await;
        opened.expect("the installation opens").storage
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.cluster.url())
            .await
            .expect("the server runs")
    }

    /// Cuts the connections that are called like this. Returns how many there were.
    pub async fn cut(&self, name: &str) -> i64 {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        let row = sqlx::query(cut).bind(name).fetch_one(&mut self.connect().await).await;
        row.expect("a superuser may do that").get(0)
    }
}

/// Registers merchants named `store-0` and so on.
pub async fn register(base: &str, partner: &Partner, merchants: usize) {
    let api = partner.api(base);
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
pub fn body(partner: &Partner, merchant: usize, number: usize) -> String {
    let letter = ["P", "S", "R", "W"][number % 4];
    let message = message(partner, number);
    mapping("acad", &format!("store-{merchant}"), letter, Some(&message)).to_string()
}

fn message(partner: &Partner, number: usize) -> String {
    format!("{} {number}", partner.slug)
}

/// Sends callbacks to one replica, and to the next one if it does not answer, until each of them is taken.
pub async fn storm(
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
            let http = http_client();
            for number in (connection..callbacks).step_by(CONNECTIONS) {
                let partner = &partners[number % partners.len()];
                let body = body(partner, (number / partners.len()) % merchants, number);
                for attempt in 0.. {
                    let url = format!("{}{}", bases[(number + attempt) % 2], partner.path);
                    match try_send_through(&http, &url, body.clone()).await {
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
pub async fn check(storage: &Storage, nats: &TestNats, partner: &Partner, expected: &[usize]) {
    let archive = &storage.archive;
    let report = verify(archive.reader(), partner.id).await.expect("the log can be read");
    assert_eq!(report.flaw, None, "the log has a flaw");
    let rebuild = Rebuild {
        archive: archive.clone(),
        journal: storage.journal.clone(),
        ambient: Ambient::system(),
    };
    let folded = rebuild
        .run(partner.id, Mode::Check, &mut |_| ControlFlow::Continue(()))
        .await;
    assert_eq!(
        folded.expect("the log can be folded").progress.differing,
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
