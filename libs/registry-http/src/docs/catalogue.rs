//! What the `type` of a problem leads to, and what each scope opens: pages for people, made from the document.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use registry_domain::tenant::Scope;
use registry_web::Language;
use serde_json::{Value, json};

use super::guide::rendered;
use super::sheet::{Wanted, Words, page, words};
use crate::openapi::openapi;
use crate::problem::{Code, Problem};

/// An operation, as the reference shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    method: String,
    path: String,
    /// Where it stands in the reference.
    anchor: String,
    summary: String,
}

/// Which operations tell of a problem, and which a scope opens.
#[derive(Default)]
struct Index {
    by_problem: BTreeMap<String, Vec<Shown>>,
    by_scope: BTreeMap<String, Vec<Shown>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(&json!(openapi())));

impl Index {
    fn of(document: &Value) -> Self {
        let mut index = Self::default();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                index.add(method, path, operation);
            }
        }
        index
    }

    fn add(&mut self, method: &str, path: &str, operation: &Value) {
        let word = |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let tag = word("/tags/0").replace(' ', "%20");
        let shown = Shown {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            anchor: format!("/docs/#/{tag}/{}", word("/operationId")),
            summary: word("/summary").to_owned(),
        };
        let responses = operation["responses"].as_object().into_iter().flatten();
        let told = responses.flat_map(|(_, response)| {
            let examples = &response["content"]["application/problem+json"]["examples"];
            examples.as_object().into_iter().flatten().map(|(code, _)| code)
        });
        for code in told {
            self.by_problem.entry(code.clone()).or_default().push(shown.clone());
        }
        let scopes = operation["security"].as_array().into_iter().flatten();
        let scopes = scopes.flat_map(|one| one["api_key"].as_array().into_iter().flatten());
        for scope in scopes.filter_map(Value::as_str) {
            self.by_scope.entry(scope.to_owned()).or_default().push(shown.clone());
        }
    }
}

/// Whether to repeat a request, by how it was answered.
fn advice(status: StatusCode, language: Language) -> &'static str {
    let (english, korean) = match status.as_u16() {
        401 | 403 => (
            "Repeating it does not help: the key does not work, may not do this, or not from here.",
            "다시 보내도 결과는 같습니다. 키가 유효하지 않거나, 권한이 없거나, 허용된 위치가 아닙니다.",
        ),
        404 | 409 | 410 | 412 => (
            "Read how things stand now, decide anew, and then try again.",
            "현재 상태를 다시 조회하고 판단한 뒤 시도해 주세요.",
        ),
        429 => (
            "Nothing was done. Wait for `Retry-After`, and repeat the request as it was.",
            "아무것도 처리되지 않았습니다. `Retry-After` 시간이 지난 뒤 같은 요청을 다시 보내 주세요.",
        ),
        502 | 504 => (
            "Paymint was asked. What came of it is kept under the `Idempotency-Key`, and the same key gives it again.",
            "결제선생을 호출한 결과입니다. 결과는 `Idempotency-Key`와 함께 보관되며, 같은 키로 보내면 같은 결과를 응답합니다.",
        ),
        500 | 503 => (
            "It is not your fault. Repeat the request with the same `Idempotency-Key`, later each time.",
            "요청의 문제가 아닙니다. 같은 `Idempotency-Key`로, 간격을 늘려 가며 다시 보내 주세요.",
        ),
        _ => (
            "The request is wrong: repeating it as it is does not help.",
            "요청이 잘못되었습니다. 그대로 다시 보내도 결과는 같습니다.",
        ),
    };
    match language {
        Language::English => english,
        Language::Korean => korean,
    }
}

/// A problem in the table of all.
struct Row {
    code: &'static str,
    status: u16,
    title: &'static str,
}

#[derive(Template)]
#[template(path = "docs/problems.html")]
struct ProblemsPage {
    language: Language,
    words: Words,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "docs/problem.html")]
struct ProblemPage {
    language: Language,
    words: Words,
    code: &'static str,
    status: StatusCode,
    title: &'static str,
    /// As HTML, made from our own text.
    detail: String,
    /// The same.
    advice: String,
    operations: &'static [Shown],
}

#[derive(Template)]
#[template(path = "docs/scopes.html")]
struct ScopesPage {
    language: Language,
    words: Words,
    scopes: Vec<(&'static str, &'static [Shown])>,
}

/// `GET /docs/problems`
pub async fn problems(Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let language = wanted.language(&headers);
    let rows = Code::ALL.iter().map(|code| Row {
        code: code.as_str(),
        status: code.status().as_u16(),
        title: code.text(language).title,
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| (row.status, row.code));
    let words = words(language);
    page(language, &ProblemsPage { language, words, rows })
}

/// `GET /docs/problems/{code}`: where the `type` of a problem leads.
pub async fn problem(Path(code): Path<String>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let Some(code) = Code::ALL.iter().find(|it| it.as_str() == code) else {
        return Problem::from(Code::RouteNotFound).into_response();
    };
    let language = wanted.language(&headers);
    let text = code.text(language);
    let operations = INDEX.by_problem.get(code.as_str());
    page(
        language,
        &ProblemPage {
            language,
            words: words(language),
            code: code.as_str(),
            status: code.status(),
            title: text.title,
            detail: rendered(text.detail),
            advice: rendered(advice(code.status(), language)),
            operations: operations.map_or(&[], Vec::as_slice),
        },
    )
}

/// `GET /docs/scopes`
pub async fn scopes(Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let language = wanted.language(&headers);
    let scopes = Scope::ALL.iter().map(|scope| {
        let operations = INDEX.by_scope.get(scope.as_str());
        (scope.as_str(), operations.map_or(&[][..], Vec::as_slice))
    });
    let (words, scopes) = (words(language), scopes.collect());
    page(
        language,
        &ScopesPage {
            language,
            words,
            scopes,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_what_they_tell_and_by_what_opens_them() {
        let of = |index: &BTreeMap<String, Vec<Shown>>, name: &str| {
            let found = index.get(name).unwrap_or_else(|| panic!("{name}"));
            found.iter().any(|it| it.path == "/v1/merchants" && it.method == "POST")
        };
        assert!(of(&INDEX.by_problem, "reference_taken"));
        assert!(of(&INDEX.by_scope, "merchants:write"));
        assert!(!of(&INDEX.by_scope, "merchants:read"));
    }

    #[test]
    fn every_problem_says_what_to_do() {
        for code in Code::ALL {
            assert_ne!(
                advice(code.status(), Language::English),
                advice(code.status(), Language::Korean)
            );
        }
    }
}
