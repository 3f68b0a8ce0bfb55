//! The pages of shops: what stands behind a link that never dies, and where shops come back to.

mod going_on;
mod guesses;
mod pages;
mod returning;
mod seen;
mod silence;

use registry_tests::api::{events_of, text_of};
use registry_tests::tenant::id_of;
use registry_tests::{Answer, Api, TestApp, TestTenant, logs};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// What a browser says of itself when somebody opens an address in it.
const OPENED: [(&str, &str); 3] = [
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
    ("accept-language", "ko-KR,ko;q=0.9"),
];

/// What fetches a link before anybody has opened it.
const SCRAPER: [(&str, &str); 1] = [("user-agent", "facebookexternalhit/1.1; kakaotalk-scrap/1.0")];

/// A shop with the link that it gets.
struct Visited {
    id: String,
    /// Below the base URL.
    path: String,
    api: Api,
}

/// The link of a merchant, as whoever may issue links reads it.
async fn stable_link(tenant: &TestTenant, merchant: &Value) -> Option<String> {
    let path = format!("/v1/merchants/{}/registration-links", id_of(merchant));
    let links = tenant.api.get(&path).await.expect(200);
    let link = links["stable_link"].as_str()?.to_owned();
    logs::secret(link.rsplit('/').next().expect("a token"));
    Some(link)
}

/// Where a page is, below the base URL of the service.
fn path_in(url: &str, base: &str) -> String {
    url.strip_prefix(base).expect("it is a page of ours").to_owned()
}

impl Visited {
    async fn new(app: &TestApp, merchant: &Value) -> Self {
        let link = stable_link(&app.tenant, merchant).await.expect("it has a link");
        Self {
            id: id_of(merchant).to_owned(),
            path: path_in(&link, app.tenant.api.base()),
            api: app.tenant.api.anonymous(),
        }
    }

    async fn registered(app: &TestApp) -> Self {
        Self::new(app, &app.tenant.register("acad-12", "store-3").await).await
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&'static str, &'static str)]) -> Answer {
        let headers = headers.iter().map(|(name, value)| {
            let name = name.parse().expect("a name");
            (name, value.parse().expect("a value"))
        });
        let request = self.api.request(method, path);
        Answer::to(request.headers(headers.collect::<HeaderMap>())).await
    }

    /// Opens the page as somebody does.
    async fn open(&self) -> Answer {
        self.send(Method::GET, &self.path, &OPENED).await
    }

    /// Presses the button.
    async fn go_on(&self) -> Answer {
        self.send(Method::POST, &self.path, &OPENED).await
    }

    /// Presses the other button: the first one led nowhere.
    async fn go_on_anew(&self) -> Answer {
        self.send(Method::POST, &format!("{}?new=1", self.path), &OPENED).await
    }

    /// Where pressing the button leads.
    async fn led_to(&self) -> String {
        leads_to(&self.go_on().await)
    }
}

/// Where an answer leads.
#[track_caller]
fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").expect("it leads somewhere").to_owned()
}

/// How many events of a type a merchant has.
async fn told(app: &TestApp, id: &str, event_type: &str) -> Vec<Value> {
    let page = app
        .tenant
        .api
        .get(&format!("/v1/merchants/{id}/events?limit=200"))
        .await;
    let events = events_of(&page.expect(200)).into_iter();
    events.filter(|event| text_of(event, "type") == event_type).collect()
}
