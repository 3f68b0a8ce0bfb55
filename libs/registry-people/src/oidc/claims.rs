//! What the provider says of somebody.

use std::fmt;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims,
    IdTokenFields, StandardClaims, StandardErrorResponse, StandardTokenResponse, UserInfoClaims,
};
use registry_domain::Label;
use registry_domain::people::EmailAddress;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most groups of one person that are looked at.
const GROUPS_MAX: usize = 500;

/// Longest name of a group that is looked at, in characters.
const GROUP_LENGTH_MAX: usize = 256;

/// Longest name that a provider may have for a session.
const SID_LENGTH_MAX: usize = 256;

/// Every claim that has no place of its own.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Extra {
    #[serde(flatten)]
    all: Map<String, Value>,
}

impl AdditionalClaims for Extra {}

/// Names and groups stand in it.
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extra({} claims)", self.all.len())
    }
}

pub(super) type Token = IdToken<Extra, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(super) type TokenClaims = IdTokenClaims<Extra, CoreGenderClaim>;
pub(super) type UserInfo = UserInfoClaims<Extra, CoreGenderClaim>;

type Answer = StandardTokenResponse<
    IdTokenFields<
        Extra,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// This installation, as a client of a provider that was discovered.
pub(super) type Client = openidconnect::Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Somebody, as far as the provider says.
#[derive(Default)]
pub(super) struct Told {
    pub(super) email: Option<EmailAddress>,
    /// The provider has made sure that the address is theirs.
    pub(super) is_email_verified: bool,
    pub(super) name: Option<Label>,
    /// None if it says nothing of groups.
    pub(super) groups: Option<Vec<String>>,
    pub(super) sid: Option<String>,
}

impl Told {
    pub(super) fn by_token(claims: &TokenClaims, groups_claim: &str) -> Self {
        let extra = &claims.additional_claims().all;
        let email = claims.email().map(|email| email.as_str());
        let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str());
        Self {
            sid: extra.get("sid").and_then(Value::as_str).and_then(sid),
            ..Self::of(email, claims.email_verified(), name, extra, groups_claim)
        }
    }

    /// What the token left out is taken from where more is told.
    pub(super) fn completed_by(self, info: &UserInfo, groups_claim: &str) -> Self {
        let standard: &StandardClaims<_> = info.standard_claims();
        let email = standard.email().map(|email| email.as_str());
        let name = standard
            .name()
            .and_then(|name| name.get(None))
            .map(|name| name.as_str());
        let extra = &info.additional_claims().all;
        let more = Self::of(email, standard.email_verified(), name, extra, groups_claim);
        let (email, is_email_verified) = match self.email {
            Some(email) => (Some(email), self.is_email_verified),
            None => (more.email, more.is_email_verified),
        };
        Self {
            email,
            is_email_verified,
            name: self.name.or(more.name),
            groups: self.groups.or(more.groups),
            sid: self.sid,
        }
    }

    /// Whether more would have to be asked for.
    pub(super) fn is_short(&self) -> bool {
        self.email.is_none() || self.groups.is_none()
    }

    fn of(
        email: Option<&str>,
        email_verified: Option<bool>,
        name: Option<&str>,
        extra: &Map<String, Value>,
        groups_claim: &str,
    ) -> Self {
        Self {
            // What the provider knows not to be theirs is not theirs here.
            email: email
                .filter(|_| email_verified != Some(false))
                .and_then(|email| EmailAddress::parse(email).ok()),
            is_email_verified: email_verified == Some(true),
            name: name.and_then(|name| Label::parse(name).ok()),
            groups: extra.get(groups_claim).map(groups),
            sid: None,
        }
    }
}

/// A list, or one group alone, as providers that know only texts say it.
fn groups(claim: &Value) -> Vec<String> {
    let values = match claim {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        Value::String(value) => vec![value.as_str()],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec![],
    };
    let short = values
        .into_iter()
        .filter(|group| group.chars().count() <= GROUP_LENGTH_MAX);
    short.take(GROUPS_MAX).map(str::to_owned).collect()
}

/// A provider's name for a session.
pub(super) fn sid(text: &str) -> Option<String> {
    (!text.is_empty() && text.len() <= SID_LENGTH_MAX).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_come_as_a_list_or_as_one() {
        assert_eq!(groups(&json!(["a", 7, "운영팀"])), ["a", "운영팀"]);
        assert_eq!(groups(&json!("ops")), ["ops"]);
        assert_eq!(groups(&json!({ "a": true })), Vec::<String>::new());
        assert_eq!(groups(&json!(["g".repeat(257), "h"])), ["h"]);
        let many: Vec<_> = (0..900).map(|n| n.to_string()).collect();
        assert_eq!(groups(&json!(many)).len(), GROUPS_MAX);
    }

    #[test]
    fn an_address_that_is_known_not_to_be_theirs_is_none() {
        let told = |verified| {
            Told::of(
                Some("Kim@Example.test"),
                verified,
                Some("김\u{200b}"),
                &Map::new(),
                "groups",
            )
        };
        assert!(told(Some(false)).email.is_none());
        assert!(told(None).email.is_some() && !told(None).is_email_verified);
        assert!(told(Some(true)).is_email_verified && told(Some(true)).name.is_none());
        assert!(told(Some(true)).groups.is_none());
    }
}
