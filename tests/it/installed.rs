//! An installation as `infra/README.md` makes it: its PostgreSQL, its roles, its logins, two replicas; and every subcommand
//! there is.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use registry::config::Config;
use registry_tests::api::within;
use registry_tests::callback::{is_taken, mapping, send_taken, try_send};
use registry_tests::{Api, Installation, PATIENCE, TestNats, TestSandbox, write_key};
use serde_json::Value;
use tokio::task::block_in_place;

use crate::replicas::cluster::Cluster;

/// A tenant of the first engine.
const SLUG: &str = "moved";

/// Subcommands that have subcommands.
const WITH_PARTS: [&str; 5] = ["tenant", "key", "person", "member", "job"];

/// An installation and what was run on it.
struct Operator {
    installation: Installation,
    run: Mutex<BTreeSet<String>>,
}

impl Operator {
    /// Runs a subcommand that must succeed.
    fn print(&self, arguments: &[&str]) -> String {
        self.note(arguments);
        block_in_place(|| self.installation.print(arguments))
    }

    fn note(&self, arguments: &[&str]) {
        let has_parts = WITH_PARTS.contains(&arguments[0]);
        let name = arguments[..=usize::from(has_parts)].join(" ");
        self.run.lock().expect("nobody panicked").insert(name);
    }

    /// What the program says it can do.
    fn subcommands(&self) -> BTreeSet<String> {
        let listed = |of: &[&str]| {
            let help = self.installation.print(&[of, &["--help"]].concat());
            let after = help.split_once("Commands:\n").expect("it lists its commands").1;
            let list = after.split_once("\n\n").map_or(after, |(list, _)| list);
            let names = list.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(' '));
            let names = names
                .map(|(name, _)| name)
                .filter(|name| !name.is_empty() && *name != "help");
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        let mut all = BTreeSet::new();
        for name in listed(&[]) {
            if WITH_PARTS.contains(&name.as_str()) {
                all.extend(listed(&[&name]).iter().map(|part| format!("{name} {part}")));
            } else {
                all.insert(name);
            }
        }
        all
    }
}

/// An installation with a login of the server. The keys are those of the directory.
fn with_login(cluster: &Cluster, login: &str, nats: &TestNats, keys: &Path) -> Installation {
    let text = |path: &Path| path.to_str().expect("a path is text").to_owned();
    Installation::new()
        .with("DATABASE_URL", &cluster.installed_url(login))
        .with("REGISTRY_DATABASE_PASSWORD_FILE", &text(&cluster.password_file(login)))
        .with("REGISTRY_MASTER_KEY_FILE", &text(&keys.join("master.key")))
        .with("REGISTRY_CALLBACK_KEYS_FILE", &text(&keys.join("callback.keys")))
        .with("REGISTRY_PUBLIC_URL", "http://registry.test")
        .with("REGISTRY_SENDER_MODE", "off")
        // A job is still at work when it is looked at.
        .with("REGISTRY_RECONCILE_CALLS_PER_SECOND", "1")
        .with("NATS_URL", nats.url())
}

/// The recipe with its own logins, from the empty cluster on: the installation moves in from a file, every subcommand works,
/// two replicas serve, one dies, and callbacks are taken and published all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recipe_works_with_its_own_logins() {
    let (nats, sandbox, cluster) = (
        TestNats::start(),
        TestSandbox::start().await,
        Cluster::of_an_installation(),
    );
    let on_file = Installation::new();
    on_file.print(&["tenant", "create", "--slug", SLUG, "--name", "Moved"]);
    let keys = on_file.data_dir().join("keys");
    let service = || with_login(&cluster, "registry_service", &nats, &keys);
    let mut operator = Operator {
        installation: service(),
        run: Mutex::default(),
    };
    let early = operator.installation.run(&["serve"]);
    let early = String::from_utf8_lossy(&early.stderr).into_owned();
    assert!(early.contains("has no schema yet; run `registry migrate`"), "{early}");
    // Whoever may not change the schema is told who may; once there is nothing to change, that.
    let refused = operator.installation.run(&["migrate"]);
    let refused = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.contains("the login registry_service may not change the schema")
            && refused.contains("registry_migrate"),
        "{refused}"
    );
    with_login(&cluster, "registry_migrate", &nats, &keys).print(&["migrate"]);
    assert!(operator.print(&["migrate"]).contains("is up to date"));

    let (from, to) = (
        format!("sqlite://{}", on_file.database().display()),
        cluster.installed_url("registry_service"),
    );
    let copied = operator.print(&["copy", "--from", &from, "--to", &to]);
    assert!(copied.contains(SLUG), "{copied}");
    let (path, api_key, merchant) = set_up(&operator, &sandbox).await;

    let mut other = service();
    operator.note(&["serve"]);
    let (first, second) = block_in_place(|| (operator.installation.serve(), other.serve()));
    operator.print(&["healthcheck"]);
    let api = Api::new(first.base_url(), Some(api_key.clone()));
    let body = |letter| mapping("acad", "store", letter, None).to_string();
    send_taken(&format!("{}{path}", first.base_url()), body("W")).await;
    let seen = api.event(|event| event["type"] == "callback.received").await;
    assert_eq!(seen["type"], "callback.received");
    block_in_place(|| first.kill());
    let taken = within(
        PATIENCE,
        Box::pin(try_send(&format!("{}{path}", second.base_url()), body("P"))),
    )
    .await;
    assert!(is_taken(&taken.expect("the other replica answers")));
    let told = operator.print(&["tail", "--tenant", SLUG, "--from-start", "--count", "4"]);
    assert!(told.contains("callback.received"), "{told}");
    operator.print(&["document", "--tenant", SLUG, "--merchant", &merchant]);
    let api = Api::new(second.base_url(), Some(api_key));
    jobs(&operator, &api).await;

    operator.print(&["verify"]);
    operator.print(&["rebuild", "--check"]);
    operator.print(&["rebuild"]);
    operator.print(&["openapi"]);
    operator.print(&["asyncapi"]);
    dev(&operator);
    assert!(block_in_place(|| second.terminate()).success());
    let run = operator.run.lock().expect("nobody panicked");
    assert_eq!(*run, operator.subcommands(), "each subcommand is run by this test");
}

/// What an operator does once. Returns the path of the tenant's callback URL, an API key, and a merchant.
async fn set_up(operator: &Operator, sandbox: &TestSandbox) -> (String, String, String) {
    operator.print(&["tenant", "create", "--slug", "second", "--name", "Second"]);
    assert!(operator.print(&["tenant", "list"]).contains(SLUG));
    let file = operator.installation.data_dir().join("upstream.key");
    write_key(&file, sandbox.partner_key(0));
    let file = file.to_str().expect("a path is text");
    let url = sandbox.partner_url();
    operator.print(&[
        "tenant",
        "upstream",
        "--tenant",
        SLUG,
        "--url",
        &url,
        "--api-key-file",
        file,
    ]);
    operator.print(&["tenant", "suspend", "--tenant", SLUG]);
    operator.print(&["tenant", "resume", "--tenant", SLUG]);
    operator.print(&["tenant", "settings", "--tenant", SLUG, "--hold-seconds", "60"]);
    let callback = operator.print(&["tenant", "callback-url", "--tenant", SLUG]);
    registry_tests::logs::secret(&callback);
    let path = callback.strip_prefix("http://registry.test").expect("the public URL");
    let new_key = || {
        let key = operator.print(&["key", "create", "--tenant", SLUG, "--name", "portal", "--all-scopes"]);
        registry_tests::logs::secret(&key);
        key
    };
    let (api_key, _spare) = (new_key(), new_key());
    let listed = operator.print(&["key", "list", "--tenant", SLUG]);
    let last = listed.lines().last().and_then(|line| line.split('\t').next());
    let last = last.expect("a key");
    let successor = operator.print(&["key", "rotate", "--tenant", SLUG, "--key", last, "--overlap-hours", "0"]);
    registry_tests::logs::secret(&successor);
    operator.print(&["key", "revoke", "--tenant", SLUG, "--key", last]);

    people(operator);
    let process = block_in_place(|| {
        let mut serving = Installation::new();
        serving.take_settings_of(&operator.installation);
        serving.serve()
    });
    let api = Api::new(process.base_url(), Some(api_key.clone()));
    let shop = serde_json::json!({ "member_code": "acad", "merchant_code": "store" });
    let merchant = api.post("/v1/merchants", &shop).await.expect(201);
    assert!(block_in_place(|| process.terminate()).success());
    let merchant = merchant["id"].as_str().expect("an id").to_owned();
    (path.to_owned(), api_key, merchant)
}

/// Many shops are to get links; it is looked at, rests, goes on and is given up.
async fn jobs(operator: &Operator, api: &Api) {
    for number in 0..30 {
        let shop = serde_json::json!({ "member_code": "acad", "merchant_code": format!("branch-{number}") });
        api.post("/v1/merchants", &shop).await.expect(201);
    }
    let wish = serde_json::json!({ "action": "issue_links", "filter": "" });
    let plan = api.post("/v1/plans", &wish).await.expect(201);
    let plan = plan["id"].as_str().expect("an id");
    let reason = serde_json::json!({ "reason": "월요일 재발송" });
    let job = api
        .post(&format!("/v1/plans/{plan}/confirmation"), &reason)
        .await
        .expect(202);
    let id = job["id"].as_str().expect("an id");
    assert!(operator.print(&["job", "list", "--tenant", SLUG]).contains(id));
    for (what, state) in [
        ("pause", "paused"),
        ("show", "paused"),
        ("resume", ""),
        ("cancel", "cancelled"),
    ] {
        let told = operator.print(&["job", what, "--tenant", SLUG, "--job", id]);
        assert!(told.contains(state), "{what}: {told}");
    }
}

/// Somebody comes, and goes.
fn people(operator: &Operator) {
    let (email, json) = (["--email", "kim@example.test"], ["--json"]);
    let of_tenant = ["--tenant", SLUG];
    let print = |parts: &[&[&str]]| operator.print(&parts.concat());
    let link = |parts: &[&[&str]]| {
        let told: Value = serde_json::from_str(&print(parts)).expect("it is JSON");
        let url = told["url"].as_str().expect("a link").to_owned();
        registry_tests::logs::secret(url.rsplit('/').next().expect("a token"));
        url
    };
    let invitation = link(&[&["person", "invite", "--name", "Kim", "--administrator"], &email, &json]);
    assert!(
        invitation.starts_with("http://registry.test/console/join/"),
        "{invitation}"
    );
    let sign_in = link(&[&["person", "sign-in-link"], &email, &json]);
    assert!(sign_in.starts_with("http://registry.test/console/enter/"), "{sign_in}");
    print(&[
        &["member", "add", "--role", "manager", "--withhold", "personal:read"],
        &email,
        &of_tenant,
    ]);
    let listed = print(&[&["member", "list"], &of_tenant, &json]);
    let listed: Value = serde_json::from_str(&listed).expect("it is JSON");
    assert_eq!(listed[0]["role"], "manager");
    assert_eq!(listed[0]["withheld"], serde_json::json!(["personal:read"]));
    let demote = [&["member", "set-role", "--role", "viewer"], &email[..], &of_tenant].concat();
    let refused = operator.installation.run(&demote);
    let refused = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.contains("the person is the tenant's last manager"), "{refused}");
    print(&[&demote, &["--even-the-last"]]);
    print(&[&["person", "disable"], &email]);
    assert!(print(&[&["person", "list"]]).contains("disabled"));
    print(&[&["person", "enable"], &email]);
    print(&[&["member", "remove"], &email, &of_tenant]);
    assert_eq!(print(&[&["member", "list"], &of_tenant, &json]).trim(), "[]");
}

/// Everything at once on the same installation, until it says that it is ready.
fn dev(operator: &Operator) {
    let mut child = operator
        .installation
        .dev_command(&["--json", "--sandbox-listen", "127.0.0.1:0"])
        .env("REGISTRY_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let output = child.stdout.take().expect("it is piped");
    block_in_place(|| BufReader::new(output).read_line(&mut line)).expect("it says something");
    child.kill().expect("a child can be ended");
    child.wait().expect("a child can be waited for");
    let ready: Value = serde_json::from_str(&line).expect("it says in JSON that it is ready");
    registry_tests::logs::secret(ready["api_key"].as_str().expect("a key"));
    assert_eq!(ready["tenant"], "demo");
}

/// What `infra/` puts into environments under our prefix is a setting, or reaches no container of the service.
#[test]
fn environments_hold_settings_only() {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra");
    let settings = serde_json::to_value(Config::default()).expect("settings are JSON");
    let settings: BTreeSet<_> = settings.as_object().expect("by name").keys().cloned().collect();
    let is_setting = |name: &str| {
        let name = name.strip_prefix("REGISTRY_").expect("our prefix").to_lowercase();
        name == "config" || settings.contains(&name)
    };
    let mut wrong = Vec::new();
    for file in [
        "compose.yaml",
        "example.env",
        "make-secrets",
        "check",
        "container/Containerfile",
        "postgres/roles.sql",
    ] {
        let text = std::fs::read_to_string(infra.join(file)).expect("a file of ours");
        for name in names(&text).filter(|name| !is_setting(name) && !OTHERS.contains(&name.as_str())) {
            wrong.push(format!("{file}: {name}"));
        }
    }
    // Those of the others must not be given to the service.
    let compose = std::fs::read_to_string(infra.join("compose.yaml")).expect("a file of ours");
    for block in compose
        .split("\n    environment:\n")
        .skip(1)
        .chain(compose.split("\n  environment:\n").skip(1))
    {
        let lines: Vec<_> = block.lines().take_while(|line| line.starts_with("    ")).collect();
        let keys = lines
            .iter()
            .filter_map(|line| line.trim().split_once(": "))
            .map(|(name, _)| name);
        let keys: Vec<_> = keys
            .filter(|name| name.starts_with("REGISTRY_") || *name == "DATABASE_URL")
            .collect();
        if keys.contains(&"DATABASE_URL") {
            let unknown = keys
                .into_iter()
                .filter(|name| name.starts_with("REGISTRY_") && !is_setting(name));
            wrong.extend(unknown.map(|name| format!("compose.yaml gives the service {name}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// For Compose and the proxy.
const OTHERS: [&str; 2] = ["REGISTRY_DOMAIN", "REGISTRY_VERSION"];

/// Every word with our prefix.
fn names(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'));
    let words = words.filter(|word| word.strip_prefix("REGISTRY_").is_some_and(|rest| !rest.is_empty()));
    words.map(str::to_owned)
}
