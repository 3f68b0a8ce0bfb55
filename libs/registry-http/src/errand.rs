//! What a request says of itself beside who calls: on whose behalf, from where, and what it wants.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::MatchedPath;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use registry_domain::tenant::Scope;
use registry_domain::{Actor, CorrelationId, OnBehalfOf, TenantId};
use registry_journal::Origin;
use registry_web::RequestContext;

use crate::problem::{Fault, FieldFault, Place, Problem};
use crate::refusals::Refusals;

/// The header in which a client says on whose behalf it calls.
pub const ON_BEHALF_OF: &str = "Registry-On-Behalf-Of";

/// What a request says of itself. That of a request that lasts and is looked at again says nothing.
#[derive(Debug, Clone, Default)]
pub struct Errand {
    on_behalf_of: Option<OnBehalfOf>,
    asked: Option<Arc<Asked>>,
}

#[derive(Debug)]
struct Asked {
    method: Method,
    route: Option<MatchedPath>,
    correlation_id: CorrelationId,
    address: Option<IpAddr>,
    refusals: Arc<Refusals>,
}

impl Errand {
    /// Reads it.
    pub fn read(parts: &Parts, refusals: &Arc<Refusals>) -> Result<Self, Problem> {
        let asked = parts.extensions.get::<RequestContext>().map(|context| {
            Arc::new(Asked {
                method: parts.method.clone(),
                route: parts.extensions.get::<MatchedPath>().cloned(),
                correlation_id: context.correlation_id,
                address: context.sender,
                refusals: Arc::clone(refusals),
            })
        });
        Ok(Self {
            on_behalf_of: read_on_behalf_of(&parts.headers)?,
            asked,
        })
    }

    /// On whose behalf it is.
    pub fn on_behalf_of(&self) -> Option<&OnBehalfOf> {
        self.on_behalf_of.as_ref()
    }

    /// Who asks, and in which request.
    pub fn origin(&self, actor: Actor, context: &RequestContext) -> Origin {
        Origin {
            actor,
            correlation_id: context.correlation_id,
            on_behalf_of: self.on_behalf_of.clone(),
            address: context.sender,
        }
    }

    /// Has it written down that the request was refused for want of a scope.
    pub fn note_refusal(&self, tenant: TenantId, actor: Actor, scope: Scope) {
        let Some(asked) = &self.asked else { return };
        let route = asked.route.as_ref().map_or("", MatchedPath::as_str);
        let origin = Origin {
            actor,
            correlation_id: asked.correlation_id,
            on_behalf_of: self.on_behalf_of.clone(),
            address: asked.address,
        };
        asked
            .refusals
            .note(tenant, origin, format!("{} {route}", asked.method), scope);
    }
}

fn read_on_behalf_of(headers: &HeaderMap) -> Result<Option<OnBehalfOf>, Problem> {
    let mut values = headers.get_all(ON_BEHALF_OF).into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let name = if values.next().is_some() {
        Err(Fault::Repeated)
    } else {
        value
            .to_str()
            .map_err(|_| Fault::NotPercentEncoded)
            .and_then(decode)
            .and_then(|text| OnBehalfOf::parse(&text).map_err(Fault::from))
    };
    name.map(Some).map_err(|fault| {
        Problem::validation(vec![FieldFault {
            place: Place::Header(ON_BEHALF_OF),
            fault,
        }])
    })
}

/// A percent sign that begins nothing would stay as it is, and two clients would mean different things by it.
fn decode(text: &str) -> Result<String, Fault> {
    let mut rest = text.split('%').skip(1);
    let is_escape = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !rest.all(is_escape) {
        return Err(Fault::NotPercentEncoded);
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Fault::NotPercentEncoded)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use registry_web::Language;

    use super::*;

    fn read(values: &[&'static [u8]]) -> Result<Option<String>, (Option<&'static str>, &'static str)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ON_BEHALF_OF, HeaderValue::from_bytes(value).unwrap());
        }
        let name = read_on_behalf_of(&headers).map_err(|problem| {
            let document = problem.document(Language::English, String::new(), None);
            (document.errors[0].header, document.errors[0].code)
        })?;
        Ok(name.map(|name| name.as_str().to_owned()))
    }

    #[test]
    fn a_name_is_ascii_or_percent_encoded() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"kim@acme"]), Ok(Some("kim@acme".into())));
        assert_eq!(read(&[b"%EA%B9%80 %eb%8C%80%EB%A6%AC"]), Ok(Some("김 대리".into())));
        assert_eq!(read(&[b"100%25"]), Ok(Some("100%".into())));
    }

    #[test]
    fn what_is_no_name_is_refused_by_the_header_s_name() {
        let long: &'static [u8] = &[b'a'; 101];
        for (values, code) in [
            (&[b"".as_slice()][..], "blank"),
            (&[b"%20"], "blank"),
            (&[b"a%0Ab"], "bad_character"),
            (&[b"a%E2%80%AEb"], "invisible_character"),
            (&[b"100%"], "not_percent_encoded"),
            (&[b"%zz"], "not_percent_encoded"),
            (&[b"%FF"], "not_percent_encoded"),
            (&["김".as_bytes()], "not_percent_encoded"),
            (&[long], "too_long"),
            (&[b"a", b"b"], "repeated"),
        ] {
            assert_eq!(read(values), Err((Some(ON_BEHALF_OF), code)), "{values:?}");
        }
        assert!(read(&[&[b'a'; 100]]).is_ok());
    }
}
