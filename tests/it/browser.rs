//! A person with a browser: the registration page, the review desk, the reference.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use registry_tests::settings::settings;
use registry_tests::tenant::id_of;
use registry_tests::{BUSINESS_NUMBER, TestApp, logs};
use serde_json::json;
use tempfile::TempDir;

/// A browser with an empty profile, which reaches nothing but this machine.
struct Browser {
    client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    async fn open() -> Self {
        let (log, _) = logs::of_program("chromedriver");
        let mut driver = Command::new(settings().chromedriver())
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("it is piped"))
            .lines()
            .map_while(Result::ok);
        let port = lines
            .by_ref()
            .find_map(|line| {
                Some(
                    line.split_once("successfully on port ")?
                        .1
                        .trim_end_matches('.')
                        .to_owned(),
                )
            })
            .expect("chromedriver says its port");
        // Somebody must read on, or it would wait for room to write.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = TempDir::with_prefix("chromium-").expect("a temporary directory can be made");
        let mut arguments: Vec<_> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let options = json!({ "binary": settings().chromium(), "args": arguments });
        let capabilities = Capabilities::from_iter([("goog:chromeOptions".to_owned(), options)]);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await;
        Self {
            client: client.expect("the browser opens"),
            driver,
            _profile: profile,
        }
    }

    async fn fill(&self, selector: &str, text: &str) {
        let field = self
            .client
            .find(Locator::Css(selector))
            .await
            .expect("there is a field");
        field.send_keys(text).await.expect("one can type");
    }

    /// Clicks, and waits for what the next page shows.
    async fn click(&self, selector: &str, then: &str) {
        let button = self
            .client
            .wait()
            .for_element(Locator::Css(selector))
            .await
            .expect("there is a button");
        button.click().await.expect("one can click");
        self.see(then).await;
    }

    async fn see(&self, text: &str) {
        let path = format!("//*[contains(normalize-space(.), '{text}')]");
        let found = self.client.wait().for_element(Locator::XPath(&path)).await;
        found.unwrap_or_else(|error| panic!("{text:?} is not to be seen: {error}"));
    }

    async fn close(mut self) {
        self.client.clone().close().await.expect("the browser closes");
        self.driver.kill().expect("a child can be ended");
        self.driver.wait().expect("a child can be waited for");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.driver.kill().ok();
    }
}

#[tokio::test]
async fn a_person_registers_a_shop_and_a_reviewer_opens_it() {
    let app = TestApp::start().await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let link = app.tenant.issue_link(&merchant).await;
    let browser = Browser::open().await;
    browser.client.goto(link["url"].as_str().unwrap()).await.unwrap();
    browser.see("하위 사업장 등록").await;
    browser.fill("#member_id", "kim01").await;
    browser.fill("#business_number", BUSINESS_NUMBER).await;
    browser.fill("#company_name", "가나다 학원").await;
    browser.fill("#branch_name", "강남점").await;
    browser.click("button.main", "신청이 접수되었습니다").await;
    app.sandbox.mapping("acad-12", "store-3").await.delivered().await;
    let seen = app.tenant.api.merchant(id_of(&merchant)).await;
    assert_eq!(
        (&seen["stage"], &seen["business"]["branch_name"]),
        (&json!("in_review"), &json!("강남점"))
    );

    browser
        .client
        .goto(&format!("{}/desk", app.sandbox.site_url()))
        .await
        .unwrap();
    browser.click("tbody a", "심사 상태 바꾸기").await;
    for (letter, message, stage) in [
        ("S", Some("사업자등록증 사본을 보내 주세요."), "documents_required"),
        ("P", None, "in_review"),
        ("O", None, "opened"),
    ] {
        if let Some(message) = message {
            browser.fill("#message", message).await;
        }
        let shown = format!("\"reviewStatus\":\"{letter}\"");
        browser
            .click(&format!("button[name=code][value={letter}]"), &shown)
            .await;
        app.sandbox.mapping("acad-12", "store-3").await.delivered().await;
        let seen = app.tenant.settled(id_of(&merchant)).await;
        assert_eq!(seen["stage"], stage);
        assert_eq!(seen["review"]["message"].as_str(), message);
    }
    browser.close().await;
    app.finish().await;
}

#[tokio::test]
async fn the_reference_is_read_without_the_internet() {
    let app = TestApp::start().await;
    let browser = Browser::open().await;
    browser
        .client
        .goto(&format!("{}/docs/", app.tenant.api.base()))
        .await
        .unwrap();
    browser.see("Issue a registration link").await;
    browser.close().await;
    app.finish().await;
}
