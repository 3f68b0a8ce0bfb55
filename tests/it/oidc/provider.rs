//! The provider, and a browser that goes there.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use registry_people::{OidcAnswer, OidcRedirect};
use registry_tests::api::http_client;
use registry_tests::settings::{repository, settings};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Url};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// With what the service proves itself there.
pub(super) const SECRET: &str = "of-a-test-of-a-test-of-a-test-of-a-test";

/// The provider, and where it says that somebody signed out.
pub(super) struct Provider {
    pub(super) child: Child,
    /// Kept open: the provider remarks things later, and ends where nobody could read them.
    _output: BufReader<ChildStdout>,
    pub(super) issuer: String,
    pub(super) logouts: mpsc::UnboundedReceiver<String>,
    client: Client,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Provider {
    /// Starts it for a console at a URL.
    pub(super) async fn start(console: &str) -> Self {
        let (told, logouts) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let logout = format!("http://{}/", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(hear)).with_state(Arc::new(told));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut child = Command::new(settings().node())
            .arg(repository().join("tests/oidc/op.mjs"))
            .env("OIDC_MODULES", settings().oidc_modules())
            .envs([("CLIENT_ID", "registry"), ("CLIENT_SECRET", SECRET)])
            .envs([("CONSOLE_URL", console), ("LOGOUT_URL", &logout)])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs");
        let mut issuer = String::new();
        let output = child.stdout.take().expect("it prints");
        let mut output = BufReader::new(output);
        output.read_line(&mut issuer).expect("it says where it is");
        Self {
            child,
            _output: output,
            issuer: issuer.trim().to_owned(),
            logouts,
            client: http_client(),
        }
    }

    async fn control(&self, path: &str, body: &Value) {
        let answer = self
            .client
            .put(format!("{}/control/{path}", self.issuer))
            .json(body)
            .send()
            .await;
        assert!(answer.expect("it answers").status().is_success());
    }

    /// Somebody with groups.
    pub(super) async fn person(&self, name: &str, groups: &[&str]) {
        let email = format!("{name}@example.test");
        let person = json!({ "name": name, "email": email, "email_verified": true, "groups": groups });
        self.control(&format!("people/{name}"), &person).await;
    }

    /// A logout token of its own that says this.
    pub(super) async fn logout_token(&self, who: &Value) -> String {
        let request = self.client.put(format!("{}/control/logout", self.issuer)).json(who);
        let answer = request.send().await.expect("it answers");
        answer.text().await.expect("a token")
    }

    /// From now on its tokens say something else.
    pub(super) async fn spoil(&self, what: Option<&str>) {
        self.control("spoil", &json!(what)).await;
    }
}

async fn hear(State(told): State<Arc<mpsc::UnboundedSender<String>>>, body: String) {
    let token = body.split('&').find_map(|pair| pair.strip_prefix("logout_token="));
    told.send(token.expect("a token").to_owned()).ok();
}

/// A browser that follows redirects, with its cookies.
pub(super) struct Visitor {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    pub(super) fn new() -> Self {
        Self {
            client: http_client(),
            cookies: BTreeMap::new(),
        }
    }

    /// One request. Returns where it leads, and what it says.
    pub(super) async fn go(&mut self, url: &str, form: Option<&str>) -> (Option<String>, String) {
        let mut request = match form {
            None => self.client.get(url),
            Some(form) => {
                let post = self.client.post(url).body(form.to_owned());
                post.header("content-type", "application/x-www-form-urlencoded")
            }
        };
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        request = request.header(COOKIE, cookies.join("; "));
        let answer = request.send().await.expect("the provider answers");
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().expect("ASCII").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a name and a value");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let next = answer.headers().get(LOCATION);
        let next = next.map(|next| Url::parse(url).expect("a URL").join(next.to_str().expect("ASCII")));
        let next = next.map(|next| next.expect("a URL").to_string());
        (next, answer.text().await.expect("a page"))
    }

    /// Signs out at the provider, whose page asks whether it is meant.
    pub(super) async fn sign_out_at(&mut self, issuer: &str) {
        let (_, page) = self.go(&format!("{issuer}/session/end"), None).await;
        let field = page.split("name=\"xsrf\" value=\"").nth(1).expect("a form");
        let field = field.split('"').next().expect("a value").to_owned();
        let confirm = format!("{issuer}/session/end/confirm");
        self.go(&confirm, Some(&format!("xsrf={field}&logout=yes"))).await;
    }

    /// Signs in at the provider, if it asks. Returns with what it comes back.
    pub(super) async fn sign_in(&mut self, redirect: &OidcRedirect, name: &str) -> OidcAnswer {
        let mut at = redirect.url.clone();
        loop {
            let form = at
                .contains("/interaction/")
                .then(|| format!("prompt=login&login={name}&password=x"));
            let (next, page) = self.go(&at, form.as_deref()).await;
            at = next.unwrap_or_else(|| panic!("it ends at {at}: {page}"));
            if at.contains("/console/sign-in/callback") {
                return answer(&at);
            }
        }
    }
}

fn answer(url: &str) -> OidcAnswer {
    let url = Url::parse(url).expect("a URL");
    let get = |name| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    OidcAnswer {
        code: get("code"),
        state: get("state"),
        iss: get("iss"),
        error: get("error"),
    }
}
