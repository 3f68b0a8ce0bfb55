//! README's tour, and the longer one that goes on where it ends, performed word for word: their commands are run in a shell in
//! their order, and what comes is compared with what is shown. And the demo that README speaks of.

mod shell;
mod transcript;

use std::collections::BTreeSet;
use std::path::Path;

use registry_tests::api::{events_of, http_client, text_of};
use registry_tests::dev::{Addresses, Dev};
use registry_tests::settings::{repository, settings};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, BUSINESS_NUMBER, TestNats, logs};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::form_urlencoded;

use shell::Shell;
use transcript::{Part, expect, parts};

/// What README has a person do, by the words that it says it with.
const SHOP: &str = "**Be the shop.**";
const REVIEWER: &str = "**Be the reviewer.**";
const REVIEWER_AGAIN: &str = "**Go on as the reviewer.**";

/// The two documents, and under which heading each has its part.
const TOURS: [(&str, &str); 2] = [
    ("README.md", "## A tour in five minutes"),
    ("openapi/README.md", "## A walk through the rest"),
];

/// The addresses that README names.
const API: &str = "127.0.0.1:8080";
const SANDBOX: &str = "127.0.0.1:8081";
const NATS: &str = "127.0.0.1:14222";

/// The shop of the tour is the first one; others come from a file.
const FIRST: &str = "/v1/merchants?sort=created_at";

/// A directory that looks like the repository after `cargo xtask dev`: the program in its place, and no data.
fn checkout() -> TempDir {
    let directory = TempDir::with_prefix("registry-tour-").expect("a temporary directory can be made");
    let programs = directory.path().join("target/debug");
    std::fs::create_dir_all(&programs).expect("a directory can be made");
    std::os::unix::fs::symlink(settings().registry(), programs.join("registry")).expect("a link can be made");
    directory
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_gives_what_readme_shows() {
    let (nats, directory) = (TestNats::start(), checkout());
    let tour = TOURS.map(|(file, heading)| {
        let text = std::fs::read_to_string(repository().join(file)).expect("a document of ours");
        parts(&text, heading)
    });
    let mut tour = tour.into_iter().flatten().peekable();
    let mut tourist = Tourist::set_out(directory.path(), &nats);
    let mut commands = 0;
    while let Some(part) = tour.next() {
        match part {
            Part::Prose(prose) => tourist.act(&prose).await,
            Part::Commands(script) => {
                commands += 1;
                let came = tourist.run(&script);
                let shown = tour.next_if(|part| matches!(part, Part::Shown(_)));
                if let Some(Part::Shown(shown)) = shown {
                    expect(&script, &shown, &came);
                }
            }
            Part::Shown(shown) => panic!("no command of README gives this:\n{shown}"),
        }
    }
    assert!(commands > 10, "README has a tour of {commands} commands");
    assert_eq!(tourist.done, BTreeSet::from([SHOP, REVIEWER, REVIEWER_AGAIN]));
    tourist.come_back(directory.path(), &nats).await;
}

/// Whoever takes the tour.
struct Tourist {
    dev: Option<Dev>,
    directory: std::path::PathBuf,
    nats_url: String,
    shell: Shell,
    /// What a person was asked to do, and did.
    done: BTreeSet<&'static str>,
}

impl Tourist {
    fn set_out(directory: &Path, nats: &TestNats) -> Self {
        Self {
            dev: None,
            directory: directory.to_owned(),
            nats_url: nats.url().to_owned(),
            shell: Shell::open(directory),
            done: BTreeSet::new(),
        }
    }

    fn dev(&self) -> &Dev {
        self.dev.as_ref().expect("the tour begins with cargo xtask dev")
    }

    /// Types commands. The addresses that README names are put in place of ours, and the other way round.
    fn run(&mut self, script: &str) -> String {
        if script.trim() == "cargo xtask dev" {
            // The test of xtask shows that it hands this very program a NATS server on the port that README names.
            // The first list comes at some moment of the first minute, and it is in the timeline of whoever is slow.
            self.dev = Some(Dev::start(&self.directory, &self.nats_url, Addresses::free(), 0, 0));
        }
        let ours = self.dev().addresses();
        let nats = self.nats_url.trim_start_matches("nats://").to_owned();
        let named = [
            (API, ours.service.to_string()),
            (SANDBOX, ours.sandbox.to_string()),
            (NATS, nats),
        ];
        let came = if script.trim() == "cargo xtask dev" {
            self.dev().printed.clone()
        } else {
            let script = named
                .iter()
                .fold(script.to_owned(), |script, (readme, ours)| script.replace(readme, ours));
            self.shell.run(&script)
        };
        named
            .iter()
            .fold(came, |came, (readme, ours)| came.replace(ours, readme))
    }

    /// Does what README asks a person to do.
    async fn act(&mut self, prose: &str) {
        let asked = [SHOP, REVIEWER, REVIEWER_AGAIN]
            .into_iter()
            .filter(|words| prose.contains(words));
        for words in asked.collect::<Vec<_>>() {
            match words {
                SHOP => {
                    let mapping = self.mapping().await;
                    let fields = [
                        ("member_id", "kim01"),
                        ("business_number", BUSINESS_NUMBER),
                        ("company_name", "가나다 학원"),
                        ("branch_name", ""),
                    ];
                    let page = text_of(&mapping, "registration_url").to_owned();
                    let opened = http_client().get(&page).send().await.expect("the page opens");
                    assert_eq!(opened.status(), 200);
                    send_form(&page, &fields).await;
                    self.see("in_review").await;
                }
                REVIEWER => {
                    self.review("S", "통장 사본을 보내 주세요").await;
                    self.see("documents_required").await;
                }
                _ => {
                    self.review("P", "").await;
                    self.see("in_review").await;
                    self.review("O", "").await;
                    self.see("opened").await;
                    self.see_verified().await;
                }
            }
            self.done.insert(words);
        }
    }

    /// The shop at the sandbox.
    async fn mapping(&self) -> Value {
        let mappings = self.dev().sandbox().get("/_sandbox/mappings").await.expect(200);
        let mapping = mappings[0].clone();
        for secret in ["callback_url", "registration_url"] {
            logs::secret(text_of(&mapping, secret).rsplit('/').next().expect("a token"));
        }
        mapping
    }

    async fn review(&self, code: &str, message: &str) {
        let id = id_of(&self.mapping().await).to_owned();
        let url = format!("{}/desk/{id}/review", self.dev().sandbox_url);
        send_form(&url, &[("code", code), ("message", message)]).await;
    }

    /// Waits until the shop has reached a stage and nothing about it is open.
    async fn see(&self, stage: &str) {
        let api = self.dev().api();
        until(&api, async || {
            let list = api.get("/v1/merchants").await.expect(200);
            list["data"][0]["stage"] == stage && list["data"][0]["confirmation"].is_null()
        })
        .await;
    }

    /// About what opens a shop Paymint is asked at once.
    async fn see_verified(&self) {
        let api = self.dev().api();
        until(&api, async || {
            let list = api.get("/v1/merchants").await.expect(200);
            list["data"][0]["review"]["verification"] == "verified"
        })
        .await;
    }

    /// The next day everything is as it was left, also at the sandbox.
    async fn come_back(mut self, directory: &Path, nats: &TestNats) {
        let dev = self.dev.take().expect("it runs");
        let (at, before) = (dev.addresses(), dev.api().get(FIRST).await.expect(200));
        let mapping = dev.sandbox().get("/_sandbox/mappings/map_1").await.expect(200);
        dev.stop();
        let dev = Dev::start(directory, nats.url(), at, 0, 0);
        let after = dev.api().get(FIRST).await.expect(200);
        let shop = &before["data"][0];
        assert_eq!(after["data"][0]["id"], shop["id"]);
        let remembered = dev.sandbox().get("/_sandbox/mappings/map_1").await.expect(200);
        for field in ["callback_url", "registration_url", "review_status", "company_name"] {
            assert_eq!(remembered[field], mapping[field], "{field}");
        }
        let answer = &ask(&dev.api(), shop).await.expect(200)["answer"];
        assert_eq!((&answer["found"], &answer["code"]), (&json!(true), &json!("O")));
        dev.stop();
    }
}

async fn send_form(url: &str, fields: &[(&str, &str)]) {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = http_client().post(url).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.send().await.expect("the form is taken");
    assert_eq!(answer.status(), 303);
}

/// Asks Paymint about a merchant.
async fn ask(api: &Api, merchant: &Value) -> Answer {
    let path = format!("/v1/merchants/{}/reconciliations", id_of(merchant));
    Answer::to(api.request(Method::POST, &path)).await
}

/// Looks again whenever something was written, until it is as wanted.
async fn until(api: &Api, is_so: impl AsyncFn() -> bool) {
    let wait = async {
        let mut after = 0;
        while !is_so().await {
            let page = api.get(&format!("/v1/events?after={after}&limit=200&wait=2")).await;
            let page = page.expect(200);
            after = page["page"]["next_after"].as_u64().expect("a position");
        }
    };
    registry_tests::api::within(registry_tests::PATIENCE, wait).await;
}

const STAGES: [&str; 10] = [
    "registered",
    "link_issued",
    "drafting",
    "in_review",
    "documents_required",
    "rejected",
    "opened",
    "unknown",
    "unlinked",
    "archived",
];

/// `--demo 50` shows everything that there is to see, and it stays: also when Paymint is asked, its list compared, and on the
/// next day.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_has_a_shop_in_every_state_and_keeps_it_so() {
    let (nats, directory) = (TestNats::start(), checkout());
    let dev = Dev::start(directory.path(), nats.url(), Addresses::free(), 50, 1);
    let (api, at) = (dev.api(), dev.addresses());
    until(&api, async || {
        stages(&api).await == BTreeSet::from(STAGES.map(str::to_owned))
    })
    .await;
    let examples = look(&api).await;
    until(&api, async || {
        let calls = dev.sandbox().get("/_sandbox/calls").await.expect(200);
        calls["read/mapping"].as_u64() > Some(2)
    })
    .await;
    for (held, stage) in examples.held.iter().zip(["opened", "documents_required"]) {
        assert_eq!(held["stage"], stage, "what is held has not happened");
        let path = format!("/v1/merchants/{}/reconciliations", id_of(held));
        let answer = api.post(&path, &json!(null)).await;
        assert!(
            answer.status >= 400,
            "Paymint does not answer about it: {}",
            answer.text
        );
    }
    dev.stop();
    let dev = Dev::start(directory.path(), nats.url(), at, 50, 1);
    let again = look(&dev.api()).await;
    let ids = |merchants: &[Value]| merchants.iter().map(|it| id_of(it).to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&again.held), ids(&examples.held));
    assert_eq!(stages(&dev.api()).await, BTreeSet::from(STAGES.map(str::to_owned)));
    dev.stop();
}

/// What somebody finds in the demo beside the stages.
struct Examples {
    held: Vec<Value>,
}

/// Where the shops of the demo stand.
async fn stages(api: &Api) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for stage in STAGES {
        let page = api
            .get(&format!("/v1/merchants?stage={stage}&limit=1"))
            .await
            .expect(200);
        found.extend(events_of(&page).first().map(|it| text_of(it, "stage").to_owned()));
    }
    found
}

async fn look(api: &Api) -> Examples {
    let list = api.get("/v1/merchants?limit=200&sort=created_at").await.expect(200);
    let held: Vec<_> = events_of(&list)
        .into_iter()
        .filter(|merchant| merchant["merchant_code"] == "shop-10" || merchant["merchant_code"] == "shop-11")
        .filter(|merchant| !merchant["confirmation"].is_null())
        .collect();
    assert_eq!(held.len(), 2, "two claims are held");
    let quarantine = api.get("/v1/quarantine?limit=200").await.expect(200);
    let reasons: BTreeSet<_> = events_of(&quarantine)
        .iter()
        .map(|row| text_of(row, "reason").to_owned())
        .collect();
    let expected = BTreeSet::from(["unparseable", "codes_mismatch"].map(str::to_owned));
    assert!(reasons.is_superset(&expected), "{reasons:?}");
    let unclaimed = api.get("/v1/unclaimed-merchants").await.expect(200);
    assert_eq!(text_of(&unclaimed["data"][0], "merchant_code"), "shop-unclaimed");
    Examples { held }
}
