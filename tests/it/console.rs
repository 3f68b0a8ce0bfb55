//! The console in front of a running service: what its forms do, and what it refuses.

use std::collections::BTreeSet;

use regex::Regex;
use registry_domain::people::Role;
use registry_tests::api::{Answer, http_client, text_of};
use registry_tests::tenant::id_of;
use registry_tests::{TestApp, logs};
use reqwest::RequestBuilder;
use serde_json::json;

/// Most pages that a crawl visits: many more than there are.
const PAGES_MAX: usize = 400;

/// A person's browser without JavaScript, as far as it matters.
pub struct Pages {
    http: reqwest::Client,
    origin: String,
    home: String,
    cookie: String,
}

impl Pages {
    /// Comes in through a link.
    pub async fn new(app: &TestApp) -> Self {
        Self::through(app, app.open_console().await).await
    }

    /// Comes in as somebody with a role.
    pub async fn of(app: &TestApp, name: &str, role: Role) -> Self {
        Self::through(app, app.open_console_for(name, role).await).await
    }

    async fn through(app: &TestApp, (home, link): (String, String)) -> Self {
        let mut pages = Self {
            http: http_client(),
            origin: app.tenant.api.base().to_owned(),
            home,
            cookie: String::new(),
        };
        let path = link.strip_prefix(&pages.origin).expect("it is here").to_owned();
        let answer = Answer::to(pages.form(&path, &[])).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let cookie = answer.header("set-cookie").expect("a session");
        cookie.split(';').next().expect("a pair").clone_into(&mut pages.cookie);
        logs::secret(pages.cookie.split('=').nth(1).expect("a secret"));
        pages
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.http.get(self.url(path)).header("cookie", &self.cookie)).await
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let escape = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
            .collect();
        let request = self
            .http
            .post(self.url(path))
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        request.header("sec-fetch-site", "same-origin").body(pairs.join("&"))
    }

    /// Sends a form, and returns where it leads.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = Answer::to(self.form(path, fields)).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text);
        answer.header("location").expect("it leads somewhere").to_owned()
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("/console") {
            format!("{}{path}", self.origin)
        } else {
            format!("{}{path}", self.home)
        }
    }
}

/// What stands in a hidden field of a page.
pub fn hidden<'a>(page: &'a Answer, name: &str) -> &'a str {
    let begin = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("there is no {name}"));
    rest.split('"').next().expect("it ends")
}

#[tokio::test]
async fn a_merchant_is_looked_after_without_javascript() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let form = pages.get("/merchants/new").await;
    let key = hidden(&form, "key").to_owned();
    let codes = [
        ("key", key.as_str()),
        ("member_code", "acad-12"),
        ("merchant_code", "store-3"),
        ("company_name", "강남떡볶이"),
    ];
    let merchant = pages.send("/merchants", &codes).await;
    assert_eq!(
        pages.send("/merchants", &codes).await,
        merchant,
        "sent twice, it is registered once"
    );
    let page = pages.get(&merchant).await;
    assert!(
        page.text.contains("강남떡볶이") && page.text.contains("등록했습니다."),
        "{}",
        page.text
    );
    let (path, _) = merchant.split_once('?').expect("it says what was done");
    let id = path.rsplit('/').next().expect("it ends with the id");

    let key = hidden(&page, "key").to_owned();
    let issued = pages.send(&format!("{path}/links"), &[("key", &key)]).await;
    assert!(!issued.contains("http"), "no URL stands in an address: {issued}");
    let page = pages.get(&issued).await;
    let (_, rest) = page
        .text
        .split_once("<form class=\"body hrow\" method=\"post\" action=\"")
        .expect("it can be shown");
    let show = rest.split('"').next().expect("it ends");
    let shown = Answer::to(pages.form(show, &[("key", &key)])).await;
    assert_eq!(shown.status, 200);
    let (_, rest) = shown
        .text
        .split_once("url\" readonly value=\"")
        .expect("the URL is shown");
    let url = rest.split('"').next().expect("it ends");
    logs::secret(url);
    assert_eq!(app.sandbox.open(url).await.status, 200, "{url} opens");
    assert_eq!(app.sandbox.calls("auth/mapping").await, 1, "showing it asked nobody");

    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.submit("강남떡볶이").await;
    mapping.review("S", Some("사업자등록증 사본이 흐립니다")).await;
    app.tenant.settled(id).await;
    let page = pages.get(path).await;
    assert!(
        page.text.contains("“사업자등록증 사본이 흐립니다”"),
        "the next action quotes Paymint"
    );
    assert!(page.text.contains("가맹점 차례"), "it says whose turn it is");
    let asked = pages.send(&format!("{path}/ask"), &[]).await;
    assert!(asked.contains("done=asked_"), "{asked}");

    let version = app.tenant.api.merchant(id).await["version"].to_string();
    pages.send(&format!("{path}/archive"), &[("version", &version)]).await;
    assert_eq!(app.tenant.api.merchant(id).await["stage"], "archived");
    let key = hidden(&pages.get(path).await, "key").to_owned();
    pages.send(&format!("{path}/restore"), &[("key", &key)]).await;
    assert_eq!(app.tenant.api.merchant(id).await["stage"], "documents_required");
    app.finish().await;
}

#[tokio::test]
async fn what_was_typed_stays_when_a_form_is_refused() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let typed = [
        ("key", "k-1"),
        ("member_code", "acad-12"),
        ("merchant_code", "store-3"),
        ("business_number", "1178178261"),
    ];
    let refused = Answer::to(pages.form("/merchants", &typed)).await;
    assert_eq!(refused.status, 422);
    for kept in ["value=\"acad-12\"", "value=\"1178178261\"", "aria-invalid=\"true\""] {
        assert!(refused.text.contains(kept), "{kept} is missing");
    }
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let taken = Answer::to(pages.form(
        "/merchants",
        &[("key", "k-2"), ("member_code", "acad-12"), ("merchant_code", "store-3")],
    ))
    .await;
    assert_eq!(taken.status, 409);
    assert!(
        taken.text.contains(&format!("/merchants/{}\"", id_of(&merchant))),
        "it leads to the one that has the codes"
    );
    app.finish().await;
}

#[tokio::test]
async fn pages_let_nothing_run_that_is_not_ours_and_are_kept_nowhere() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    for path in [
        "",
        "/merchants",
        "/console/sign-in",
        "/console/licences",
        "/console/no/such/page",
    ] {
        let page = pages.get(path).await;
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{path}: {policy}"
        );
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        assert!(
            page.header("vary").unwrap_or_default().contains("HX-Request-Type"),
            "{path}"
        );
    }
    let page = pages.get("/merchants").await;
    let asset = Regex::new("/console/assets/[^\"#]+").expect("a pattern");
    let assets: BTreeSet<_> = asset.find_iter(&page.text).map(|found| found.as_str()).collect();
    assert!(assets.len() >= 7, "{assets:?}");
    for path in assets {
        let asset = pages.get(path).await;
        assert_eq!(asset.status, 200, "{path}");
        assert_eq!(
            asset.header("cache-control"),
            Some("public, max-age=31536000, immutable"),
            "{path}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    let path = pages.url(&format!("/merchants/{}/archive", id_of(&merchant)));
    let version = merchant["version"].to_string();
    let send = |headers: &[(&str, &str)]| {
        let request = pages
            .http
            .post(&path)
            .header("cookie", &pages.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        Answer::to(request.body(format!("version={version}")))
    };
    for headers in [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let refused = send(headers).await;
        assert_eq!(refused.status, 403, "{headers:?}");
        assert!(
            refused.text.contains("이 콘솔의 화면에서 보낸 요청이 아닙니다"),
            "{}",
            refused.text
        );
    }
    assert_eq!(app.tenant.api.merchant(id_of(&merchant)).await["archived"], false);
    assert_eq!(send(&[("sec-fetch-site", "same-origin")]).await.status, 303);
    app.finish().await;
}

#[tokio::test]
async fn looking_changes_nothing() {
    let app = TestApp::start().await;
    let pages = Pages::new(&app).await;
    let merchant = app.tenant.register("acad-12", "store-3").await;
    app.tenant.issue_link(&merchant).await;
    let mapping = app.sandbox.mapping("acad-12", "store-3").await;
    mapping.submit("강남떡볶이").await;
    mapping.review("S", Some("다시")).await;
    app.tenant.settled(id_of(&merchant)).await;
    let head = async || app.tenant.api.get("/v1/events?after=latest").await.expect(200)["page"]["next_after"].clone();
    let before = head().await;
    let calls = app.sandbox.calls("auth/mapping").await;
    let link = Regex::new("(?:href|action|hx-get)=\"(/console[^\"#]*)\"").expect("a pattern");
    let home = pages
        .home
        .strip_prefix(&pages.origin)
        .expect("it begins with the origin")
        .to_owned();
    let mut found = BTreeSet::from([home.clone()]);
    let mut open = vec![home];
    while let Some(path) = open.pop() {
        let page = pages.get(&path).await;
        assert!(page.status < 500, "{path}: {}", page.status);
        for next in link
            .captures_iter(&page.text)
            .map(|parts| parts[1].replace("&#38;", "&").replace("&amp;", "&"))
        {
            if found.len() < PAGES_MAX && found.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    assert!(found.len() > 40, "only {} pages were found", found.len());
    assert_eq!(head().await, before);
    assert_eq!(app.sandbox.calls("auth/mapping").await, calls);
    app.finish().await;
}

#[tokio::test]
async fn what_belongs_to_others_is_not_there() {
    let mut app = TestApp::start().await;
    let other = app.other_tenant().await;
    let merchant = other.register("acad-12", "store-3").await;
    let colleague = json!({ "email": "kim@elsewhere.test", "name": "acad-12", "role": "viewer" });
    let person = other.api.post("/v1/people", &colleague).await.expect(201);
    logs::secret(
        text_of(&person["invitation"], "url")
            .rsplit('/')
            .next()
            .expect("a token"),
    );
    let key = json!({ "name": "acad-12", "scopes": ["merchants:read"] });
    let key = other.api.post("/v1/api-keys", &key).await.expect(201);
    logs::secret(text_of(&key, "secret"));
    let pages = Pages::new(&app).await;
    let id = id_of(&merchant);
    for path in ["", "/merchants", "/settings", "/people", "/keys", "/account"] {
        let theirs = format!("/console/{}{path}", other.slug);
        assert_eq!(pages.get(&theirs).await.status, 404, "{theirs}");
    }
    for path in [
        format!("/merchants/{id}"),
        format!("/merchants/{id}/edit"),
        format!("/merchants/{id}/approvals"),
        format!("/people/{}", id_of(&person)),
        format!("/keys/{}", id_of(&key)),
    ] {
        let page = pages.get(&path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(!page.text.contains("acad-12"), "{path}");
    }
    for path in [
        format!("/merchants/{id}/archive"),
        format!("/merchants/{id}/notes"),
        format!("/merchants/{id}/number"),
        format!("/people/{}", id_of(&person)),
        format!("/people/{}/removal", id_of(&person)),
        format!("/people/{}/invitation", id_of(&person)),
        format!("/people/{}/sessions", id_of(&person)),
        format!("/keys/{}/rotation", id_of(&key)),
        format!("/keys/{}/revocation", id_of(&key)),
    ] {
        let fields = [("version", "1"), ("text", "a"), ("role", "viewer"), ("overlap", "0")];
        let refused = Answer::to(pages.form(&path, &fields)).await;
        assert_eq!(refused.status, 404, "{path}: {}", refused.text);
    }
    app.finish().await;
}
