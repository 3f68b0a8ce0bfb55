//! `POST /v1/people`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use registry_domain::Label;
use registry_domain::people::EmailAddress;
use registry_domain::tenant::Scope;
use registry_people::{Invitation, OneTimeLink};
use registry_web::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{PersonDocument, expect_own, rights, tenant_of};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::state::AppState;

const SCOPE: Scope = Scope::PeopleWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::RightsBeyondOwn,
            Code::RequestTimeout,
            Code::MemberExists,
            Code::PersonKnownElsewhere,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ValidationFailed,
            Code::TooManyPeople,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(invite_person))
}

/// Invite a person
///
/// The person belongs to you at once. The answer holds an invitation to hand over: with it the person sets a password, once,
/// within seven days. It is shown this once. Inviting the same address again with the same rights makes another one in place
/// of the first, so this needs no Idempotency-Key; no invitation comes for somebody who can sign in already. Nobody gives more
/// than they have.
#[utoipa::path(
    post,
    path = "/v1/people",
    tag = "People",
    request_body(content = PersonToInvite, description = "Who, and what they may do"),
    responses((status = 201, description = "The person, and the invitation", body = InvitedPerson))
)]
async fn invite_person(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    body: JsonBody,
) -> Result<(StatusCode, Json<InvitedPerson>), Problem> {
    caller.require(SCOPE)?;
    let invitation = read(body.fields(Null::Absent)?)?;
    expect_own(&caller, &invitation.rights)?;
    let tenant = tenant_of(&state, &caller).await?;
    let invited = state
        .people
        .invite(&tenant, caller.origin(&context), invitation)
        .await?;
    let tenant = tenant_of(&state, &caller).await?;
    let member = state.people.member(&tenant, invited.person.id).await?;
    let member = member.ok_or(Code::PersonNotFound)?;
    let document = InvitedPerson {
        person: PersonDocument::new(&member, &caller),
        invitation: invited.link.map(InvitationDocument::new),
    };
    Ok((StatusCode::CREATED, Json(document)))
}

/// Somebody to be invited.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct PersonToInvite {
    /// The person's address. It says who they are: nobody else here has the same.
    #[schema(max_length = 254, example = "ops@partner.example")]
    email: String,
    /// The person's name.
    #[schema(min_length = 1, max_length = 200, example = "김운영")]
    name: String,
    /// `viewer`, `operator`, `manager` or `auditor`.
    #[schema(example = "operator")]
    role: String,
    /// What the person may do beside the role: `exports:create`, `personal:read`.
    #[schema(required = false)]
    granted: Vec<String>,
    /// What of the role the person may not do.
    #[schema(required = false)]
    withheld: Vec<String>,
}

fn read(mut fields: Fields) -> Result<Invitation, Problem> {
    let email = fields.required("email", |text| {
        EmailAddress::parse(text).map_err(|_| Fault::NotAnEmailAddress)
    });
    let name = fields.required("name", Label::parse);
    let rights = rights(&mut fields, None);
    fields.finish()?;
    // What is missing is among the faults.
    let (Some(email), Some(name), Some(rights)) = (email, name, rights) else {
        return Err(Code::Internal.into());
    };
    Ok(Invitation { email, name, rights })
}

/// A person who was invited.
#[derive(Serialize, ToSchema)]
struct InvitedPerson {
    #[serde(flatten)]
    person: PersonDocument,
    /// What to hand over; null for somebody who can sign in already, or where nobody signs in with a password.
    #[schema(required = true)]
    invitation: Option<InvitationDocument>,
}

/// An invitation. Whoever has it can set the person's password.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationDocument {
    /// Where it leads. It works once.
    #[schema(example = "https://registry.example.com/console/join/…")]
    url: String,
    /// From when on it no longer works.
    expires_at: DateTime<Utc>,
}

impl InvitationDocument {
    fn new(link: OneTimeLink) -> Self {
        Self {
            url: link.url,
            expires_at: link.expires_at,
        }
    }
}
