//! What operations really answered, as examples for the document: without secrets, and without what one installation has of its own.

use std::collections::BTreeMap;

use registry_tests::settings::settings;
use registry_tests::{Answer, TestApp};
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

use super::Document;

/// A list shows what its things are like, not how many there are.
const ENTRIES_MAX: usize = 2;

/// Of two answers the one that shows more is the better example, up to here, in bytes.
const LONG: usize = 4_000;

/// What a secret begins with, and what stands for all of it.
const SECRETS: [(&str, &str); 2] = [("rk_", "rk_…"), ("whsec_", "whsec_…")];

/// What stands before a token in an address.
const BEFORE_TOKENS: [&str; 5] = ["/cb/v1/", "/r/", "/l/", "/console/join/", "/register/"];

/// The business number that shops of tests have, and one that is of nobody.
const NUMBERS: (&str, &str) = ("1178178260", "1234567891");

/// Where tests have things sent that nobody takes.
const NOBODY: (&str, &str) = ("http://127.0.0.1:9/", "https://ops.partner.example/");

/// The best answer of each operation and status.
#[derive(Default)]
pub(super) struct Examples(BTreeMap<String, Value>);

impl Examples {
    /// Keeps a success, if it is a better example than the one before.
    pub(super) fn take(&mut self, operation: &str, answer: &Answer, app: &TestApp) {
        let is_json = |headers: &HeaderMap| {
            let content_type = headers.get("content-type").and_then(|it| it.to_str().ok());
            content_type.is_some_and(|it| it.starts_with("application/json"))
        };
        if !(200..300).contains(&answer.status) || !is_json(&answer.headers) {
            return;
        }
        let mut example = answer.body.clone();
        clean(&mut example, app);
        let size = |example: &Value| example.to_string().len();
        let place = self.0.entry(format!("{operation} {}", answer.status));
        let kept = place.or_insert_with(|| example.clone());
        if size(&example) > size(kept) && size(&example) <= LONG {
            *kept = example;
        }
    }

    /// Puts them where `cargo xtask openapi --examples` takes them from.
    pub(super) fn write(&self) {
        let text = serde_json::to_string_pretty(&self.0).expect("it is JSON");
        let file = settings().log_directory.join("examples.json");
        std::fs::create_dir_all(&settings().log_directory).expect("there is a place for logs");
        std::fs::write(file, text + "\n").expect("examples can be written");
    }
}

fn clean(value: &mut Value, app: &TestApp) {
    match value {
        Value::String(text) => *text = without_secrets(text, app),
        Value::Array(entries) => {
            entries.truncate(ENTRIES_MAX);
            for entry in entries {
                clean(entry, app);
            }
        }
        Value::Object(members) => clean_members(members, app),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn clean_members(members: &mut Map<String, Value>, app: &TestApp) {
    for (name, value) in members {
        if value.is_string() && (name == "token" || name == "secret") {
            *value = "…".into();
        } else {
            clean(value, app);
        }
    }
}

fn without_secrets(text: &str, app: &TestApp) -> String {
    for (begin, shown) in SECRETS {
        if text.starts_with(begin) {
            return shown.to_owned();
        }
    }
    let text = text.replace(NUMBERS.0, NUMBERS.1).replace(NOBODY.0, NOBODY.1);
    let text = text.replace(app.tenant.api.base(), "https://registry.example");
    let text = text.replace(app.sandbox.site_url(), "https://paymint.example");
    for before in BEFORE_TOKENS {
        if let Some((front, _)) = text.split_once(before) {
            return format!("{front}{before}…");
        }
    }
    text.replace(app.tenant.slug.as_str(), "acme")
}

/// Whatever answers with JSON shows what it answers, and that is what its schema says.
pub(super) fn expect_all(document: &Document) {
    for (path, item) in document.0["paths"].as_object().expect("it has paths") {
        for (method, operation) in item.as_object().expect("a path has operations") {
            for (status, response) in operation["responses"].as_object().expect("it answers") {
                let content = &response["content"]["application/json"];
                if !status.starts_with('2') || content.is_null() {
                    continue;
                }
                let what = format!("the example of {method} {path}: {status}");
                assert!(
                    !content["example"].is_null(),
                    "{what} is missing: run `cargo xtask openapi --examples`"
                );
                document.check(&content["schema"], &content["example"], &what);
            }
        }
    }
}
