//! One HTTP exchange: bytes out, a bounded body back, and the envelope around it.

use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect;
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::api_key::ApiKey;
use crate::call_error::{AnswerFault, CallError, UpstreamMessage};
use crate::client_error::ClientError;
use crate::config::ClientConfig;
use crate::scrub::Scrubber;
use crate::upstream_code::UpstreamCode;
use crate::{json, text, wire};

/// The only code that means success (official request and response page).
const SUCCESS: &str = "0000";

/// The connections that are kept open while idle.
const IDLE_CONNECTIONS: usize = 16;

pub(crate) fn build(config: &ClientConfig) -> Result<reqwest::Client, ClientError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls(config.base_url.scheme() == "https").map_err(ClientError::Tls)?)
        .user_agent(concat!("paymint-client/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.connect_timeout)
        .timeout(config.total_timeout)
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .build()
        .map_err(ClientError::Build)
}

/// The provider is named here, so that the process needs no global one.
fn tls(needed: bool) -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = if needed {
        builder.with_platform_verifier()?
    } else {
        // A plain http base never leads to TLS, as redirects are not followed: root certificates need not exist.
        builder.with_root_certificates(rustls::RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

/// A whole answer, not yet understood.
pub(crate) struct Answer {
    http_status: u16,
    content_type: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn fetch(
        http: &reqwest::Client,
        address: &Url,
        body: &impl Serialize,
        max_bytes: usize,
    ) -> Result<Self, CallError> {
        let sent = http.post(address.clone()).json(body).send().await;
        let mut response = sent.map_err(CallError::from_transport)?;
        let mut answer = Self {
            http_status: response.status().as_u16(),
            content_type: content_type(response.headers()),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(CallError::from_transport)? {
            if answer.body.len() + chunk.len() > max_bytes {
                return Err(answer.fault(AnswerFault::TooLong));
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    pub(crate) fn http_status(&self) -> u16 {
        self.http_status
    }

    /// Opens the envelope. The HTTP status and the content type do not decide: upstream says no with HTTP 200, and
    /// declares any type.
    pub(crate) fn read<T>(
        &self,
        key: &ApiKey,
        read: impl FnOnce(&Value) -> Result<T, AnswerFault>,
    ) -> Result<T, CallError> {
        let parsed = wire::parse(&text::decode(&self.body).text).ok_or_else(|| self.fault(AnswerFault::NotJson))?;
        let envelope = Value::from(parsed.wire);
        let code = envelope
            .get("code")
            .and_then(json::scalar)
            .filter(|code| !code.is_empty());
        let code = code.ok_or_else(|| self.fault(AnswerFault::NoCode))?;
        if code != SUCCESS {
            return Err(CallError::Refused {
                code: UpstreamCode::parse(&Scrubber::knowing(Some(key)).text(&code)),
                message: message(&envelope, key),
            });
        }
        read(envelope.get("data").unwrap_or(&Value::Null)).map_err(|fault| self.fault(fault))
    }

    fn fault(&self, fault: AnswerFault) -> CallError {
        CallError::unintelligible(fault, self.http_status, &self.content_type, self.body.len())
    }
}

fn content_type(headers: &HeaderMap) -> String {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// The official pages name the field both ways.
fn message(envelope: &Value, key: &ApiKey) -> Option<UpstreamMessage> {
    let text = ["message", "msg"]
        .into_iter()
        .find_map(|name| envelope.get(name).and_then(Value::as_str))?;
    Some(UpstreamMessage::new(text, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call_error::Outcome;

    fn read(http_status: u16, body: &str) -> Result<Value, CallError> {
        let answer = Answer {
            http_status,
            content_type: "text/plain".to_owned(),
            body: body.as_bytes().to_vec(),
        };
        answer.read(&ApiKey::parse("the-key").unwrap(), |data| Ok(data.clone()))
    }

    #[test]
    fn only_four_zeros_are_success() {
        assert_eq!(
            read(200, r#"{"code":"0000","message":"ok","data":{"a":1}}"#).unwrap()["a"],
            1
        );
        assert_eq!(read(200, r#"{"code":"0000"}"#).unwrap(), Value::Null);
        for body in [
            r#"{"code":"0"}"#,
            r#"{"code":0}"#,
            r#"{"code":"00000"}"#,
            r#"{"code":" 0000"}"#,
        ] {
            assert_eq!(read(200, body).unwrap_err().outcome(), Outcome::Refused, "{body}");
        }
    }

    #[test]
    fn a_refusal_keeps_code_and_message_under_either_name() {
        for body in [
            r#"{"code":"PARTNER_001","message":"안 됨","data":null}"#,
            r#"{"code":"PARTNER_001","msg":"안 됨","extra":[1]}"#,
        ] {
            let error = read(200, body).unwrap_err();
            assert_eq!(error.code(), Some("PARTNER_001"));
            assert_eq!(error.message(), Some("안 됨"));
            assert_eq!(error.outcome(), Outcome::Refused);
        }
        assert_eq!(
            read(400, r#"{"code":"VALIDATION_001"}"#).unwrap_err().code(),
            Some("VALIDATION_001")
        );
    }

    #[test]
    fn what_is_no_envelope_leaves_the_outcome_unknown_and_is_not_repeated() {
        let deep = "[".repeat(5000);
        let table = [
            ("<html>secret-body</html>", AnswerFault::NotJson),
            ("", AnswerFault::NotJson),
            (&deep, AnswerFault::NotJson),
            (r#"{"message":"secret-body"}"#, AnswerFault::NoCode),
            (r#"{"code":null}"#, AnswerFault::NoCode),
            (r#"{"code":""}"#, AnswerFault::NoCode),
            ("[]", AnswerFault::NoCode),
            ("null", AnswerFault::NoCode),
        ];
        for (body, expected) in table {
            let error = read(502, body).unwrap_err();
            assert!(
                matches!(error, CallError::Unintelligible { fault, .. } if fault == expected),
                "{error}"
            );
            assert_eq!(error.outcome(), Outcome::Unknown);
            assert!(!format!("{error} {error:?}").contains("secret-body"));
        }
    }

    #[test]
    fn an_answer_is_read_in_any_encoding_and_its_code_holds_no_key() {
        let answer = Answer {
            http_status: 200,
            content_type: "text/plain".to_owned(),
            // 성공 in CP949.
            body: b"{\"code\":\"0000\",\"data\":{\"a\":\"\xbc\xba\xb0\xf8\"}}\0".to_vec(),
        };
        let key = ApiKey::parse("the-key").unwrap();
        assert_eq!(answer.read(&key, |data| Ok(data.clone())).unwrap()["a"], "성공");
        assert_eq!(read(200, r#"{"code":"0000","data":"\ud800"}"#).unwrap(), "\u{fffd}");
        let refused = read(200, r#"{"code":"NO the-key","msg":"apiKey=other"}"#).unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Some("NO ***"), Some("apiKey=***"))
        );
    }

    #[test]
    fn a_client_for_either_scheme_can_be_built_without_a_global_provider() {
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
        for base in ["http://127.0.0.1:1/partner", "https://up.example/partner"] {
            build(&ClientConfig::new(Url::parse(base).unwrap())).unwrap();
        }
    }
}
