//! What the provider says when somebody signs out there: a logout token of `OpenID` Connect Back-Channel Logout 1.0. It names
//! the person, a session, or both, and so it is no ID token, which always names the person.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeyUse, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JwsSigningAlgorithm};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::claims::sid;
use super::{BELIEF_TIME, KEYS_AGAIN_AFTER, Provider};
use crate::error::SignInError;

/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 16 * 1_024;

/// Longest name that a provider may have for a person: the standard's own limit.
const SUBJECT_LENGTH_MAX: usize = 255;

/// The event that makes a token say that somebody signed out.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Who signed out, and of what.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LoggedOut {
    /// A person, of one session of the provider or of all.
    Person { subject: String, sid: Option<String> },
    /// Whoever came with this session of the provider.
    Session(String),
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
    #[serde(default)]
    events: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// A token, taken apart and not believed yet.
struct Shown<'t> {
    header: Header,
    signed: &'t str,
    signature: Vec<u8>,
}

/// What a signature is worth.
enum Signature {
    Holds,
    /// Made with a key that nobody knows, which may be a new one.
    OfNobody,
    Wrong,
}

impl Provider {
    /// Who signed out, if all of what the token says holds.
    pub(super) async fn logged_out(&self, token: &str, now: DateTime<Utc>) -> Result<LoggedOut, SignInError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(SignInError::ProviderRefused("token"));
        }
        let (shown, claims) = Shown::read(token).ok_or(SignInError::ProviderRefused("token"))?;
        let mut signature = shown.signature_by(self.metadata(BELIEF_TIME).await?.jwks().keys());
        if matches!(signature, Signature::OfNobody) {
            signature = shown.signature_by(self.metadata(KEYS_AGAIN_AFTER).await?.jwks().keys());
        }
        match signature {
            Signature::Holds => claims
                .judged(self.issuer.as_str(), self.client_id.as_str(), now)
                .map_err(SignInError::ProviderRefused),
            Signature::OfNobody | Signature::Wrong => Err(SignInError::ProviderRefused("signature")),
        }
    }
}

impl<'t> Shown<'t> {
    fn read(token: &'t str) -> Option<(Self, Claims)> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let shown = Self {
            header: part(header)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        };
        Some((shown, part(claims)?))
    }

    /// A key that everybody may know proves what only its owner could sign: never one that both share, and never none.
    fn signature_by(&self, keys: &[CoreJsonWebKey]) -> Signature {
        let Header { alg, kid, crit } = &self.header;
        if *alg == CoreJwsSigningAlgorithm::None || alg.uses_shared_secret() || crit.is_some() {
            return Signature::Wrong;
        }
        let mut fitting = keys.iter().filter(|key| {
            let is_named = match (kid, key.key_id()) {
                (Some(kid), Some(id)) => id.as_str() == kid,
                (None, _) | (_, None) => true,
            };
            is_named && key.key_use() != Some(&CoreJsonWebKeyUse::Encryption)
        });
        let is_right = |key: &CoreJsonWebKey| {
            let verified = key.verify_signature(alg, self.signed.as_bytes(), &self.signature);
            verified.is_ok()
        };
        match fitting.next() {
            None => Signature::OfNobody,
            Some(first) if is_right(first) || fitting.any(is_right) => Signature::Holds,
            Some(_) => Signature::Wrong,
        }
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

impl Claims {
    /// What the claims of a token come to whose signature holds, or what is wrong with them.
    fn judged(self, issuer: &str, client: &str, now: DateTime<Utc>) -> Result<LoggedOut, &'static str> {
        let is_for_us = match &self.aud {
            Audience::One(one) => one == client,
            Audience::Many(many) => many.iter().any(|one| one == client),
        };
        let says_so = self.events.get(LOGOUT_EVENT).is_some_and(Value::is_object);
        if self.iss != issuer {
            return Err("issuer");
        }
        if !is_for_us {
            return Err("audience");
        }
        if self.exp <= now.timestamp() {
            return Err("expired");
        }
        // An ID token may have one, and must not be taken for this.
        if self.nonce.is_some() {
            return Err("nonce");
        }
        if !says_so {
            return Err("event");
        }
        let subject = self
            .sub
            .filter(|subject| !subject.is_empty() && subject.len() <= SUBJECT_LENGTH_MAX);
        match (subject, self.sid.as_deref().and_then(sid)) {
            (Some(subject), sid) => Ok(LoggedOut::Person { subject, sid }),
            (None, Some(sid)) => Ok(LoggedOut::Session(sid)),
            (None, None) => Err("event"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(change: &Value) -> Result<LoggedOut, &'static str> {
        let mut claims = json!({
            "iss": "https://idp.example",
            "aud": "registry",
            "iat": 900,
            "exp": 1_001,
            "jti": "1",
            "events": { LOGOUT_EVENT: {} },
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims: Claims = serde_json::from_value(claims).unwrap();
        claims.judged(
            "https://idp.example",
            "registry",
            DateTime::from_timestamp(1_000, 0).unwrap(),
        )
    }

    #[test]
    fn a_person_a_session_or_both_are_named() {
        let (subject, sid) = ("kim".to_owned(), "s-1".to_owned());
        for (change, expected) in [
            (
                json!({ "sub": "kim" }),
                LoggedOut::Person {
                    subject: subject.clone(),
                    sid: None,
                },
            ),
            (json!({ "sid": "s-1" }), LoggedOut::Session(sid.clone())),
            (
                json!({ "sub": "kim", "sid": "s-1", "aud": ["other", "registry"] }),
                LoggedOut::Person {
                    subject,
                    sid: Some(sid),
                },
            ),
        ] {
            assert_eq!(judged(&change), Ok(expected));
        }
    }

    #[test]
    fn what_does_not_hold_in_all_its_parts_is_refused() {
        for (change, flaw) in [
            (json!({}), "event"),
            (json!({ "sub": "", "sid": "" }), "event"),
            (json!({ "sub": "kim", "events": {} }), "event"),
            (json!({ "sub": "kim", "events": { LOGOUT_EVENT: true } }), "event"),
            (json!({ "sub": "kim", "nonce": "n" }), "nonce"),
            (json!({ "sub": "kim", "exp": 1_000 }), "expired"),
            (json!({ "sub": "kim", "aud": "other" }), "audience"),
            (json!({ "sub": "kim", "aud": [] }), "audience"),
            (json!({ "sub": "kim", "iss": "https://idp.example/" }), "issuer"),
        ] {
            assert_eq!(judged(&change), Err(flaw), "{change}");
        }
    }

    #[test]
    fn nothing_is_proved_by_a_shared_key_or_by_none() {
        let shared = CoreJsonWebKey::new_symmetric(b"a secret of both".to_vec());
        for alg in ["none", "HS256"] {
            let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg }).to_string());
            let claims = URL_SAFE_NO_PAD.encode(json!({ "iss": "i", "aud": "a", "exp": 1, "sub": "kim" }).to_string());
            let token = format!("{header}.{claims}.");
            let (shown, _) = Shown::read(&token).unwrap();
            assert!(matches!(
                shown.signature_by(std::slice::from_ref(&shared)),
                Signature::Wrong
            ));
        }
        for bad in ["", "x", "x.y.z", "..", "e30.e30.e30"] {
            assert!(Shown::read(bad).is_none(), "{bad}");
        }
    }
}
