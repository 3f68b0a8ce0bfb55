//! The OpenID provider: authorization code with PKCE, nonce and state; what its token says is believed only once everything
//! about it was checked.

mod claims;
mod logout;
mod round_trip;
mod sign_in;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use openidconnect::{
    ClaimsVerificationError, ClientId, ClientSecret, IssuerUrl, LogoutRequest, Nonce, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, SignatureVerificationError,
};
use registry_domain::PersonId;
use registry_domain::people::SignInMethod;
use registry_journal::port::{Identity, Session};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::config::OidcConfig;
use crate::error::SignInError;
use crate::facts::Ending;
use crate::links::HOME;
use crate::people::People;
use crate::report::Refused;
use crate::sessions::Browser;
use claims::{Client, Token, TokenClaims};
use logout::LoggedOut;
use wire::Wire;

pub use sign_in::{OidcAnswer, OidcRedirect};

/// How long what the provider says of itself is believed. Keys that it changes meanwhile are asked for at once.
const BELIEF_TIME: Duration = Duration::from_mins(10);

/// How long a provider that did not answer is left alone: those who wait for it would wait one after the other.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(5);

/// How often keys are asked for again at most, whoever shows tokens with keys that nobody knows.
const KEYS_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// A provider, and what is known of it.
pub(crate) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    scopes: Vec<String>,
    groups_claim: String,
    redirect: RedirectUrl,
    signed_out: PostLogoutRedirectUrl,
    wire: Wire,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<(Arc<ProviderMetadataWithLogout>, Instant)>,
    failed: Option<Instant>,
}

fn ours(error: impl std::error::Error + Send + Sync + 'static) -> SignInError {
    SignInError::ProviderUnreachable(Box::new(error))
}

impl Provider {
    /// Nothing is asked yet.
    pub(crate) fn new(config: &OidcConfig, console: &Url) -> Result<Self, SignInError> {
        let base = console.as_str().trim_end_matches('/');
        Ok(Self {
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(ours)?,
            client_id: ClientId::new(config.client_id.clone()),
            client_secret: ClientSecret::new(config.client_secret.clone()),
            scopes: config.scopes.clone(),
            groups_claim: config.groups_claim.clone(),
            redirect: RedirectUrl::new(format!("{base}{HOME}/sign-in/callback")).map_err(ours)?,
            signed_out: PostLogoutRedirectUrl::new(format!("{base}{HOME}/signed-out")).map_err(ours)?,
            wire: Wire::new(config.issuer.starts_with("https:")).map_err(ours)?,
            known: Mutex::default(),
        })
    }

    /// What the provider says of itself. One asks at a time.
    async fn metadata(&self, at_most: Duration) -> Result<Arc<ProviderMetadataWithLogout>, SignInError> {
        let mut known = self.known.lock().await;
        let old = known.metadata.clone();
        if let Some((metadata, at)) = &old
            && at.elapsed() < at_most
        {
            return Ok(Arc::clone(metadata));
        }
        let is_left_alone = known.failed.is_some_and(|at| at.elapsed() < LEFT_ALONE_FOR);
        let error = if is_left_alone {
            SignInError::ProviderUnreachable("it did not answer a moment ago".into())
        } else {
            let found = ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.wire).await;
            match found {
                Ok(metadata) => {
                    let metadata = Arc::new(metadata);
                    *known = Known {
                        metadata: Some((Arc::clone(&metadata), Instant::now())),
                        failed: None,
                    };
                    return Ok(metadata);
                }
                Err(error) => {
                    known.failed = Some(Instant::now());
                    ours(error)
                }
            }
        };
        // What it said before is good enough as long as nothing better comes.
        old.map(|(metadata, _)| metadata).ok_or(error)
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> Client {
        let secret = Some(self.client_secret.clone());
        Client::from_provider_metadata(metadata.clone(), self.client_id.clone(), secret)
            .set_redirect_uri(self.redirect.clone())
    }

    /// The claims of a token that holds, with the client whose keys proved it. A key that is not known may be a new one.
    async fn verified(
        &self,
        token: &Token,
        nonce: &Nonce,
        now: DateTime<Utc>,
    ) -> Result<(Client, TokenClaims), SignInError> {
        let client = self.client(&*self.metadata(BELIEF_TIME).await?);
        match verify(&client, token, nonce, now) {
            Ok(claims) => Ok((client, claims)),
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let client = self.client(&*self.metadata(KEYS_AGAIN_AFTER).await?);
                match verify(&client, token, nonce, now) {
                    Ok(claims) => Ok((client, claims)),
                    Err(error) => Err(SignInError::ProviderRefused(flaw(&error))),
                }
            }
            Err(error) => Err(SignInError::ProviderRefused(flaw(&error))),
        }
    }
}

fn verify(
    client: &Client,
    token: &Token,
    nonce: &Nonce,
    now: DateTime<Utc>,
) -> Result<TokenClaims, ClaimsVerificationError> {
    let verifier = client.id_token_verifier().set_time_fn(move || now);
    token.claims(&verifier, nonce).cloned()
}

/// What is wrong with a token, without anything of what stands in it.
fn flaw(error: &ClaimsVerificationError) -> &'static str {
    if matches!(error, ClaimsVerificationError::Expired(_)) {
        "expired"
    } else if matches!(error, ClaimsVerificationError::InvalidAudience(_)) {
        "audience"
    } else if matches!(error, ClaimsVerificationError::InvalidIssuer(_)) {
        "issuer"
    } else if matches!(error, ClaimsVerificationError::InvalidNonce(_)) {
        "nonce"
    } else if matches!(error, ClaimsVerificationError::SignatureVerification(_)) {
        "signature"
    } else {
        "token"
    }
}

impl People {
    /// The provider says that somebody signed out there: what that led to here ends. Whoever signed out of everything there is
    /// out of everything here, however they came in. Returns how many sessions that were. The answer to it is 200, or 400 for a
    /// token that proves nothing.
    pub async fn oidc_logged_out(&self, logout_token: &str) -> Result<u64, SignInError> {
        let provider = self.inner.provider.as_ref().ok_or(SignInError::OidcOff)?;
        let logged_out = provider.logged_out(logout_token, self.now()).await;
        let logged_out = logged_out.map_err(|error| {
            if matches!(error, SignInError::ProviderRefused(_)) {
                self.refused(Refused::Provider, error)
            } else {
                error
            }
        })?;
        let issuer = provider.issuer.as_str().to_owned();
        match logged_out {
            LoggedOut::Person { subject, sid } => {
                let identity = Identity { issuer, subject };
                let Some(person) = self.store().person_by_identity(&identity).await? else {
                    return Ok(0);
                };
                let by = Ending::by_themselves(self.origin_of(person.id, &Browser::default()));
                match sid {
                    None => Ok(self.end_sessions(&by, person.id).await?),
                    Some(sid) => self.end_idp_session(&by, person.id, &sid).await,
                }
            }
            LoggedOut::Session(sid) => {
                let mut ended = 0;
                for person in self.store().persons_of_idp_session(&issuer, &sid).await? {
                    let by = Ending::by_themselves(self.origin_of(person.id, &Browser::default()));
                    ended += self.end_idp_session(&by, person.id, &sid).await?;
                }
                Ok(ended)
            }
        }
    }

    async fn end_idp_session(&self, by: &Ending, person: PersonId, sid: &str) -> Result<u64, SignInError> {
        let ended = self.store().end_sessions_of_idp(person, sid).await?;
        self.tell_ended(by, person, ended).await;
        Ok(ended)
    }

    /// Where a browser goes to sign out at the provider too.
    pub(crate) async fn sign_out_url(&self, session: &Session) -> Option<String> {
        let provider = self.inner.provider.as_ref()?;
        if session.method != SignInMethod::Oidc {
            return None;
        }
        let metadata = provider.metadata(BELIEF_TIME).await.ok()?;
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone()?;
        let request = LogoutRequest::from(endpoint)
            .set_client_id(provider.client_id.clone())
            .set_post_logout_redirect_uri(provider.signed_out.clone());
        Some(request.http_get_url().to_string())
    }
}
