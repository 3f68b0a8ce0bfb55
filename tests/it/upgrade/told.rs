//! What was seen of an installation when a version left it, and whether another one says the same: a later version may
//! say more, never less and nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use registry_domain::tenant::Slug;
use registry_journal::Ambient;
use registry_tests::{Api, TestTenant, logs};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::life::Lived;

/// What is another each time that somebody looks.
const CHANGING: [&str; 2] = ["last_used_at", "signed_in_at"];

/// What one tenant saw last.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Told {
    tenant_id: String,
    slug: String,
    api_key: String,
    pub(super) lived: Lived,
    /// Each answer by its path.
    answers: BTreeMap<String, Value>,
}

impl Told {
    /// Looks at everything that a tenant can look at without a trace.
    pub(super) async fn by(tenant: &TestTenant, api_key: String, lived: Lived) -> Self {
        let mut paths: Vec<_> = [
            "/v1/settings",
            "/v1/people",
            "/v1/role-mappings",
            "/v1/api-keys",
            "/v1/quarantine",
            "/v1/unclaimed-merchants",
            "/v1/audit?limit=200",
            "/v1/events?limit=200",
        ]
        .map(str::to_owned)
        .into();
        let list = tenant.api.get("/v1/merchants?limit=200").await.expect(200);
        for merchant in list["data"].as_array().expect("a list") {
            let path = format!("/v1/merchants/{}", merchant["id"].as_str().expect("an id"));
            // What is held is decided on in time, also without anybody; and one shop goes on.
            if merchant["confirmation"].is_null() && merchant["id"] != json!(lived.shop.id) {
                paths.push(path.clone());
            }
            paths.push(format!("{path}?as_of_version={}", merchant["version"]));
            for part in [
                "events?limit=200",
                "callbacks?limit=200",
                "notes",
                "approvals",
                "registration-links",
            ] {
                paths.push(format!("{path}/{part}"));
            }
        }
        let mut answers = BTreeMap::new();
        for path in paths {
            let answer = tenant.api.get(&path).await.expect(200);
            answers.insert(path, answer);
        }
        Self {
            tenant_id: tenant.id.to_string(),
            slug: tenant.slug.to_string(),
            api_key,
            lived,
            answers,
        }
    }

    pub(super) fn read(file: &Path) -> Self {
        let text = std::fs::read(file).expect("a file of ours");
        let told: Self = serde_json::from_slice(&text).expect("it is ours");
        logs::secret(&told.api_key);
        logs::secret(told.lived.shop.callback_path.rsplit('/').next().expect("a token"));
        told
    }

    pub(super) fn write(&self, file: &Path) {
        let text = serde_json::to_string_pretty(self).expect("it is JSON");
        std::fs::write(file, text + "\n").expect("a file can be written");
    }

    /// The tenant at a service.
    pub(super) fn tenant(&self, base: String) -> TestTenant {
        TestTenant {
            id: self.tenant_id.parse().expect("a tenant id"),
            slug: Slug::parse(&self.slug).expect("a slug"),
            api: Api::new(base, Some(self.api_key.clone())),
        }
    }

    /// Everything that was told is told again.
    pub(super) async fn expect_same(&self, api: &Api) {
        for (path, before) in &self.answers {
            let now = api.get(path).await.expect(200);
            let different = match (before["data"].as_array(), now["data"].as_array()) {
                // How a page goes on depends on how much there is by now, which stands before or behind what was there.
                (Some(before), Some(now)) => runs(now, before.len())
                    .map(|now| difference(&json!(before), &json!(now)))
                    .reduce(Option::and)
                    .unwrap_or_else(|| Some(": there is less of it".to_owned())),
                _ => difference(before, &now),
            };
            assert!(different.is_none(), "{path} {}", different.unwrap_or_default());
        }
    }
}

/// All that follow one another, so many at a time.
fn runs(entries: &[Value], length: usize) -> impl Iterator<Item = &[Value]> {
    let last = entries.len().checked_sub(length);
    let starts = last.map(|last| 0..=last).into_iter().flatten();
    starts.map(move |start| &entries[start..start + length])
}

/// Where `now` does not say what `before` said. Fields may have been added, and entries behind the last one.
fn difference(before: &Value, now: &Value) -> Option<String> {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => before
            .iter()
            .filter(|(name, _)| !CHANGING.contains(&name.as_str()))
            .find_map(|(name, told)| {
                let now = now.get(name).unwrap_or(&Value::Null);
                let has_run_out = name == "state" && now == "expired" && has_run_out(before);
                let different = difference(told, now).filter(|_| !has_run_out);
                different.map(|different| format!("/{name}{different}"))
            }),
        (Value::Array(before), Value::Array(now)) if before.len() <= now.len() => {
            let mut pairs = before.iter().zip(now).enumerate();
            pairs.find_map(|(index, (before, now))| {
                difference(before, now).map(|different| format!("/{index}{different}"))
            })
        }
        (before, now) => (before != now).then(|| format!(": {now}, and was {before}")),
    }
}

/// Whether what was told of was good until a moment that has passed.
fn has_run_out(told: &Map<String, Value>) -> bool {
    let until = told.get("expires_at").and_then(Value::as_str);
    let until = until.and_then(|until| until.parse::<DateTime<Utc>>().ok());
    until.is_some_and(|until| until <= Ambient::system().now())
}

#[test]
fn what_runs_out_says_so_and_not_before() {
    let key = |state: &str, until: &str| json!({ "state": state, "expires_at": until });
    let (past, future) = ("2026-11-30T11:57:30Z", "9999-01-01T00:00:00Z");
    assert_eq!(difference(&key("usable", past), &key("expired", past)), None);
    assert!(difference(&key("usable", future), &key("expired", future)).is_some());
    assert!(difference(&key("usable", past), &key("revoked", past)).is_some());
    assert!(difference(&json!({ "state": "usable" }), &json!({ "state": "expired" })).is_some());
}

#[test]
fn more_may_be_said_and_nothing_else() {
    let before = json!({ "a": [1, { "b": null }], "last_used_at": 1 });
    let same = [
        json!({ "a": [1, { "b": null }], "last_used_at": 2 }),
        json!({ "a": [1, { "b": null, "c": 3 }, 2], "d": 4 }),
    ];
    assert!(same.iter().all(|now| difference(&before, now).is_none()));
    let other = [
        json!({ "a": [1] }),
        json!({ "a": [2, { "b": null }] }),
        json!({ "a": [1, { "b": 0 }] }),
        json!({}),
    ];
    assert!(other.iter().all(|now| difference(&before, now).is_some()));
}
