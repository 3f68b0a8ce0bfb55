//! A nats-server, shared by all tests or one test's own, and what stands in its streams.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream;
use futures::StreamExt;
use registry_domain::tenant::Slug;
use registry_publish_nats::{NatsConfig, TailFrom, TailMessage, get_document, stream_name, tail};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::PATIENCE;
use crate::api::within;
use crate::logs;
use crate::settings::settings;

/// How long to wait for word of a stream that is not there yet before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A server, or a cluster of them.
pub struct TestNats {
    url: String,
    own: Vec<OwnServer>,
}

struct OwnServer {
    child: Option<Child>,
    store: TempDir,
    port: u16,
    /// What makes it part of a cluster.
    arguments: Vec<String>,
}

/// One message of a tenant's stream.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its subject.
    pub subject: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Value,
}

impl Published {
    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).expect("the header is there")
    }

    /// The position of its event in the log.
    pub fn seq(&self) -> u64 {
        self.header("Registry-Seq").parse().expect("a number")
    }

    /// The position of the event before it.
    pub fn previous_seq(&self) -> u64 {
        self.header("Registry-Prev-Seq").parse().expect("a number")
    }
}

impl From<TailMessage> for Published {
    fn from(message: TailMessage) -> Self {
        Self {
            subject: message.subject,
            headers: message.headers,
            body: serde_json::from_slice(&message.body).expect("the body is JSON"),
        }
    }
}

impl TestNats {
    /// The server that all tests share, if there is one; else one for this test.
    pub fn shared() -> Self {
        settings()
            .nats_url
            .clone()
            .map_or_else(Self::start, |url| Self { url, own: Vec::new() })
    }

    /// A server for this test alone, which may stop it.
    pub fn start() -> Self {
        Self::of(vec![OwnServer::new(Vec::new())])
    }

    /// A server for this test alone with further settings, in a file.
    pub fn start_with(settings: &Path) -> Self {
        let settings = settings.to_str().expect("a path is text").to_owned();
        Self::of(vec![OwnServer::new(vec!["--config".to_owned(), settings])])
    }

    /// A cluster for this test alone, which may stop one server after the other.
    pub fn cluster(servers: usize) -> Self {
        let routes: Vec<_> = (0..servers)
            .map(|_| format!("nats://127.0.0.1:{}", free_port()))
            .collect();
        let arguments = |number: usize| {
            let own = routes[number].clone();
            let name = format!("test-{number}");
            let all = routes.join(",");
            [
                "--cluster_name",
                "test",
                "--name",
                &name,
                "--cluster",
                &own,
                "--routes",
                &all,
            ]
            .map(str::to_owned)
        };
        Self::of(
            (0..servers)
                .map(|number| OwnServer::new(arguments(number).into()))
                .collect(),
        )
    }

    fn of(mut own: Vec<OwnServer>) -> Self {
        for server in &mut own {
            server.start();
        }
        let urls: Vec<_> = own
            .iter()
            .map(|server| format!("nats://127.0.0.1:{}", server.port))
            .collect();
        Self {
            url: urls.join(","),
            own,
        }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills it, the first server of a cluster. It must be the test's own.
    pub fn stop(&mut self) {
        self.own().stop();
    }

    /// Starts it again with what it has stored, on the same port.
    pub fn start_again(&mut self) {
        self.own().start();
    }

    /// Kills one server of a cluster.
    pub fn stop_server(&mut self, number: usize) {
        self.own[number].stop();
    }

    /// Starts it again.
    pub fn start_server_again(&mut self, number: usize) {
        self.own[number].start();
    }

    /// Destroys everything it has stored. It must have been stopped.
    pub fn wipe(&mut self) {
        let own = self.own();
        assert!(own.child.is_none(), "it is running");
        for entry in std::fs::read_dir(own.store.path()).expect("the store can be listed") {
            std::fs::remove_dir_all(entry.expect("an entry").path()).expect("the store can be destroyed");
        }
    }

    /// Whether there are several servers.
    pub fn is_cluster(&self) -> bool {
        self.own.len() > 1
    }

    fn servers(&self) -> Vec<&str> {
        self.url.split(',').collect()
    }

    fn own(&mut self) -> &mut OwnServer {
        self.own.first_mut().expect("the server is the test's own")
    }

    /// Everything in a tenant's stream, up to the message of this event; waits until it is there.
    pub async fn stream(&self, tenant: &Slug, last_seq: u64) -> Vec<Published> {
        let mut length = 0;
        loop {
            if let Ok(messages) = timeout(PATIENCE, Box::pin(self.wait_for_stream(tenant, last_seq))).await {
                return messages;
            }
            // A large storm is published for longer than anybody waits for one thing.
            let now = self.stream_length(tenant).await;
            assert!(now > length, "the stream of {tenant} stands still at {now} messages");
            length = now;
        }
    }

    async fn wait_for_stream(&self, tenant: &Slug, last_seq: u64) -> Vec<Published> {
        let client = async_nats::connect(self.servers()).await.expect("the server runs");
        let subscribed = client.subscribe(format!("smr.v1.{tenant}.>")).await;
        let mut news = subscribed.expect("one may listen");
        loop {
            if let Some(messages) = self.try_stream(tenant, last_seq).await {
                return messages;
            }
            // The first message on a subject comes with its stream. Whether it came is asked above.
            timeout(LOOK_AGAIN, news.next()).await.ok();
        }
    }

    /// None if there is no stream yet, or it went away.
    async fn try_stream(&self, tenant: &Slug, last_seq: u64) -> Option<Vec<Published>> {
        let mut messages = Vec::new();
        let config = NatsConfig::new(&self.url);
        let read = tail(&config, tenant, TailFrom::Start, |message| {
            let message = Published::from(message);
            let is_last = message.seq() >= last_seq;
            messages.push(message);
            if is_last {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        });
        read.await.ok().map(|()| messages)
    }

    /// How many messages a tenant's stream holds.
    pub async fn stream_length(&self, tenant: &Slug) -> u64 {
        let client = async_nats::connect(self.servers()).await.expect("the server runs");
        let stream = jetstream::new(client).get_stream(stream_name(tenant)).await;
        stream.expect("there is a stream").cached_info().state.messages
    }

    /// Waits until every copy of a tenant's stream holds what its leader holds.
    pub async fn copies(&self, tenant: &Slug) {
        let client = async_nats::connect(self.servers()).await.expect("the server runs");
        let context = jetstream::new(client);
        let mut found = Vec::new();
        let whole = async {
            loop {
                let stream = context.get_stream(stream_name(tenant)).await;
                let info = stream.expect("there is a stream").cached_info().clone();
                found = info.cluster.expect("it has copies").replicas;
                if found.iter().all(|copy| copy.current && copy.lag.unwrap_or(0) == 0) {
                    return;
                }
                sleep(LOOK_AGAIN).await;
            }
        };
        let in_time = timeout(PATIENCE, Box::pin(whole)).await.is_ok();
        assert!(in_time, "a copy of the stream of {tenant} stays behind: {found:?}");
    }

    /// A merchant's document in the tenant's bucket, once it has reached a version.
    pub async fn document(&self, tenant: &Slug, merchant_id: &str, version: u64) -> Value {
        let id = merchant_id.parse().expect("a merchant id");
        let config = NatsConfig::new(&self.url);
        let read = async {
            let client = async_nats::connect(self.servers()).await.expect("the server runs");
            let bucket = registry_publish_nats::bucket_name(tenant);
            let mut news = client
                .subscribe(format!("$KV.{bucket}.>"))
                .await
                .expect("one may listen");
            loop {
                let found = get_document(&config, tenant, id).await.ok().flatten();
                let document: Option<Value> = found.map(|json| serde_json::from_slice(&json).expect("JSON"));
                if let Some(document) = document.filter(|it| it["version"].as_u64() >= Some(version)) {
                    return document;
                }
                timeout(LOOK_AGAIN, news.next()).await.ok();
            }
        };
        within(PATIENCE, Box::pin(read)).await
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("there is a free port").port()
}

impl OwnServer {
    fn new(arguments: Vec<String>) -> Self {
        Self {
            child: None,
            store: TempDir::with_prefix("nats-").expect("a temporary directory can be made"),
            port: 0,
            arguments,
        }
    }

    fn start(&mut self) {
        let port = if self.port == 0 {
            "-1".to_owned()
        } else {
            self.port.to_string()
        };
        let (mut log, _) = logs::of_program("nats-server");
        let mut child = Command::new(settings().nats_server())
            .args(["--addr", "127.0.0.1", "--port", &port, "--jetstream", "--store_dir"])
            .arg(self.store.path())
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nats-server starts");
        let stderr = child.stderr.take().expect("its log is piped");
        self.child = Some(child);
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        for line in lines.by_ref() {
            writeln!(log, "{line}").expect("the log can be written");
            if let Some((_, address)) = line.split_once("Listening for client connections on ") {
                let port = address.rsplit(':').next().unwrap_or_default();
                self.port = port.trim().parse().expect("a port");
            }
            if line.ends_with("Server is ready") {
                // Somebody must read on, or the server would wait for room to log.
                std::thread::spawn(move || {
                    for line in lines {
                        writeln!(log, "{line}").ok();
                    }
                });
                return;
            }
        }
        panic!("nats-server ended before it was ready");
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be ended");
            child.wait().expect("a child can be waited for");
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.stop();
    }
}
