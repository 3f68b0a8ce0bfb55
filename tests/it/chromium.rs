//! A browser with an empty profile, driven as a person would.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::actions::{InputSource, MOUSE_BUTTON_MIDDLE, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use registry_tests::PATIENCE;
use registry_tests::api::until;
use registry_tests::logs;
use registry_tests::settings::settings;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// The screens that pages are looked at on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1280 × 800.
    Wide,
    /// A telephone, 375 wide.
    Narrow,
}

/// What the browser wrote into its console since it was asked last.
#[derive(Debug)]
struct TakeLog;

impl WebDriverCompatibleCommand for TakeLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// Has pages look as on paper.
#[derive(Debug)]
struct OnPaper;

impl WebDriverCompatibleCommand for OnPaper {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "media": "print" } });
        (Method::POST, Some(body.to_string()))
    }
}

/// Where a text stands.
fn showing(text: &str) -> String {
    format!("//*[contains(normalize-space(.), '{text}')]")
}

/// A browser with an empty profile, which reaches nothing but this machine.
pub struct Browser {
    pub client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// A browser on a wide screen.
    pub async fn open() -> Self {
        Self::on(Screen::Wide, true).await
    }

    /// A browser on a screen, with or without JavaScript.
    pub async fn on(screen: Screen, scripts: bool) -> Self {
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
        let mut options = json!({ "binary": settings().chromium(), "args": arguments });
        let (width, height, is_phone) = match screen {
            Screen::Wide => (1280, 800, false),
            Screen::Narrow => (375, 812, true),
        };
        options["mobileEmulation"] = json!({ "deviceMetrics": {
            "width": width, "height": height, "pixelRatio": 1.0, "touch": is_phone, "mobile": is_phone,
        } });
        options["prefs"] = json!({
            "intl.accept_languages": "ko,en",
            "profile.managed_default_content_settings.javascript": if scripts { 1 } else { 2 },
        });
        let capabilities = Capabilities::from_iter([
            ("goog:chromeOptions".to_owned(), options),
            ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" })),
        ]);
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

    /// Types into a field.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.see_element(selector).await;
        field.send_keys(text).await.expect("one can type");
    }

    /// Signs in with a link that works once.
    pub async fn sign_in(&self, link: &str) {
        self.client.goto(link).await.expect("the link opens");
        self.press("main form button").await;
        // Only whoever is signed in has it. Who goes elsewhere before that has not signed in.
        self.see_element("header.bar").await;
    }

    /// Clicks, and waits for what the next page shows.
    pub async fn click(&self, selector: &str, then: &str) {
        self.press_until(selector, async || self.shows(then).await).await;
        self.see(then).await;
    }

    /// Clicks. What is drawn anew between the look and the click is looked for again.
    pub async fn press(&self, selector: &str) {
        self.press_until(selector, async || false).await;
    }

    /// Clicks. Of what is gone it is not known whether it was clicked: that its page went may be what came of it.
    async fn press_until(&self, selector: &str, is_done: impl AsyncFn() -> bool) {
        until(async || {
            let found = self.client.find(Locator::Css(selector)).await;
            let clicked = match found {
                Ok(found) => found.click().await,
                Err(missing) => Err(missing),
            };
            match clicked {
                Ok(()) => true,
                Err(error) if error.is_stale_element_reference() || error.is_no_such_element() => is_done().await,
                // It is on its way into view: pages scroll smoothly.
                Err(error) if error.to_string().contains("click intercepted") => false,
                Err(error) => panic!("one cannot click: {error}"),
            }
        })
        .await;
    }

    /// Whether a text is to be seen now.
    async fn shows(&self, text: &str) -> bool {
        self.client.find(Locator::XPath(&showing(text))).await.is_ok()
    }

    /// Waits for an element.
    async fn see_element(&self, selector: &str) -> Element {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(selector))
            .await;
        found.unwrap_or_else(|error| panic!("{selector:?} is not there: {error}"))
    }

    /// Waits for a text.
    pub async fn see(&self, text: &str) {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(&showing(text)))
            .await;
        if let Err(error) = found {
            let page = self.run("return [location.href, document.body.innerText]").await;
            panic!("{text:?} is not to be seen: {error}: {page:#}");
        }
    }

    /// What the browser complained about since it was asked last: errors of scripts, files that are missing, what the policy
    /// of a page forbids.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(TakeLog).await.expect("the log can be read");
        let entries = log.as_array().cloned().unwrap_or_default();
        let bad = entries
            .iter()
            .filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG");
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// What a script gives back.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.expect("the script runs")
    }

    /// Waits until a script says that something is so.
    pub async fn until(&self, script: &str, arguments: Vec<Value>) {
        let looks = async {
            loop {
                // Between two pages there is nothing to ask.
                let told = self.client.execute(script, arguments.clone()).await;
                if told.is_ok_and(|told| told == true) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, looks).await.is_err() {
            let page = self.run("return [location.href, document.body.innerText]").await;
            panic!("it is not so that {script} with {arguments:?}: {page:#}");
        }
    }

    /// Presses the middle button of the mouse.
    pub async fn press_middle(&self, selector: &str) {
        let target = self.client.find(Locator::Css(selector)).await.expect("it is there");
        let to = PointerAction::MoveToElement {
            element: target,
            duration: None,
            x: 0.0,
            y: 0.0,
        };
        let press = MouseActions::new("mouse".to_owned())
            .then(to)
            .then(PointerAction::Down {
                button: MOUSE_BUTTON_MIDDLE,
            })
            .then(PointerAction::Up {
                button: MOUSE_BUTTON_MIDDLE,
            });
        self.client.perform_actions(press).await.expect("it is pressed");
    }

    /// Waits until so many windows are open.
    pub async fn until_windows(&self, count: usize) {
        until(async || self.client.windows().await.is_ok_and(|windows| windows.len() == count)).await;
    }

    /// Shows pages as they come out of a printer.
    pub async fn print(&self) {
        let told = self.client.issue_cmd(OnPaper).await;
        told.expect("the browser can show how it prints");
    }

    /// Keeps what is to be seen, for whoever wants to look.
    pub async fn picture(&self, name: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/pictures/{name}.png"));
        let picture = self.client.screenshot().await.expect("a picture is taken");
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, picture).expect("a file");
    }

    /// Ends it.
    pub async fn close(mut self) {
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
