//! Why something did not work, as `application/problem+json` (RFC 9457). The only place where failures become HTTP.
//!
//! A handler returns a [`Problem`]. It travels to the outermost layer inside of the response and is written there, once,
//! in the client's language and with the id of the request; answers of the router itself are written there too.

mod catalogue;
mod causes;
mod fault;
mod kinds;

use axum::Json;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use registry_domain::merchant::CallFailure;
use registry_domain::tenant::Scope;
use registry_domain::{LinkId, MerchantId, Version};
use registry_imports::Refusal;
use registry_web::{Language, RequestContext};
use serde::Serialize;
use utoipa::ToSchema;

pub use catalogue::Code;
pub use causes::{code_of_outcome, unreachable_upstream};
pub use fault::{Fault, FieldErrorDocument, FieldFault, Place};

/// The media type of a problem.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why something did not work.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    retry_after_seconds: Option<u32>,
    /// Boxed: every handler returns a problem or an answer, and most return an answer.
    members: Box<Members>,
}

/// What some kinds of problem say beside their code.
#[derive(Debug, Clone, Default)]
struct Members {
    errors: Vec<FieldFault>,
    upstream: Option<CallFailure>,
    existing_id: Option<MerchantId>,
    link_id: Option<LinkId>,
    current_version: Option<Version>,
    required_scope: Option<Scope>,
    head: Option<u64>,
    /// For the log alone.
    cause: Option<String>,
}

/// Why a request failed that we could not serve: for its line in the log.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The kind of problem.
    pub code: Code,
    /// What went wrong below, if it was not logged there.
    pub cause: Option<String>,
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self {
            code,
            retry_after_seconds: None,
            members: Box::default(),
        }
    }
}

impl Problem {
    /// Values that cannot be accepted.
    pub fn validation(errors: Vec<FieldFault>) -> Self {
        let mut problem = Self::from(Code::ValidationFailed);
        problem.members.errors = errors;
        problem
    }

    /// A file that cannot be read.
    pub fn file_refused(refusal: &Refusal) -> Self {
        let mut problem = Self::from(Code::FileRefused);
        problem.members.errors = vec![FieldFault {
            place: Place::Line(refusal.line()),
            fault: refusal.into(),
        }];
        problem
    }

    /// A header that cannot be read.
    pub fn malformed_header(name: &'static str, fault: Fault) -> Self {
        let mut problem = Self::from(Code::MalformedRequest);
        let place = Place::Header(name);
        problem.members.errors = vec![FieldFault { place, fault }];
        problem
    }

    /// A scope that the API key lacks.
    pub fn insufficient_scope(required: Scope) -> Self {
        let mut problem = Self::from(Code::InsufficientScope);
        problem.members.required_scope = Some(required);
        problem
    }

    /// A pair of codes that another merchant has.
    pub fn reference_taken(existing: MerchantId) -> Self {
        let mut problem = Self::from(Code::ReferenceTaken);
        problem.members.existing_id = Some(existing);
        problem
    }

    /// A version that is not the current one.
    pub fn version_mismatch(current: Version) -> Self {
        let mut problem = Self::from(Code::VersionMismatch);
        problem.members.current_version = Some(current);
        problem
    }

    /// A position behind the end of a log or of a merchant's timeline.
    pub fn beyond(head: u64) -> Self {
        let mut problem = Self::from(Code::PositionBeyondLog);
        problem.members.head = Some(head);
        problem
    }

    /// A link that Paymint did not issue.
    pub fn upstream(code: Code, link_id: LinkId, failure: CallFailure) -> Self {
        let mut problem = Self::from(code);
        problem.members.link_id = Some(link_id);
        problem.members.upstream = Some(failure);
        problem
    }

    /// A question that Paymint did not answer.
    pub fn unanswered(code: Code, failure: CallFailure) -> Self {
        let mut problem = Self::from(code);
        problem.members.upstream = Some(failure);
        problem
    }

    /// The same, with what the log says about it.
    #[must_use]
    pub fn because(mut self, cause: String) -> Self {
        self.members.cause = Some(cause);
        self
    }

    /// The same, with the time after which it makes sense to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// What kind of problem it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The body that a client in a language gets.
    pub fn document(&self, language: Language, request_id: String, instance: Option<String>) -> ProblemDocument {
        let text = self.code.text(language);
        let members = &*self.members;
        ProblemDocument {
            kind: format!("{TYPES}{}", self.code.as_str()),
            title: text.title,
            status: self.code.status().as_u16(),
            detail: text.detail,
            code: self.code.as_str(),
            instance,
            request_id,
            errors: members.errors.iter().map(|error| error.document(language)).collect(),
            upstream: members.upstream.as_ref().map(UpstreamDocument::from),
            existing_id: members.existing_id.map(|id| id.to_string()),
            link_id: members.link_id.map(|id| id.to_string()),
            current_version: members.current_version.map(|version| version.0),
            required_scope: members.required_scope.map(Scope::as_str),
            head: members.head,
        }
    }

    /// Writes the problem for the client of a request.
    pub fn answer(&self, context: &RequestContext) -> Response {
        let document = self.document(
            context.language,
            context.correlation_id.to_string(),
            context.instance().map(str::to_owned),
        );
        let mut response = (self.code.status(), Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(context.language.tag()));
        headers.insert(VARY, HeaderValue::from_static("accept-language"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"registry\""));
        }
        response
    }
}

/// Carries the problem to [`finish`].
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the problem that a response carries. A failure without one, which only the router and the documentation
/// pages give, gets the one that fits its status. Both keep their headers, such as `Idempotency-Replayed` and `Allow`.
pub fn finish(mut response: Response, context: &RequestContext) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let mut answer = problem.answer(context);
        keep_other_headers(response.headers(), answer.headers_mut());
        let (code, cause) = (problem.code, problem.members.cause);
        answer.extensions_mut().insert(Failure { code, cause });
        return answer;
    }
    let status = response.status();
    // What a handler says in JSON, it means: the readiness of a process that is not ready. So does a page.
    let is_said = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|it| it == "application/json" || it == "text/html; charset=utf-8");
    if is_said || !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let code = Code::of_status(status);
    let mut answer = Problem::from(code).answer(context);
    *answer.status_mut() = status;
    answer.extensions_mut().insert(Failure { code, cause: None });
    keep_other_headers(response.headers(), answer.headers_mut());
    answer
}

/// The kind of problem that an answer tells of, before [`finish`] has written it.
pub fn told(response: &Response) -> Option<Code> {
    let status = response.status();
    let carried = response.extensions().get::<Problem>().map(Problem::code);
    carried.or_else(|| (status.is_client_error() || status.is_server_error()).then(|| Code::of_status(status)))
}

fn keep_other_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from {
        if name != CONTENT_LENGTH && !to.contains_key(name) {
            to.insert(name.clone(), value.clone());
        }
    }
}

/// Where the pages about problems lie.
const TYPES: &str = "/docs/problems/";

/// A problem as the client reads it (RFC 9457). Members that do not apply are absent; others may appear.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// The kind of problem: the address of a page about it, which ends in `code`.
    #[serde(rename = "type")]
    #[schema(example = "/docs/problems/validation_failed")]
    pub kind: String,
    /// The kind of problem, for a person.
    #[schema(example = "Some values cannot be accepted")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What to do about it, for a person, in the language of `Content-Language`.
    #[schema(example = "`errors` names each of them.")]
    pub detail: &'static str,
    /// The kind of problem, as a stable word. Others may appear.
    #[schema(example = "validation_failed")]
    pub code: &'static str,
    /// The path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/merchants")]
    pub instance: Option<String>,
    /// The id of the request; also in the header `Request-Id` and in the log.
    #[schema(example = "req_0197c8a5d4b17c3e8f00a1b2c3d4e5f6")]
    pub request_id: String,
    /// Every value that cannot be accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldErrorDocument>,
    /// What Paymint said, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamDocument>,
    /// The merchant that has these codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_id: Option<String>,
    /// The link that did not come to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_id: Option<String>,
    /// The version that the merchant has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<u64>,
    /// The scope that the API key lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_scope: Option<&'static str>,
    /// Where the log, or the merchant's timeline, ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
}

/// What is known of a call to Paymint that did not succeed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UpstreamFailure)]
pub struct UpstreamDocument {
    /// Paymint's own code, if it gave one.
    #[schema(required = true, example = "PARTNER_006")]
    pub code: Option<String>,
    /// Whether trying again later can help.
    #[schema(example = false)]
    pub retryable: bool,
    /// Who can remove the cause: `us` (the operator of this installation), `partner` or `paymint`.
    #[schema(example = "paymint")]
    pub who_fixes: &'static str,
    /// With which HTTP status something answered that is not Paymint's API. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 404)]
    pub http_status: Option<u16>,
    /// Of which content type that answer was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "text/html")]
    pub content_type: Option<String>,
}

impl From<&CallFailure> for UpstreamDocument {
    fn from(failure: &CallFailure) -> Self {
        let strange = failure.strange_answer.as_ref();
        Self {
            code: failure.upstream_code.clone(),
            retryable: failure.retryable,
            who_fixes: failure.who_fixes.as_str(),
            http_status: strange.map(|answer| answer.http_status),
            content_type: strange.and_then(|answer| answer.content_type.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::http::header::ALLOW;
    use http_body_util::BodyExt;
    use registry_domain::CorrelationId;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn context(language: Language) -> RequestContext {
        RequestContext {
            correlation_id: CorrelationId::from_uuid(Uuid::from_u128(1)),
            language,
            path: "/v1/merchants".to_owned(),
            is_shown: true,
            sender: None,
        }
    }

    async fn body(response: Response) -> Value {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn a_problem_is_written_in_the_clients_language() {
        let fault = FieldFault {
            place: Place::Body("/member_code".to_owned()),
            fault: Fault::Required,
        };
        let carried = Problem::validation(vec![fault]).into_response();
        let response = finish(carried, &context(Language::Korean));
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[CONTENT_LANGUAGE], "ko");
        let expected = json!({
            "type": "/docs/problems/validation_failed",
            "title": "입력값을 확인해 주세요",
            "status": 422,
            "detail": "잘못된 값은 `errors`에 하나씩 표시되어 있습니다.",
            "code": "validation_failed",
            "instance": "/v1/merchants",
            "request_id": "req_00000000000000000000000000000001",
            "errors": [{"pointer": "/member_code", "code": "required", "detail": "필수 항목입니다"}],
        });
        assert_eq!(body(response).await, expected);
    }

    #[tokio::test]
    async fn what_a_handler_says_in_json_stays() {
        let unready = (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unavailable"}))).into_response();
        let response = finish(unready, &context(Language::English));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body(response).await, json!({"status": "unavailable"}));
    }

    #[tokio::test]
    async fn an_answer_of_the_router_becomes_a_problem_and_keeps_its_headers() {
        let bare = (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET,HEAD")]).into_response();
        let response = finish(bare, &context(Language::English));
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "GET,HEAD");
        assert_eq!(body(response).await["code"], "method_not_allowed");
    }

    #[test]
    fn a_missing_key_and_a_busy_writer_tell_what_to_do_next() {
        let missing = Problem::from(Code::Unauthenticated).answer(&context(Language::English));
        assert!(missing.headers().contains_key(WWW_AUTHENTICATE));
        let busy = Problem::from(Code::Overloaded)
            .retry_after(1)
            .answer(&context(Language::English));
        assert_eq!(busy.headers()[RETRY_AFTER], "1");
    }
}
