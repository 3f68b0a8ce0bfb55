//! The main job from end to end: register, issue, submit, review; seen at every door, then and afterwards.

use futures::future::join_all;
use registry_tests::api::{number_of, text_of};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, BUSINESS_NUMBER, TestApp, TestNats, TestTenant};
use reqwest::Method;
use serde_json::{Value, json};

/// What the masked document shows of [`BUSINESS_NUMBER`].
const MASKED_NUMBER: &str = "117-81-*****";

/// Enough for several pages.
const MANY: usize = 250;

#[tokio::test]
async fn a_shop_is_followed_from_registration_to_opening_at_every_door() {
    let nats = TestNats::shared();
    let app = TestApp::start_with_nats(&nats).await;
    let tenant = &app.tenant;
    let mut story = Story::begin(tenant, &nats).await;
    story.expect("registered", "none", ("partner", "issue_link")).await;

    let link = tenant.issue_link(&story.now).await;
    assert!(link["url"].as_str().unwrap().starts_with(app.sandbox.site_url()));
    story.expect("link_issued", "none", ("merchant", "open_link")).await;

    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.submit("가나다 학원").await;
    story
        .expect("in_review", "in_review", ("upstream", "review_application"))
        .await;
    assert_eq!(story.now["business"]["company_name"], "가나다 학원");
    assert_eq!(story.now["business"]["number"], BUSINESS_NUMBER);

    mapping.review("S", Some("사업자등록증 사본을 보내 주세요.")).await;
    let next = ("merchant", "supply_documents");
    story.expect("documents_required", "documents_required", next).await;
    assert_eq!(story.now["review"]["message"], "사업자등록증 사본을 보내 주세요.");
    assert_eq!(story.now["next_action"]["message"], "사업자등록증 사본을 보내 주세요.");

    mapping.review("P", None).await;
    story
        .expect("in_review", "in_review", ("upstream", "review_application"))
        .await;
    mapping.review("O", None).await;
    story.expect("opened", "opened", ("none", "none")).await;

    story.check_timeline().await;
    story.check_memory().await;
    app.finish_published(&nats).await;
}

/// A shop, and what was seen of it after each step.
struct Story<'a> {
    tenant: &'a TestTenant,
    nats: &'a TestNats,
    now: Value,
    chapters: Vec<Value>,
}

impl<'a> Story<'a> {
    async fn begin(tenant: &'a TestTenant, nats: &'a TestNats) -> Self {
        Self {
            tenant,
            nats,
            now: tenant.register("acad-12", "store-3").await,
            chapters: Vec::new(),
        }
    }

    /// Looks through every door and remembers what it saw.
    async fn expect(&mut self, stage: &str, status: &str, (actor, code): (&str, &str)) {
        let id = id_of(&self.now).to_owned();
        self.now = self.tenant.settled(&id).await;
        assert_eq!(self.now["stage"], stage);
        assert_eq!(self.now["review"]["status"], status);
        assert_eq!(self.now["next_action"]["actor"], actor, "{}", self.now["next_action"]);
        assert_eq!(self.now["next_action"]["code"], code, "{}", self.now["next_action"]);
        let version = number_of(&self.now, "version");
        let document = self.nats.document(&self.tenant.slug, &id, version).await;
        assert_eq!(document, masked(&self.now), "the bucket says what the API says");
        let seq = number_of(&self.now, "seq");
        let messages = self.nats.stream(&self.tenant.slug, seq).await;
        assert_eq!(messages.last().expect("a message").body["merchant"], document);
        self.chapters.push(self.now.clone());
    }

    async fn check_timeline(&self) {
        let timeline = self.tenant.api.timeline(id_of(&self.now)).await;
        let versions: Vec<_> = timeline.iter().map(|event| number_of(event, "version")).collect();
        assert_eq!(versions, (1..=number_of(&self.now, "version")).collect::<Vec<_>>());
        let changes = timeline.iter().filter(|event| event["type"] == "review.changed");
        let moves: Vec<_> = changes.map(|event| text_of(&event["data"], "to")).collect();
        assert_eq!(
            moves,
            ["drafting", "in_review", "documents_required", "in_review", "opened"]
        );
        let feed = self.tenant.api.feed().await;
        let ours: Vec<_> = feed
            .into_iter()
            .filter(|event| event["merchant_id"] == self.now["id"])
            .collect();
        assert_eq!(ours, timeline, "the feed and the timeline tell one story");
    }

    /// What was seen after each step can be seen again, by version and by time.
    async fn check_memory(&self) {
        let path = format!("/v1/merchants/{}", id_of(&self.now));
        let timeline = self.tenant.api.timeline(id_of(&self.now)).await;
        for chapter in &self.chapters {
            let version = number_of(chapter, "version");
            let by_version = self.tenant.api.get(&format!("{path}?as_of_version={version}")).await;
            assert_eq!(by_version.expect(200), *chapter);
            let event = timeline
                .iter()
                .find(|event| event["version"] == version)
                .expect("it is told");
            let time = text_of(event, "recorded_at");
            let by_time = self.tenant.api.get(&format!("{path}?as_of={time}")).await;
            assert_eq!(by_time.expect(200), *chapter);
        }
        let before = self.tenant.api.get(&format!("{path}?as_of=2020-01-01T00:00:00Z")).await;
        before.problem(404, "not_yet_registered");
        let later = self.tenant.api.get(&format!("{path}?as_of=2200-01-01T00:00:00Z")).await;
        later.problem(422, "validation_failed");
        let never = self.tenant.api.get(&format!("{path}?as_of_version=1000")).await;
        never.problem(404, "version_not_found");
    }
}

fn masked(document: &Value) -> Value {
    let mut document = document.clone();
    if document["business"]["number"] == BUSINESS_NUMBER {
        document["business"]["number"] = MASKED_NUMBER.into();
    }
    document
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let path = format!("/v1/merchants/{}", id_of(&merchant));
    let first = app.tenant.api.get(&path).await;
    assert_eq!(first.header("etag"), Some("\"1.1\""));
    let again = async |etag: &str, path: &str| {
        let request = app.tenant.api.request(Method::GET, path).header("if-none-match", etag);
        Answer::to(request).await
    };
    for etag in ["\"1.1\"", "\"7.1\", \"1.1\"", "*", "W/\"1.1\""] {
        let answer = again(etag, &path).await;
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{etag}");
    }
    let by_reference = "/v1/merchants/by-reference/acad-1/store-1";
    assert_eq!(again("\"1.1\"", by_reference).await.status, 304);
    // Another version, and the same one in the form of an earlier release.
    for etag in ["\"2.1\"", "\"1\""] {
        assert_eq!(again(etag, by_reference).await.expect(200), merchant, "{etag}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_change_needs_the_version_it_was_made_for() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    let path = format!("/v1/merchants/{}", id_of(&merchant));
    let change = async |etag: Option<&str>| {
        let mut request = app
            .tenant
            .api
            .request(Method::PATCH, &path)
            .json(&json!({"tags": ["vip"]}));
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        Answer::to(request).await
    };
    change(None).await.problem(428, "if_match_required");
    assert_eq!(change(Some("\"1\"")).await.expect(200)["tags"], json!(["vip"]));
    for etag in ["\"1\"", "\"1.1\""] {
        change(Some(etag)).await.problem(412, "version_mismatch");
    }
    change(Some("\"2.1\"")).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn an_archived_shop_leaves_the_list_still_takes_callbacks_and_comes_back() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-1", "store-1").await;
    app.tenant.issue_link(&merchant).await;
    let merchant = app.tenant.api.merchant(id_of(&merchant)).await;
    let archived = app.tenant.archive(&merchant).await;
    assert_eq!(
        (&archived["stage"], &archived["archived"]),
        (&json!("archived"), &json!(true))
    );
    assert_eq!(walk(&app.tenant.api, "limit=200").await.len(), 0);
    assert_eq!(walk(&app.tenant.api, "stage=archived").await.len(), 1);
    app.sandbox
        .mapping("acad-1", "store-1")
        .await
        .submit("가나다 학원")
        .await;
    let path = format!("/v1/merchants/{}/restoration", id_of(&merchant));
    let restored = app.tenant.api.ask_once(&path, "restore-1").await.expect(200);
    assert_eq!(restored["stage"], "in_review", "nothing was missed meanwhile");
    app.finish().await;
}

#[tokio::test]
async fn a_list_is_walked_page_by_page_without_gaps_or_repeats() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let register = async |number| app.tenant.register("acad-1", &format!("store-{number:03}")).await;
    let registered = join_all((0..MANY).map(register)).await;
    let mut expected: Vec<_> = registered.iter().map(id_of).collect();
    expected.sort_unstable();
    for sort in [
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
        "stage_since",
        "-stage_since",
    ] {
        let found = walk(api, &format!("sort={sort}&limit=60")).await;
        let key = |merchant: &Value| match sort.trim_start_matches('-') {
            "created_at" => merchant["created_at"].as_str().unwrap().to_owned(),
            "updated_at" => merchant["updated_at"].as_str().unwrap().to_owned(),
            _ => merchant["next_action"]["since"].as_str().unwrap().to_owned(),
        };
        let keys: Vec<_> = found.iter().map(key).collect();
        let is_sorted = if sort.starts_with('-') {
            keys.iter().rev().is_sorted()
        } else {
            keys.is_sorted()
        };
        assert!(is_sorted, "{sort}");
        let mut ids: Vec<_> = found.iter().map(id_of).collect();
        ids.sort_unstable();
        assert_eq!(ids, expected, "{sort}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_list_that_grows_while_it_is_walked_repeats_nothing() {
    let app = TestApp::start().await;
    for number in 0..10 {
        app.tenant.register("acad-1", &format!("store-{number}")).await;
    }
    let first = app
        .tenant
        .api
        .get("/v1/merchants?sort=created_at&limit=5")
        .await
        .expect(200);
    for number in 10..15 {
        app.tenant.register("acad-1", &format!("store-{number}")).await;
    }
    let mut codes = codes_of(first["data"].as_array().unwrap());
    let cursor = first["page"]["next"].as_str().unwrap();
    let rest = walk_from(&app.tenant.api, "sort=created_at&limit=5", format!("&cursor={cursor}")).await;
    codes.extend(codes_of(&rest));
    assert_eq!(
        codes,
        (0..15).map(|number| format!("store-{number}")).collect::<Vec<_>>()
    );
    let foreign = format!("/v1/merchants?sort=-created_at&limit=5&cursor={cursor}");
    app.tenant.api.get(&foreign).await.problem(400, "cursor_invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_list_and_its_counts_are_filtered_alike() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let merchant = app.tenant.register("acad-1", &format!("store-{number}")).await;
        app.tenant.issue_link(&merchant).await;
        ids.push(id_of(&merchant).to_owned());
    }
    for (number, code) in [(0, "P"), (1, "P"), (2, "O"), (3, "R")] {
        let mapping = app.sandbox.mapping("acad-1", &format!("store-{number}")).await;
        mapping
            .review(code, (code == "R").then_some("휴업 중인 사업자입니다."))
            .await;
        // That one opens who was not in review is doubtful: Paymint is asked.
        app.tenant.settled(&ids[number]).await;
    }
    app.sandbox
        .mapping("acad-1", "store-4")
        .await
        .submit("온새미 독서실")
        .await;
    for (query, expected) in [
        ("status=in_review", &["store-0", "store-1", "store-4"][..]),
        ("status=opened,rejected", &["store-2", "store-3"]),
        ("stage=link_issued", &["store-5"]),
        ("q=온새미", &["store-4"]),
        ("q=STORE-2", &["store-2"]),
        ("q=11781", &["store-4"]),
        ("q=100%25", &[]),
        ("status=in_review&q=store-1", &["store-1"]),
    ] {
        let found = walk(&app.tenant.api, &format!("sort=created_at&limit=2&{query}")).await;
        assert_eq!(codes_of(&found), expected, "{query}");
        let stats = app
            .tenant
            .api
            .get(&format!("/v1/stats/review-status?{query}"))
            .await
            .expect(200);
        assert_eq!(stats["data"]["total"], expected.len(), "{query}");
    }
    let stats = app.tenant.api.get("/v1/stats/review-status").await.expect(200);
    let by_status = &stats["data"]["by_status"];
    assert_eq!((&by_status["in_review"], &by_status["opened"]), (&json!(3), &json!(1)));
    assert_eq!((&by_status["rejected"], &by_status["none"]), (&json!(1), &json!(1)));
    let feed = app.tenant.api.feed().await;
    let opening = feed.iter().find(|event| event["data"]["to"] == "opened").unwrap();
    let then = format!(
        "/v1/stats/review-status?as_of={}",
        opening["recorded_at"].as_str().unwrap()
    );
    let then = app.tenant.api.get(&then).await.expect(200);
    assert_eq!(then["data"]["by_status"]["rejected"], 0, "the rejection came later");
    assert_eq!(then["data"]["by_status"]["opened"], 1);
    app.finish().await;
}

fn codes_of(merchants: &[Value]) -> Vec<String> {
    let code = |merchant: &Value| merchant["merchant_code"].as_str().expect("a code").to_owned();
    merchants.iter().map(code).collect()
}

/// All pages of a list.
async fn walk(api: &Api, query: &str) -> Vec<Value> {
    walk_from(api, query, String::new()).await
}

async fn walk_from(api: &Api, query: &str, mut cursor: String) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let page = api.get(&format!("/v1/merchants?{query}{cursor}")).await.expect(200);
        found.extend(page["data"].as_array().expect("a page has data").iter().cloned());
        let Some(next) = page["page"]["next"].as_str() else {
            return found;
        };
        cursor = format!("&cursor={next}");
    }
}
