//! A nats-server for one test: on a free port, with `JetStream` in a temporary directory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use registry_documents::message::{MESSAGE_ID, Message, REGISTRY_SEQ};
use registry_domain::tenant::Slug;
use registry_domain::{EventId, MerchantId, Seq};
use registry_publish::publisher::Publisher;
use registry_publish_nats::{NatsConfig, NatsPublisher};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// For a client to notice what became of its server.
const NOTICE_LIMIT: Duration = Duration::from_secs(30);

/// A running server; ended when dropped.
pub struct Server {
    child: Option<Child>,
    store: TempDir,
    port: u16,
    arguments: &'static [&'static str],
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With further arguments.
    pub fn start_with(arguments: &'static [&'static str]) -> Self {
        let mut server = Self {
            child: None,
            store: TempDir::with_prefix("nats-").expect("a temporary directory can be made"),
            port: 0,
            arguments,
        };
        server.start_again();
        server
    }

    /// Starts it on the port it had before, with what is in its store.
    pub fn start_again(&mut self) {
        let port = if self.port == 0 {
            "-1".to_owned()
        } else {
            self.port.to_string()
        };
        let mut child = Command::new(binary())
            .args(["--addr", "127.0.0.1", "--port", &port, "--jetstream", "--store_dir"])
            .arg(self.store.path())
            .args(self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nats-server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log is piped"))
            .lines()
            .map_while(Result::ok);
        self.child = Some(child);
        for line in lines.by_ref() {
            if let Some((_, address)) = line.split_once("Listening for client connections on ") {
                let (_, port) = address.rsplit_once(':').expect("an address has a port");
                self.port = port.trim().parse().expect("a port is a number");
            }
            if line.ends_with("Server is ready") {
                // Somebody must read on, or the server would wait for room to log.
                thread::spawn(move || lines.for_each(drop));
                return;
            }
        }
        panic!("nats-server ended before it was ready");
    }

    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be ended");
            child.wait().expect("a child can be awaited");
        }
    }

    /// Destroys everything it has stored. It must have been stopped.
    pub fn wipe(&self) {
        assert!(self.child.is_none(), "it is running");
        for entry in fs::read_dir(self.store.path()).expect("the store is a directory") {
            let path = entry.expect("the store can be listed").path();
            fs::remove_dir_all(path).expect("the store can be destroyed");
        }
    }

    /// For a login before the `@`.
    pub fn config_of(&self, login: &str) -> NatsConfig {
        NatsConfig::new(format!("nats://{login}@127.0.0.1:{}", self.port))
    }

    pub fn config(&self) -> NatsConfig {
        NatsConfig::new(format!("nats://127.0.0.1:{}", self.port))
    }

    /// A publisher that is connected.
    pub async fn publisher(&self) -> NatsPublisher {
        let publisher = NatsPublisher::connect(self.config()).await.expect("the URL is one");
        until(|| publisher.session().is_some()).await;
        publisher
    }

    pub async fn jetstream(&self) -> async_nats::jetstream::Context {
        let client = async_nats::connect(self.config().url).await;
        async_nats::jetstream::new(client.expect("the server runs"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits until a publisher says that its session is another.
pub async fn other_session(publisher: &NatsPublisher, known: Option<u64>) {
    let notice = timeout(NOTICE_LIMIT, publisher.other_session(known));
    notice.await.expect("the client notices its server");
}

/// Waits for something that nobody announces.
pub async fn until(condition: impl Fn() -> bool) {
    until_async(async || condition()).await;
}

/// Waits for something that nobody announces and that must be asked for.
pub async fn until_async(condition: impl AsyncFn() -> bool) {
    let poll = async {
        while !condition().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(NOTICE_LIMIT, poll)
        .await
        .expect("the client notices its server");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place in these tests that reads the environment"
)]
fn binary() -> PathBuf {
    if let Ok(path) = std::env::var("NATS_SERVER_BIN") {
        return path.into();
    }
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/nats-server");
    let path = std::env::var("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).map(|directory| directory.join("nats-server"));
    let found = [fetched].into_iter().chain(installed).find(|file| file.is_file());
    found.expect("these tests need a nats-server: run them with `cargo xtask test`, which fetches one")
}

pub fn slug() -> Slug {
    Slug::parse("acme-1").expect("it is a slug")
}

pub fn merchant_id(number: u128) -> MerchantId {
    MerchantId::from_uuid(Uuid::from_u128(number))
}

pub fn event_id(seq: u64) -> EventId {
    EventId::from_uuid(Uuid::from_u128(0x1_0000 + u128::from(seq)))
}

pub fn message(seq: u64) -> Message {
    Message {
        id: event_id(seq),
        subject: format!("smr.v1.acme-1.merchant.review.opened.{}", merchant_id(1)),
        headers: vec![
            (MESSAGE_ID, event_id(seq).to_string()),
            (REGISTRY_SEQ, seq.to_string()),
            ("ce-time", "1970-01-01T00:00:00Z".to_owned()),
        ],
        body: format!(r#"{{"seq":{seq}}}"#).into(),
        seq: Seq(seq),
    }
}
