//! Reading a body: how large, how long, of which type.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::fields::{Fields, Null};
use crate::problem::{Code, Problem};

/// Most bytes of a body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long the whole body may take to arrive.
const BODY_READ_TIME: Duration = Duration::from_secs(10);

/// Reads a body within the limits.
pub async fn read(body: Body) -> Result<Bytes, Problem> {
    let read = Limited::new(body, BODY_BYTES_MAX).collect();
    match tokio::time::timeout(BODY_READ_TIME, read).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Code::BodyTooLarge.into()),
        Ok(Err(_broken_off)) => Err(Code::MalformedRequest.into()),
        Err(_elapsed) => Err(Code::RequestTimeout.into()),
    }
}

/// A body that should be JSON, read within the limits.
pub struct JsonBody {
    /// The bytes as they came.
    pub bytes: Bytes,
    is_json: bool,
}

impl JsonBody {
    /// The fields of the body, which must be there.
    pub fn fields(&self, null: Null) -> Result<Fields, Problem> {
        if self.is_json {
            Fields::read(&self.bytes, null)
        } else {
            Err(Code::UnsupportedMediaType.into())
        }
    }

    /// The fields of the body; none if it is empty.
    pub fn fields_if_any(&self, null: Null) -> Result<Option<Fields>, Problem> {
        if self.bytes.is_empty() {
            Ok(None)
        } else {
            self.fields(null).map(Some)
        }
    }
}

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let bytes = read(request.into_body()).await?;
        Ok(Self { bytes, is_json })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    ["application/json", "application/merge-patch+json"]
        .iter()
        .any(|json| essence.eq_ignore_ascii_case(json))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::http::HeaderValue;
    use futures::stream;

    use super::*;

    #[tokio::test]
    async fn one_byte_too_many_is_too_many() {
        assert_eq!(
            read(Body::from(vec![b' '; BODY_BYTES_MAX])).await.unwrap().len(),
            BODY_BYTES_MAX
        );
        let problem = read(Body::from(vec![b' '; BODY_BYTES_MAX + 1])).await.unwrap_err();
        assert_eq!(problem.code(), Code::BodyTooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let silent = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        assert_eq!(read(silent).await.unwrap_err().code(), Code::RequestTimeout);
    }

    #[test]
    fn json_may_be_declared_with_parameters() {
        let declared = |text| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(text));
            is_json(&headers)
        };
        assert!(declared("application/json"));
        assert!(declared("Application/JSON; charset=utf-8"));
        assert!(!declared("text/json"));
        assert!(!declared("application/x-www-form-urlencoded"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
