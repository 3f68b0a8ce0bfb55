//! A sandbox, a receiver of its callbacks, and a browser without scripts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use jsonschema::Validator;
use paymint_client::{ApiKey, Client, ClientConfig, MappingRequest};
use paymint_sandbox::{PartnerKey, RunningSandbox, Sandbox, SandboxConfig};
use reqwest::Response;
use serde_json::{Value, json as object};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

pub(crate) const KEY: &str = "key-of-the-first-partner";
pub(crate) const OTHER_KEY: &str = "key-of-the-second-partner";

/// The telephone of every payer.
pub(crate) const PHONE: &str = "01012345678";

/// Nothing that a test waits for takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Fixture {
    pub(crate) sandbox: RunningSandbox,
    pub(crate) receiver: Receiver,
    pub(crate) http: reqwest::Client,
    pub(crate) client: Client,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// A sandbox that remembers.
    pub(crate) async fn start_with(state_file: Option<PathBuf>) -> Self {
        Self::around(start_sandbox(state_file).await, Receiver::start().await)
    }

    /// The same sandbox after a restart, with the same receiver.
    pub(crate) async fn restart(self, state_file: PathBuf) -> Self {
        self.sandbox.shutdown().await;
        Self::around(start_sandbox(Some(state_file)).await, self.receiver)
    }

    fn around(sandbox: RunningSandbox, receiver: Receiver) -> Self {
        let mut client = ClientConfig::new(sandbox.base_url());
        client.total_timeout = Duration::from_secs(2);
        Self {
            client: Client::new(&client).unwrap(),
            sandbox,
            receiver,
            http: http(),
        }
    }

    /// Issues a registration page and returns the path of the page and the id of the mapping.
    pub(crate) async fn issue(&self, member: &str, merchant: &str) -> (String, String) {
        let callback_url = self.receiver.url(member, merchant);
        let request = MappingRequest {
            member_id: member,
            merchant_id: merchant,
            business_number: None,
            callback_url: &callback_url,
            redirect_url: Some("https://partner.example/done"),
        };
        let url = self.client.issue_registration_url(&key(), &request).await.unwrap();
        let path = url.expose().strip_prefix(self.sandbox.site_url().as_str()).unwrap();
        let found = self
            .get(&format!(
                "/_sandbox/mappings?member_code={member}&merchant_code={merchant}"
            ))
            .await;
        (format!("/{path}"), found[0]["id"].as_str().unwrap().to_owned())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.sandbox.site_url().join(path).unwrap().to_string()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        json(self.http.get(self.url(path)).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.http.post(self.url(path)).json(body).send().await.unwrap();
        (response.status().as_u16(), json(response).await)
    }

    pub(crate) async fn set_faults(&self, faults: &Value) {
        let response = self
            .http
            .put(self.url("/_sandbox/faults"))
            .json(faults)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
    }

    /// Presses one of the desk's buttons, by script.
    pub(crate) async fn review(&self, id: &str, code: &str) {
        let message = matches!(code, "S" | "R").then_some("서류를 보완해 주세요.");
        let body = serde_json::json!({ "code": code, "message": message });
        let (status, _) = self.post(&format!("/_sandbox/mappings/{id}/review"), &body).await;
        assert_eq!(status, 200);
    }

    /// The mapping, once no callback of it is under way.
    pub(crate) async fn settled(&self, id: &str) -> Value {
        let mapping = self.get(&format!("/_sandbox/mappings/{id}?wait_ms=20000")).await;
        assert_eq!(mapping["idle"], true);
        mapping
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.http.put(self.url(path)).json(body).send().await.unwrap();
        (response.status().as_u16(), json(response).await)
    }

    /// A business that may bill. Returns the id of its mapping; what was told of it so far is taken.
    pub(crate) async fn open_business(&self, merchant: &str) -> String {
        let (_, id) = self.issue("m1", merchant).await;
        self.review(&id, "O").await;
        self.settled(&id).await;
        self.receiver.rest().await;
        id
    }

    /// One call of the partner API for a business, with its object. Returns the HTTP status and the answer.
    pub(crate) async fn call(&self, name: &str, merchant: &str, key: &str, fields: Value) -> (u16, Value) {
        let mut body = object!({ "apiKey": KEY, "member": "m1", "merchant": merchant });
        body[key] = fields;
        self.post(&format!("/partner/{name}"), &body).await
    }

    /// The same for a call about a bill that must succeed. Returns the data.
    pub(crate) async fn good(&self, name: &str, fields: Value) -> Value {
        let key = if name.starts_with("cash-receipt") {
            "cashReceipt"
        } else {
            "bill"
        };
        let (status, answer) = self.call(name, "s1", key, fields).await;
        assert_eq!((status, answer["code"].as_str()), (200, Some("0000")), "{answer}");
        assert!(answer["message"].is_string());
        answer["data"].clone()
    }

    /// The same for a call that is refused with HTTP 200. Returns the code.
    pub(crate) async fn refused(&self, name: &str, fields: Value) -> String {
        let key = if name.starts_with("cash-receipt") {
            "cashReceipt"
        } else {
            "bill"
        };
        let (status, answer) = self.call(name, "s1", key, fields).await;
        assert_eq!((status, &answer["data"]), (200, &Value::Null), "{answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    /// A bill with every field that is required. Its callback URL is the receiver's.
    pub(crate) fn bill(&self, bill_id: &str, price: &str) -> Value {
        let hash = hash(&[bill_id, PHONE, price]);
        object!({
            "billId": bill_id, "sendType": "URL", "productName": "11월 수강료", "price": price, "memberName": "김하늘",
            "phone": PHONE, "hash": hash, "callbackUrl": self.receiver.url("bill", bill_id),
        })
    }

    /// The bill of an id as scripts see it, once no callback of it is under way.
    pub(crate) async fn shown_bill(&self, bill_id: &str) -> Value {
        let found = self.get(&format!("/_sandbox/bills?bill_id={bill_id}")).await;
        let id = found[0]["id"].as_str().unwrap().to_owned();
        let bill = self.get(&format!("/_sandbox/bills/{id}?wait_ms=20000")).await;
        assert_eq!(bill["idle"], true);
        bill
    }

    /// Has something done to a bill, by script.
    pub(crate) async fn on_bill(&self, bill_id: &str, act: &str, wish: Value) -> Value {
        let id = self.shown_bill(bill_id).await["id"].as_str().unwrap().to_owned();
        let (status, bill) = self.post(&format!("/_sandbox/bills/{id}/{act}"), &wish).await;
        assert_eq!(status, 200, "{bill}");
        bill
    }

    pub(crate) async fn open_page(&self, path: &str) -> (u16, String) {
        let response = self.http.get(self.url(path)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Sends a form. Redirects are not followed; the place they lead to is returned.
    pub(crate) async fn send_form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Option<String>, String) {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .http
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(body).send().await.unwrap();
        let place = response
            .headers()
            .get("location")
            .map(|place| place.to_str().unwrap().to_owned());
        (response.status().as_u16(), place, response.text().await.unwrap())
    }
}

async fn start_sandbox(state_file: Option<PathBuf>) -> RunningSandbox {
    let config = SandboxConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        api_keys: vec![PartnerKey::parse(KEY).unwrap(), PartnerKey::parse(OTHER_KEY).unwrap()],
        seed: 7,
        state_file,
    };
    Sandbox::start(config).await.unwrap()
}

/// The fields of a call that has no telephone, with their hash.
pub(crate) fn named(bill_id: &str, price: &str) -> Value {
    object!({ "billId": bill_id, "price": price, "hash": hash(&[bill_id, price]) })
}

pub(crate) fn hash(parts: &[&str]) -> String {
    hex::encode(Sha256::digest(parts.join(",")))
}

/// The official schema of a callback's body.
pub(crate) fn official(file: &str, schema: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/upstream")
        .join(file);
    let mut document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    // The page's own schemas are looked up where the page has them.
    document["$ref"] = object!(format!("#/components/schemas/{schema}"));
    jsonschema::options().build(&document).unwrap()
}

/// The official schema of an approval.
pub(crate) fn official_approval() -> Validator {
    let validator = official(
        "approval-callback.openapi.json",
        "PartnerCallbackClient_SyncApprovalRequest",
    );
    assert!(!validator.is_valid(&object!({"billId": 5})), "the schema is in force");
    validator
}

pub(crate) fn key() -> ApiKey {
    ApiKey::parse(KEY).unwrap()
}

pub(crate) async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default()
}

pub(crate) fn http() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(PATIENCE);
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// What arrived at the partner.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

impl Arrival {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn letter(&self) -> String {
        self.json()["merchant"]["reviewStatus"].as_str().unwrap().to_owned()
    }
}

/// A partner that takes callbacks.
pub(crate) struct Receiver {
    address: SocketAddr,
    answers_with: Arc<AtomicU16>,
    arrivals: Mutex<mpsc::UnboundedReceiver<Arrival>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let (sender, arrivals) = mpsc::unbounded_channel();
        let answers_with = Arc::new(AtomicU16::new(200));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .fallback(take)
            .with_state((sender, Arc::clone(&answers_with)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            answers_with,
            arrivals: Mutex::new(arrivals),
        }
    }

    pub(crate) fn url(&self, member: &str, merchant: &str) -> String {
        format!("http://{}/cb/{member}/{merchant}", self.address)
    }

    pub(crate) fn answer_with(&self, http_status: u16) {
        self.answers_with.store(http_status, Ordering::SeqCst);
    }

    pub(crate) async fn next(&self) -> Arrival {
        let next = async { self.arrivals.lock().await.recv().await };
        tokio::time::timeout(PATIENCE, next)
            .await
            .expect("a callback arrives")
            .unwrap()
    }

    /// What has arrived and was not taken yet.
    pub(crate) async fn rest(&self) -> Vec<Arrival> {
        let mut arrivals = self.arrivals.lock().await;
        std::iter::from_fn(|| arrivals.try_recv().ok()).collect()
    }
}

type Door = (mpsc::UnboundedSender<Arrival>, Arc<AtomicU16>);

async fn take(
    State((sender, answers_with)): State<Door>,
    uri: http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let content_type = headers
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default();
    sender
        .send(Arrival {
            path: uri.path().to_owned(),
            content_type,
            body,
        })
        .unwrap();
    let status = StatusCode::from_u16(answers_with.load(Ordering::SeqCst)).unwrap();
    (status, paymint_client::callback::REPLY_OK)
}
