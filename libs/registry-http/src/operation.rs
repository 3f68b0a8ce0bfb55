//! What every operation says of itself, and what all of them share. Routes know this file; the document that is made of all of
//! them (`openapi.rs`) knows the routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response as Answer;
use registry_domain::merchant::{CallFailure, CallOutcome, StrangeAnswer, WhoFixes};
use registry_domain::tenant::Scope;
use registry_domain::{LinkId, MerchantId, Version};
use registry_web::Language;
use serde_json::json;
use utoipa::openapi::Required;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation as PathOperation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    ComponentsBuilder, Content, ContentBuilder, PathItem, Ref, RefOr, Response, ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::UtoipaMethodRouter;
use uuid::Uuid;

use crate::errand::ON_BEHALF_OF;
use crate::problem::{Code, Fault, FieldFault, Place, Problem, ProblemDocument, code_of_outcome, unreachable_upstream};
use crate::query::Parameters;
use crate::state::AppState;

/// The name of the security scheme.
pub const API_KEY: &str = "api_key";

/// A route with its documentation.
pub type Route = UtoipaMethodRouter<Arc<AppState>>;

/// What anybody who calls with an API key may be told.
const PROBLEMS_OF_CALLERS: &[Code] = &[
    Code::MalformedRequest,
    Code::Unauthenticated,
    Code::InsufficientScope,
    Code::NetworkNotAllowed,
    Code::TenantSuspended,
    Code::ValidationFailed,
    Code::TooManyFailures,
    Code::RateLimited,
    Code::TooManyReads,
    Code::StorageUnavailable,
];

/// What the description of an operation does not say itself.
pub struct Operation {
    /// Who may call it.
    pub access: Access,
    /// What it may be told beside what all are told.
    pub problems: &'static [Code],
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody who can reach it.
    Anybody,
    /// Any API key.
    AnyKey,
    /// An API key with this scope.
    Key(Scope),
    /// An API key with all of these scopes.
    Keys(&'static [Scope]),
}

impl Operation {
    /// Adds to a route what all operations share.
    ///
    /// One without parameters of a query takes none: whoever believes that there is one would take the answer for what it
    /// is not.
    pub fn document(&self, (schemas, mut paths, methods): Route) -> Route {
        let mut takes_none = self.access != Access::Anybody;
        for operation in paths.paths.values_mut().flat_map(operations_of) {
            takes_none &= !takes_query(operation);
        }
        for operation in paths.paths.values_mut().flat_map(operations_of) {
            self.describe(operation, takes_none);
        }
        if takes_none {
            // That there is no such method is said first.
            return (schemas, paths, methods.route_layer(from_fn(refuse_parameters)));
        }
        (schemas, paths, methods)
    }

    fn describe(&self, operation: &mut PathOperation, takes_none: bool) {
        let (security, shared) = match self.access {
            Access::Anybody => (SecurityRequirement::default(), &[][..]),
            Access::AnyKey => (
                SecurityRequirement::new::<_, _, String>(API_KEY, []),
                PROBLEMS_OF_CALLERS,
            ),
            Access::Key(scope) => (SecurityRequirement::new(API_KEY, [scope.as_str()]), PROBLEMS_OF_CALLERS),
            Access::Keys(scopes) => (
                SecurityRequirement::new(API_KEY, scopes.iter().map(|scope| scope.as_str())),
                PROBLEMS_OF_CALLERS,
            ),
        };
        operation.security = Some(vec![security]);
        if self.access != Access::Anybody {
            operation.parameters.get_or_insert_default().push(on_behalf_of().into());
        }
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        let of_query = takes_none.then_some(&Code::ValidationFailed);
        for code in self
            .problems
            .iter()
            .chain(of_query)
            .chain(shared)
            .chain([&Code::Internal])
        {
            let codes = by_status.entry(code.status().as_u16()).or_default();
            if !codes.contains(code) {
                codes.push(*code);
            }
        }
        let responses = &mut operation.responses.responses;
        for (status, codes) in by_status {
            responses.insert(status.to_string(), problem_response(&codes).into());
        }
        for response in responses.values_mut() {
            if let RefOr::T(response) = response {
                let told_to_callers = [RATE_LIMIT, RATE_LIMIT_POLICY];
                let told_to_callers = told_to_callers.iter().filter(|_| self.access != Access::Anybody);
                for header in told_to_callers.chain([&REQUEST_ID]) {
                    response
                        .headers
                        .insert((*header).to_owned(), RefOr::Ref(header_ref(header)));
                }
            }
        }
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(Parameter {
                schema: Some(schema), ..
            }) = parameter
            {
                without_null(schema);
            }
        }
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            for content in body.content.values_mut() {
                if let RefOr::T(Content {
                    schema: Some(schema), ..
                }) = content
                {
                    without_null(schema);
                }
            }
        }
    }
}

/// What every request with a key may say.
fn on_behalf_of() -> Parameter {
    ParameterBuilder::new()
        .name(ON_BEHALF_OF)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "On whose behalf you call: 1 to 100 characters, as plain ASCII or percent-encoded UTF-8 (`%` itself as `%25`). It is \
             kept, sealed, with every event that the request causes, and shown in the timeline and in the audit log.",
        ))
        .schema(Some(String::schema()))
        .example(Some(json!("%EA%B9%80%20%EB%8C%80%EB%A6%AC")))
        .build()
}

fn takes_query(operation: &PathOperation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|it| {
        matches!(
            it,
            RefOr::T(Parameter {
                parameter_in: ParameterIn::Query,
                ..
            })
        )
    })
}

async fn refuse_parameters(parameters: Parameters, request: Request, next: Next) -> Result<Answer, Problem> {
    parameters.finish()?;
    Ok(next.run(request).await)
}

/// What may be left out is not null for that: neither a parameter nor a body can be.
fn without_null(schema: &mut RefOr<Schema>) {
    let is_null = |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
    let RefOr::T(inner) = schema else { return };
    if let Schema::Object(object) = inner
        && let SchemaType::Array(types) = &mut object.schema_type
    {
        types.retain(|kind| *kind != Type::Null);
        if let [only] = types.as_slice() {
            object.schema_type = SchemaType::Type(only.clone());
        }
    } else if let Schema::OneOf(one_of) = inner {
        one_of.items.retain(|item| !is_null(item));
        if let [only] = one_of.items.as_slice() {
            *schema = only.clone();
        }
    }
}

/// Those that a path has.
pub fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut PathOperation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// The response for all problems of one status, with an example of each.
fn problem_response(codes: &[Code]) -> Response {
    let examples = codes.iter().map(|code| {
        let example = Ref::new(format!("#/components/examples/{}", code.as_str()));
        (code.as_str(), RefOr::Ref(example))
    });
    let names: Vec<_> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
    let schema = Ref::from_schema_name(ProblemDocument::name());
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .examples_from_iter(examples)
        .build();
    let response = ResponseBuilder::new()
        .description(names.join(", "))
        .content("application/problem+json", content);
    let may_pass = [
        Code::Overloaded,
        Code::StorageUnavailable,
        Code::RequestInFlight,
        Code::UpstreamRateCapped,
        Code::UpstreamUnavailable,
        Code::TooManyFailures,
        Code::RateLimited,
        Code::TooManyCalls,
        Code::TooManyReads,
        Code::TooManyOwnStreams,
        Code::TooManyOwnFiles,
        Code::TooManyExports,
    ];
    if codes.iter().any(|code| may_pass.contains(code)) {
        return response.header_ref("Retry-After", header_ref(RETRY_AFTER)).build();
    }
    response.build()
}

/// Adds to the components of the document what [`Operation::document`] refers to.
pub fn add_shared(mut components: ComponentsBuilder) -> ComponentsBuilder {
    for code in Code::ALL {
        let document = example_of(*code).document(Language::English, EXAMPLE_REQUEST_ID.to_owned(), None);
        let example = ExampleBuilder::new()
            .summary(document.title)
            .value(Some(json!(document)));
        components = components.example(code.as_str(), example.build());
    }
    let header = |description| {
        HeaderBuilder::new()
            .description(Some(description))
            .schema(Some(String::schema()))
            .build()
    };
    components
        .header(REQUEST_ID, header("The id of the request"))
        .header(
            RETRY_AFTER,
            header("After how many seconds to try again, where that helps"),
        )
        .header(RATE_LIMIT, header(ABOUT_RATE_LIMIT))
        .header(RATE_LIMIT_POLICY, header(ABOUT_RATE_LIMIT_POLICY))
}

fn header_ref(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

const REQUEST_ID: &str = "Request-Id";
const RETRY_AFTER: &str = "Retry-After";
const RATE_LIMIT: &str = "RateLimit";
const RATE_LIMIT_POLICY: &str = "RateLimit-Policy";
const ABOUT_RATE_LIMIT: &str = "How many requests are left: `r` of your key (`person` for somebody in the console) and of all your \
     keys together (`tenant`), and in how many seconds all of them are back (`t`), such as `\"key\";r=4980;t=1, \"tenant\";r=9712;t=1`. \
     Absent where it was not known yet who asks";
const ABOUT_RATE_LIMIT_POLICY: &str = "How many requests there may be: `q` at once, which come back evenly within `w` seconds, \
     such as `\"key\";q=5000;w=10, \"tenant\";q=10000;w=10`";
const EXAMPLE_REQUEST_ID: &str = "req_0197f0a1b2c37d4e8f90a1b2c3d4e5f6";
const EXAMPLE_UUID: Uuid = Uuid::from_u128(0x0197_f0a1_b2c3_7d4e_8f90_a1b2_c3d4_e5f6);

/// A problem as it could be met, with the members that its kind has.
fn example_of(code: Code) -> Problem {
    let upstream = |outcome, upstream_code: Option<&str>, retryable, who_fixes| {
        let upstream_code = upstream_code.map(str::to_owned);
        let failure = CallFailure {
            outcome,
            upstream_code,
            retryable,
            who_fixes,
            strange_answer: None,
        };
        Problem::upstream(code_of_outcome(outcome), LinkId::from_uuid(EXAMPLE_UUID), failure)
    };
    let answered = |http_status, retryable, who_fixes| CallFailure {
        retryable,
        who_fixes,
        strange_answer: Some(StrangeAnswer {
            http_status,
            content_type: Some("text/html".to_owned()),
        }),
        ..unreachable_upstream()
    };
    let place = Place::Body("/business_number".to_owned());
    let with_members = [
        Problem::validation(vec![FieldFault {
            place,
            fault: Fault::ChecksumMismatch,
        }]),
        Problem::insufficient_scope(Scope::MerchantsWrite),
        Problem::reference_taken(MerchantId::from_uuid(EXAMPLE_UUID)),
        Problem::version_mismatch(Version(8)),
        Problem::beyond(38),
        upstream(CallOutcome::Refused, Some("PARTNER_006"), false, WhoFixes::Paymint),
        upstream(CallOutcome::NotSent, None, true, WhoFixes::Paymint),
        upstream(CallOutcome::Unknown, None, true, WhoFixes::Paymint),
        Problem::unanswered(Code::UpstreamUnavailable, unreachable_upstream()),
        Problem::unanswered(Code::UpstreamNoAnswer, unreachable_upstream()),
        Problem::unanswered(Code::UpstreamUnreadable, answered(503, true, WhoFixes::Paymint)),
        Problem::unanswered(Code::ReadBackRejected, answered(404, false, WhoFixes::Us)),
        Problem::unanswered(Code::ReadBackUntried, unreachable_upstream()),
    ];
    let found = with_members.into_iter().find(|problem| problem.code() == code);
    found.unwrap_or_else(|| Problem::from(code))
}
