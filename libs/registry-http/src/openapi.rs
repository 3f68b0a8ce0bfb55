//! The OpenAPI document: what every operation shares is added here, so that each one says only what is its own.

mod examples;
mod inputs;

use registry_documents::name_events;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::operation::{API_KEY, add_shared};
use crate::problem::{FieldErrorDocument, ProblemDocument, UpstreamDocument};
use crate::routes;

/// The whole document. Needs no state.
pub fn openapi() -> OpenApi {
    let mut document = routes::all(OpenApiRouter::with_openapi(frame())).into_openapi();
    if let Some(components) = document.components.as_mut() {
        name_events(&mut components.schemas);
    }
    inputs::close(&mut document);
    examples::show(&mut document);
    document
}

/// The document without any operation.
fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Submerchant Registry")
        .version("1")
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT OR Apache-2.0")
                .identifier(Some("MIT OR Apache-2.0"))
                .build(),
        ));
    let mut http = Http::new(HttpAuthScheme::Bearer);
    http.bearer_format = Some("rk_…".to_owned());
    http.description = Some("An API key of a tenant. What it may do is said by its scopes.".to_owned());
    let components = ComponentsBuilder::new()
        .security_scheme(API_KEY, SecurityScheme::Http(http))
        .schema(ProblemDocument::name(), ProblemDocument::schema())
        .schema(FieldErrorDocument::name(), FieldErrorDocument::schema())
        .schema(UpstreamDocument::name(), UpstreamDocument::schema());
    let tags = TAGS
        .iter()
        .map(|(name, description)| TagBuilder::new().name(*name).description(Some(*description)).build());
    OpenApiBuilder::new()
        .info(info)
        .components(Some(add_shared(components).build()))
        .tags(Some(tags))
        .servers(Some([ServerBuilder::new()
            .url("/")
            .description(Some("The service that hands out this document"))
            .build()]))
        .build()
}

/// The groups of operations, in reading order.
const TAGS: &[(&str, &str)] = &[
    (
        "Merchants",
        "Register sub-merchants, read their review, change what you keep about them.",
    ),
    ("Notes", "What your people write down about a shop."),
    (
        "Registration links",
        "Issue the URL at which a shop fills in its registration at Paymint.",
    ),
    ("Events", "Everything that happened, in order and without gaps."),
    ("Callbacks", "What Paymint sent, and the door through which it comes."),
    (
        "Quarantine",
        "Callbacks that could not be used: look at them, drive them again, say whose they are.",
    ),
    (
        "Unclaimed merchants",
        "Shops of which Paymint spoke although you had not registered them.",
    ),
    (
        "Alerts",
        "Be told of shops that wait too long by your business days, and of what is wrong with your connection.",
    ),
    (
        "Event destinations",
        "Have alerts carried to people and programs: by mail, to a channel, as signed webhooks.",
    ),
    (
        "Views",
        "Keep questions to the list of merchants under a name, of your own or shared.",
    ),
    (
        "Jobs",
        "Have one thing done to many merchants: plan it, see whom it fits, confirm it, follow it, take up what failed.",
    ),
    ("Exports", "Have a list of merchants made into a file, and take it."),
    (
        "Insight",
        "How long shops wait, how long things took, and how far those of each week have come, by your business days.",
    ),
    (
        "Billing",
        "May this shop bill? Payment approvals, and the points that bills are charged to.",
    ),
    ("Audit", "Who did what, saw what of persons, and was refused what."),
    (
        "People",
        "Who works for you, what they may do, and where they are signed in.",
    ),
    (
        "Account",
        "Who you are here, what you may do, what you have set for yourself, and how well Paymint's word arrives.",
    ),
    ("Operation", "For whoever runs this installation."),
];

const DESCRIPTION: &str = "\
The record of your sub-merchants' onboarding at Paymint (결제선생): who is registered, which registration URL was issued, \
what Paymint's callbacks said, and what has to happen next.

**Conventions.** Names are snake_case, ids carry the prefix of their kind, times are RFC 3339 in UTC. Fields and parameters \
that are not documented are refused with 422. Answers may gain fields, and lists of words may gain words: pass over what \
you do not know.

**Concurrency.** A merchant's `ETag` is its version and the form in which it is shown. PATCH and DELETE of a merchant need `If-Match`; `If-None-Match` saves the body of \
an answer that you have.

**Retries.** A POST that writes takes an `Idempotency-Key`: within 24 hours the same key with the same request has its effect \
once and gives the same answer, marked by `Idempotency-Replayed: true` where the answer is a merchant or a link. Failed answers \
are repeated too where a link was asked for. The few that need no key say what a repeat does.

**How far to trust.** Paymint's callbacks are claims. `review.verification` says whether Paymint confirmed them when asked; \
doubtful ones are held until it has.

**Problems** are `application/problem+json` (RFC 9457) with a stable `code`, in English, or in Korean if `Accept-Language` \
prefers it. Their `type` is the address of a page; [all of them](/docs/problems), and [what each scope opens](/docs/scopes).

**More.** [How to use all this](/docs/guide), and [what has changed](/docs/changelog).

**Limits.** Bodies have at most 64 KiB, files 5 MiB, and arrive within 10 seconds; headers have at most 16 KiB. An address has so many connections \
and requests in flight at once; the next one is refused with 503 or 429 (`too_many_requests`). A key, and all keys of a tenant \
together, may ask so often: `RateLimit` on each answer says how many requests are left, `RateLimit-Policy` how many there are. One too many \
is 429 (`rate_limited`), and did nothing.";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::problem::Code;

    #[test]
    fn every_operation_says_what_a_client_must_know() {
        let document = serde_json::to_value(openapi()).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let tags: HashSet<_> = TAGS.iter().map(|(name, _)| *name).collect();
        let mut ids = HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let place = format!("{method} {path}");
                let id = operation["operationId"].as_str().expect(&place);
                assert!(ids.insert(id.to_owned()), "{place}: the id stands twice");
                assert!(
                    operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
                    "{place}: no summary"
                );
                assert!(
                    operation["description"].as_str().is_some_and(|text| !text.is_empty()),
                    "{place}: no text"
                );
                assert_eq!(operation["tags"].as_array().expect(&place).len(), 1, "{place}");
                assert!(
                    tags.contains(operation["tags"][0].as_str().unwrap()),
                    "{place}: unknown tag"
                );
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.contains_key("500"), "{place}: no problems");
                assert!(
                    responses.keys().any(|status| status.starts_with('2')),
                    "{place}: no success"
                );
                assert_eq!(
                    responses.contains_key("401"),
                    path.starts_with("/v1/"),
                    "{place}: security"
                );
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    assert!(
                        parameter["description"].is_string(),
                        "{place}: {} says nothing",
                        parameter["name"]
                    );
                }
            }
        }
        assert!(ids.len() >= 20);
    }

    #[test]
    fn the_committed_document_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/registry.json");
        let committed = std::fs::read_to_string(path).unwrap();
        let current = openapi().to_pretty_json().unwrap() + "\n";
        assert!(
            committed == current,
            "run `cargo run -p registry -- openapi > openapi/registry.json`"
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(openapi()).unwrap();
        let text = document.to_string();
        let references = text.split("\"#/").skip(1).filter_map(|rest| rest.split('"').next());
        for reference in references {
            assert!(document.pointer(&format!("/{reference}")).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_problem_is_documented_somewhere() {
        let text = serde_json::to_string(&openapi()).unwrap();
        // These are answers of the router, of the envelope or of the documentation pages, which belong to no operation.
        let of_no_operation = [Code::RouteNotFound, Code::MethodNotAllowed, Code::TooManyRequests];
        for code in Code::ALL.iter().filter(|code| !of_no_operation.contains(code)) {
            assert!(
                text.contains(&format!("\"#/components/examples/{}\"", code.as_str())),
                "{code:?}"
            );
        }
    }
}
