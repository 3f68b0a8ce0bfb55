//! Consumers with the credentials that infra/README.md gives them: what NATS's own clients for Python, Node.js and Rust can
//! read with them, and what they cannot do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_nats::ConnectOptions;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::{self, Context};
use futures::{StreamExt, TryStreamExt};
use registry_domain::tenant::Slug;
use registry_publish_nats::{bucket_name, stream_name};
use registry_tests::api::{events_of, number_of, within};
use registry_tests::callback::{mapping, send_taken};
use registry_tests::settings::{repository, settings};
use registry_tests::tenant::id_of;
use registry_tests::{PATIENCE, TestApp, TestNats, TestTenant};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

const SHOPS: usize = 3;

/// How many things each client tries that it must not do.
const REFUSED: usize = 19;

/// More than the server sends of a stream to one subscriber before it wants to hear from it.
const BACKLOG: usize = 16;
const BACKLOG_MESSAGE_BYTES: usize = 900_000;

/// What the documents say a user may do, with what they call `acme` being another tenant.
fn permissions(document: &str, command: &str, tenant: &str) -> Value {
    let text = std::fs::read_to_string(repository().join(document)).expect("the document can be read");
    let (_, rest) = text.split_once(command).expect("it holds the command");
    let lines: Vec<_> = rest.lines().collect();
    let end = lines.iter().position(|line| !line.ends_with('\\')).expect("it ends");
    let command = lines[..=end].join("\n");
    let of = |option: &str| -> Vec<String> {
        let given = command.split(option).skip(1);
        let quoted = given.map(|rest| rest.trim_start().split('\'').nth(1).expect("it is quoted"));
        let subjects = quoted.flat_map(|list| list.split(','));
        subjects
            .map(|subject| {
                subject
                    .replace("ACME", &tenant.to_ascii_uppercase())
                    .replace("acme", tenant)
            })
            .collect()
    };
    json!({ "pub": of("--allow-pub"), "sub": of("--allow-sub") })
}

/// Credentials as an operator makes them, and the accounts that the servers know.
struct Accounts {
    directory: TempDir,
}

impl Accounts {
    async fn of(tenants: &[&str]) -> Self {
        let directory = TempDir::with_prefix("nats-accounts-").expect("a temporary directory can be made");
        let service = permissions(
            "infra/make-secrets",
            "nsc add user --account REGISTRY --name registry",
            "",
        );
        let mut users = json!({ "registry": service });
        for tenant in tenants {
            users[tenant] = permissions(
                "infra/README.md",
                "nsc add user --account REGISTRY acme-billing",
                tenant,
            );
        }
        let task = json!({ "directory": directory.path(), "users": users });
        let made = run(script(settings().node(), "accounts.mjs"), &task, async || {}).await;
        assert_eq!(made, BTreeMap::new());
        Self { directory }
    }

    fn settings(&self) -> PathBuf {
        self.directory.path().join("accounts.conf")
    }

    fn credentials(&self, user: &str) -> PathBuf {
        self.directory.path().join(format!("{user}.creds"))
    }
}

fn script(program: PathBuf, name: &str) -> Command {
    let mut command = Command::new(program);
    command
        .arg(repository().join("tests/consumers").join(name))
        .env("TEST_NODE_MODULES", settings().node_modules());
    command
}

fn python() -> Command {
    script(settings().python(), "read.py")
}

fn node() -> Command {
    script(settings().node(), "read.mjs")
}

/// Runs a program that reads its task and tells its steps, and does something once it waits for news.
async fn run(mut program: Command, task: &Value, on_watching: impl AsyncFnOnce()) -> BTreeMap<String, Value> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("its input is piped");
    stdin
        .write_all(task.to_string().as_bytes())
        .await
        .expect("it reads its task");
    drop(stdin);
    let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
    let (mut steps, mut on_watching) = (BTreeMap::new(), Some(on_watching));
    let reading = async {
        while let Some(line) = lines.next_line().await.expect("it prints text") {
            let step: Value = serde_json::from_str(&line).expect("it prints JSON");
            let name = step["step"].as_str().expect("a step has a name").to_owned();
            if name == "watching" {
                on_watching.take().expect("it watches once")().await;
            }
            steps.insert(name, step);
        }
        child.wait().await.expect("it ends")
    };
    assert!(within(PATIENCE, Box::pin(reading)).await.success());
    steps
}

/// A service that publishes through such accounts, and two of its tenants with some shops each.
struct Scene {
    app: TestApp,
    other: TestTenant,
    nats: TestNats,
    accounts: Accounts,
}

impl Scene {
    async fn new() -> Self {
        let mut app = TestApp::start().await;
        let other = app.other_tenant().await;
        for tenant in [&app.tenant, &other] {
            for shop in 0..SHOPS {
                let shop = tenant.register("acad-1", &format!("store-{shop}")).await;
                tenant.issue_link(&shop).await;
            }
        }
        let accounts = Accounts::of(&[app.tenant.slug.as_str(), other.slug.as_str()]).await;
        let nats = TestNats::start_with(&accounts.settings());
        let (url, credentials) = (nats.url().to_owned(), accounts.credentials("registry"));
        app.restart_with(|config| {
            config.nats_url = Some(url);
            config.nats_credentials_file = Some(credentials);
        })
        .await;
        let scene = Self {
            app,
            other,
            nats,
            accounts,
        };
        within(PATIENCE, Box::pin(scene.published())).await;
        scene
    }

    async fn published(&self) {
        let is_done = |readiness: &Value| readiness["works"] == true && readiness["lag_events"] == 0;
        while !is_done(&self.app.tenant.api.get("/readyz").await.expect(200)["publishing"]) {}
    }

    async fn shop(&self) -> Value {
        let path = "/v1/merchants/by-reference/acad-1/store-0";
        self.app.tenant.api.get(path).await.expect(200)
    }

    async fn task(&self) -> Value {
        let slug = &self.app.tenant.slug;
        json!({
            "url": self.nats.url(),
            "credentials": self.accounts.credentials(slug.as_str()),
            "inbox": format!("_INBOX_{slug}"),
            "tenant": slug.as_str(),
            "foreign": self.other.slug.as_str(),
            "merchant": id_of(&self.shop().await),
            "messages": self.messages(&self.app.tenant).await.len(),
        })
    }

    /// The positions of the events that are published, as text.
    async fn messages(&self, tenant: &TestTenant) -> Vec<String> {
        let events = tenant.api.feed().await;
        let published = events.iter().filter(|event| !event["merchant_id"].is_null());
        published.map(|event| number_of(event, "seq").to_string()).collect()
    }

    /// Lets a client read all that it may, change something while it watches, and looks at what it found.
    async fn read_by(&self, program: Command) -> BTreeMap<String, Value> {
        let (task, shop) = (self.task().await, self.shop().await);
        let merchants = self.app.tenant.api.get("/v1/merchants?limit=200").await.expect(200);
        let versions = |merchants: &[Value]| -> BTreeMap<String, Value> {
            let version = |it: &Value| (id_of(it).to_owned(), it["version"].clone());
            merchants.iter().map(version).collect()
        };
        let versions = versions(&events_of(&merchants));
        let url = self.app.sandbox.mapping("acad-1", "store-0").await.callback_url;
        let change = async || {
            let message = format!("version {}", shop["version"]);
            send_taken(&url, mapping("acad-1", "store-0", "S", Some(&message)).to_string()).await;
        };
        let messages = self.messages(&self.app.tenant).await;
        let mut steps = run(program, &task, change).await;
        let mut value = |step: &str| {
            let step = steps.remove(step).expect("it took the step");
            assert!(step["error"].is_null(), "{step}");
            step["value"].clone()
        };
        assert_eq!(value("ordered"), json!(messages));
        assert_eq!(value("durable"), json!([messages.len(), 0]));
        assert_eq!(value("stored"), messages[0]);
        assert_eq!(value("get"), shop["version"]);
        assert_eq!(value("keys"), json!(versions.keys().collect::<Vec<_>>()));
        assert_eq!(value("watching"), json!(versions));
        let update = value("watch");
        assert_eq!(update[0], id_of(&shop));
        assert!(update[1].as_u64() > shop["version"].as_u64(), "{update}");
        let refused = steps.iter().filter(|(step, _)| step.starts_with("refused: "));
        assert!(refused.clone().count() >= REFUSED, "{steps:?}");
        for (step, told) in refused {
            let told = told["error"].as_str().unwrap_or_else(|| panic!("{step}: {told}"));
            assert!(told.to_lowercase().contains("permissions violation"), "{step}: {told}");
        }
        steps.retain(|step, _| !step.starts_with("refused: "));
        steps
    }

    async fn finish(self) {
        within(PATIENCE, Box::pin(self.published())).await;
        self.app.finish().await;
    }
}

#[tokio::test]
async fn the_client_for_python_reads_its_tenant_and_can_do_nothing_else() {
    let scene = Scene::new().await;
    let others = Box::pin(scene.read_by(python())).await;
    assert_eq!(others["account"]["value"], true, "{others:?}");
    scene.finish().await;
}

#[tokio::test]
async fn the_client_for_node_reads_its_tenant_and_can_do_nothing_else() {
    let scene = Scene::new().await;
    let others = Box::pin(scene.read_by(node())).await;
    assert_eq!(
        others["manager"]["value"],
        stream_name(&scene.app.tenant.slug),
        "{others:?}"
    );
    assert_eq!(others["status"]["value"], true, "{others:?}");
    scene.finish().await;
}

async fn client(nats: &TestNats, credentials: &Path, inbox: String) -> Context {
    let options = ConnectOptions::with_credentials_file(credentials)
        .await
        .expect("they are credentials")
        .custom_inbox_prefix(inbox);
    jetstream::new(options.connect(nats.url()).await.expect("it is let in"))
}

/// Reads all messages of a tenant and its documents with the credentials of a tenant.
async fn read(scene: &Scene, credentials: &Slug, tenant: &TestTenant) -> anyhow::Result<(Vec<String>, usize)> {
    let (file, inbox) = (
        scene.accounts.credentials(credentials.as_str()),
        format!("_INBOX_{credentials}"),
    );
    let context = client(&scene.nats, &file, inbox).await;
    let count = scene.messages(tenant).await.len();
    let stream = context.get_stream(stream_name(&tenant.slug)).await?;
    let consumer = stream.create_consumer(OrderedConfig::default()).await?;
    let messages = consumer.messages().await?.take(count);
    let seqs = messages.map_ok(|message| {
        let headers = message.headers.as_ref().expect("ours have headers");
        headers.get("Registry-Seq").expect("the position").to_string()
    });
    let seqs = seqs.try_collect().await?;
    let store = context.get_key_value(bucket_name(&tenant.slug)).await?;
    let documents: Vec<String> = store.keys().await?.try_collect().await?;
    for key in &documents {
        anyhow::ensure!(store.get(key).await?.is_some(), "there is no document {key}");
    }
    Ok((seqs, documents.len()))
}

#[tokio::test]
async fn the_client_for_rust_reads_either_tenant_with_its_own_credentials_only() {
    let scene = Scene::new().await;
    let (one, other) = (&scene.app.tenant, &scene.other);
    for tenant in [one, other] {
        let found = Box::pin(read(&scene, &tenant.slug, tenant)).await.expect("it may");
        assert_eq!(found, (scene.messages(tenant).await, SHOPS));
    }
    let refused = Box::pin(read(&scene, &one.slug, other)).await;
    refused.expect_err("it is another tenant's");
    scene.finish().await;
}

/// Past some megabytes the server waits until the subscriber has told that it keeps up.
#[tokio::test]
async fn a_long_backlog_does_not_stand_still() {
    let slug = Slug::parse("long-backlog").expect("it is a slug");
    let accounts = Accounts::of(&[slug.as_str()]).await;
    let nats = TestNats::start_with(&accounts.settings());
    let service = client(&nats, &accounts.credentials("registry"), "_INBOX".to_owned()).await;
    let config = jetstream::stream::Config {
        name: stream_name(&slug),
        subjects: vec![format!("smr.v1.{slug}.>")],
        ..jetstream::stream::Config::default()
    };
    service
        .create_stream(config)
        .await
        .expect("the service may make streams");
    for seq in 1..=BACKLOG {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Registry-Seq", seq.to_string());
        let body = vec![b'x'; BACKLOG_MESSAGE_BYTES].into();
        let sent = service
            .publish_with_headers(format!("smr.v1.{slug}.x"), headers, body)
            .await;
        sent.expect("the service may publish").await.expect("it is stored");
    }
    let task = json!({
        "url": nats.url(),
        "credentials": accounts.credentials(slug.as_str()),
        "inbox": format!("_INBOX_{slug}"),
        "tenant": slug.as_str(),
        "foreign": null,
        "merchant": "",
        "messages": BACKLOG,
        "only": "ordered",
    });
    let expected = json!((1..=BACKLOG).map(|seq| seq.to_string()).collect::<Vec<_>>());
    for program in [python(), node()] {
        let steps = run(program, &task, async || {}).await;
        assert_eq!(steps["ordered"]["value"], expected, "{:?}", steps["ordered"]);
    }
}
