//! Signing in through the provider: there, back, and who that is here.

use std::fmt;

use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, CsrfToken, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RequestTokenError, Scope, TokenResponse,
};
use registry_domain::people::{EmailAddress, SignInMethod};
use registry_domain::{Label, PersonId};
use registry_journal::port::{Identity, Person};

use super::claims::{Told, UserInfo};
use super::round_trip::{RoundTrip, local_path};
use super::{BELIEF_TIME, Provider, ours};
use crate::error::SignInError;
use crate::facts::Ending;
use crate::groups;
use crate::links::HOME;
use crate::people::People;
use crate::report::Refused;
use crate::sessions::{Browser, NewSession};

/// Longest code or state that is looked at.
const PARAMETER_LENGTH_MAX: usize = 4_096;

/// Where a browser goes to sign in, and what it takes along.
#[derive(Clone)]
pub struct OidcRedirect {
    /// The provider's page.
    pub url: String,
    /// For a cookie of its own that lives for ten minutes: sealed.
    pub round_trip: String,
}

impl fmt::Debug for OidcRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OidcRedirect(hidden)")
    }
}

/// With what a browser comes back: the parameters of the query, as they came.
#[derive(Clone, Default)]
pub struct OidcAnswer {
    /// `code`
    pub code: Option<String>,
    /// `state`
    pub state: Option<String>,
    /// `iss` (RFC 9207)
    pub iss: Option<String>,
    /// `error`
    pub error: Option<String>,
}

impl fmt::Debug for OidcAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OidcAnswer(hidden)")
    }
}

impl People {
    /// Begins a sign-in through the provider. `return_path` is where the person wants to go; what is no path of the console leads
    /// to its first page.
    pub async fn begin_oidc(&self, return_path: &str) -> Result<OidcRedirect, SignInError> {
        let provider = self.inner.provider.as_ref().ok_or(SignInError::OidcOff)?;
        let client = provider.client(&*provider.metadata(BELIEF_TIME).await?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        let scopes = provider.scopes.iter().cloned().map(Scope::new);
        let (url, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        let trip = RoundTrip {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            return_path: local_path(return_path, HOME).to_owned(),
            begun_at: self.now(),
        };
        Ok(OidcRedirect {
            url: url.to_string(),
            round_trip: trip.seal(&self.inner.config.key, &self.inner.ambient.ids.secret()),
        })
    }

    /// Ends it: the browser is back with what it took along.
    pub async fn finish_oidc(
        &self,
        answer: OidcAnswer,
        round_trip: Option<&str>,
        browser: &Browser,
    ) -> Result<NewSession, SignInError> {
        let provider = self.inner.provider.as_ref().ok_or(SignInError::OidcOff)?;
        let lost = || self.refused(Refused::RoundTrip, SignInError::RoundTripLost);
        let trip = round_trip.and_then(|sealed| RoundTrip::open(&self.inner.config.key, sealed, self.now()));
        let trip = trip.ok_or_else(lost)?;
        let is_same = answer.state.as_deref() == Some(trip.state.as_str());
        if !is_same {
            return Err(lost());
        }
        let proven = provider.proven(&answer, &trip, self).await;
        let (identity, told) = proven.map_err(|error| {
            if matches!(error, SignInError::ProviderRefused(_)) {
                self.refused(Refused::Provider, error)
            } else {
                error
            }
        })?;
        let sid = told.sid.clone();
        let person = self.person_of(identity, told, browser).await?;
        self.begin_session(person, SignInMethod::Oidc, sid, browser, trip.return_path)
            .await
    }

    /// Who that is here, after memberships have followed the groups. Somebody who is new is made known, if anything is open to
    /// them.
    async fn person_of(&self, identity: Identity, told: Told, browser: &Browser) -> Result<Person, SignInError> {
        let groups = told.groups.clone().unwrap_or_default();
        let wanted = groups::wanted(&self.store().mappings_of_groups(&groups).await?);
        let known = self.known(&identity, &told, browser).await?;
        let person = match known {
            Some(person) => person,
            None if wanted.is_empty() => {
                return Err(self.refused(Refused::NoRights, SignInError::NoRights { groups }));
            }
            None => self.newcomer(identity, told).await?,
        };
        if person.disabled_at.is_some() {
            return Err(self.kept_out(person.id, browser, Refused::Disabled, SignInError::Disabled));
        }
        let tenants = self.store().tenants_of(person.id).await?;
        let changes = groups::changes(person.id, &tenants, &wanted);
        self.follow_groups(person.id, changes, browser).await?;
        let has_rights = person.is_administrator || !self.store().tenants_of(person.id).await?.is_empty();
        if has_rights {
            Ok(person)
        } else {
            Err(self.kept_out(person.id, browser, Refused::NoRights, SignInError::NoRights { groups }))
        }
    }

    /// Somebody whom the provider has called so before, or who was invited by an address that it vouches for.
    async fn known(&self, identity: &Identity, told: &Told, browser: &Browser) -> Result<Option<Person>, SignInError> {
        let mut person = self.store().person_by_identity(identity).await?;
        if person.is_none()
            && told.is_email_verified
            && let Some(email) = &told.email
        {
            let invited = self.store().person_by_email(email).await?;
            person = invited.filter(|person| person.identity.is_none());
        }
        let Some(mut person) = person else {
            return Ok(None);
        };
        if person.identity.is_none() && !person.is_administrator {
            // Whoever invited the address may have set a password: from now on only the provider says who it is.
            self.store().set_password(person.id, None).await?;
            self.store().drop_links(person.id).await?;
            let by = Ending::by_themselves(self.origin_of(person.id, browser));
            self.end_sessions(&by, person.id).await?;
            person.password_hash = None;
        }
        let email = told.email.clone().unwrap_or_else(|| person.email.clone());
        let name = told.name.clone().unwrap_or_else(|| person.name.clone());
        for email in [email, person.email.clone()] {
            if self.store().set_identity(person.id, identity, &email, &name).await? {
                person.identity = Some(identity.clone());
                (person.email, person.name) = (email, name);
                return Ok(Some(person));
            }
            // The address is somebody else's here: the old one stays.
        }
        let error = SignInError::ProviderRefused("identity");
        Err(self.kept_out(person.id, browser, Refused::Provider, error))
    }

    async fn newcomer(&self, identity: Identity, told: Told) -> Result<Person, SignInError> {
        let without = || self.refused(Refused::Provider, SignInError::ProviderRefused("address"));
        let email = told.email.ok_or_else(without)?;
        let person = Person {
            id: PersonId::from_uuid(self.inner.ambient.ids.uuid()),
            name: told.name.or_else(|| name_by(&email)).ok_or_else(without)?,
            email,
            identity: Some(identity),
            password_hash: None,
            is_administrator: false,
            created_at: self.now(),
            disabled_at: None,
            signed_in_at: None,
        };
        if self.store().add_person(&person).await? {
            Ok(person)
        } else {
            // The address is somebody's whom the provider calls something else, or for whom it does not vouch.
            Err(without())
        }
    }
}

/// Somebody without a name is called by what stands before the `@`.
fn name_by(email: &EmailAddress) -> Option<Label> {
    Label::parse(email.as_str().split('@').next()?).ok()
}

impl Provider {
    /// Whom the provider says it is, once all of it holds.
    async fn proven(
        &self,
        answer: &OidcAnswer,
        trip: &RoundTrip,
        people: &People,
    ) -> Result<(Identity, Told), SignInError> {
        if answer.error.is_some() {
            return Err(SignInError::ProviderRefused("denied"));
        }
        if answer.iss.as_deref().is_some_and(|iss| iss != self.issuer.as_str()) {
            return Err(SignInError::ProviderRefused("issuer"));
        }
        let code = answer.code.clone().filter(|code| code.len() <= PARAMETER_LENGTH_MAX);
        let code = AuthorizationCode::new(code.ok_or(SignInError::ProviderRefused("code"))?);
        let client = self.client(&*self.metadata(BELIEF_TIME).await?);
        let exchange = client.exchange_code(code).map_err(ours)?;
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(trip.verifier.clone()));
        let tokens = exchange.request_async(&self.wire).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => SignInError::ProviderRefused("code"),
            RequestTokenError::Request(error) => ours(error),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInError::ProviderRefused("token"),
        })?;
        let token = tokens.id_token().ok_or(SignInError::ProviderRefused("token"))?;
        let nonce = Nonce::new(trip.nonce.clone());
        let (client, claims) = self.verified(token, &nonce, people.now()).await?;
        let verifier = client.id_token_verifier();
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token
                .signing_alg()
                .map_err(|_| SignInError::ProviderRefused("signature"))?;
            let key = token
                .signing_key(&verifier)
                .map_err(|_| SignInError::ProviderRefused("signature"))?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
            if actual.ok().as_ref() != Some(expected) {
                return Err(SignInError::ProviderRefused("token"));
            }
        }
        let mut told = Told::by_token(&claims, &self.groups_claim);
        if told.is_short()
            && let Ok(request) = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        {
            let info: Result<UserInfo, _> = request.request_async(&self.wire).await;
            told = told.completed_by(&info.map_err(ours)?, &self.groups_claim);
        }
        let identity = Identity {
            issuer: claims.issuer().as_str().to_owned(),
            subject: claims.subject().as_str().to_owned(),
        };
        Ok((identity, told))
    }
}
