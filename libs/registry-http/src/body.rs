//! Bodies of the API: how large, of which type, and what is answered to one that could not be read.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use registry_imports::FILE_BYTES_MAX;
use registry_web::RequestContext;
use registry_web::body::{self, BodyError};
use registry_web::room::{Holder, Place};

use crate::fields::{Fields, Null};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// Most bytes of a body of the API.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// After how many seconds a client should come back for whose body there was no room.
const NO_ROOM_SECONDS: u32 = 1;

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Code::BodyTooLarge.into(),
            BodyError::TooSlow => Code::RequestTimeout.into(),
            BodyError::BrokenOff => Code::MalformedRequest.into(),
            BodyError::NoRoom => Self::from(Code::Overloaded).retry_after(NO_ROOM_SECONDS),
        }
    }
}

/// The media type of a JSON Merge Patch (RFC 7396).
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// What a body is by its `Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Declared {
    Json,
    MergePatch,
    Otherwise,
}

/// A body that should be JSON, read within the limits.
pub struct JsonBody {
    /// The bytes as they came.
    pub bytes: Vec<u8>,
    declared: Declared,
    /// The body takes memory for as long as somebody has it.
    _place: Place,
}

impl JsonBody {
    /// The fields of the body, which must be there.
    pub fn fields(&self, null: Null) -> Result<Fields, Problem> {
        match self.declared {
            Declared::Json | Declared::MergePatch => Fields::read(&self.bytes, null),
            Declared::Otherwise => Err(Code::UnsupportedMediaType.into()),
        }
    }

    /// Whether objects within the body are to be merged into what there is, instead of taking its place (RFC 7396).
    pub fn is_merge_patch(&self) -> bool {
        self.declared == Declared::MergePatch
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

impl FromRequest<Arc<AppState>> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self, Problem> {
        let declared = declared(request.headers());
        let (bytes, place) = read(request, state, BODY_BYTES_MAX).await?;
        Ok(Self {
            bytes,
            declared,
            _place: place,
        })
    }
}

/// A file as a body, read within the limits.
pub struct FileBody {
    bytes: Vec<u8>,
    is_declared: bool,
    place: Place,
}

/// What files are declared to be. What one really is, its bytes tell.
const FILES: [&str; 4] = [
    "text/csv",
    "text/plain",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
];

impl FileBody {
    /// The bytes as they came, and the memory that they take for as long as somebody has them.
    pub fn into_parts(self) -> Result<(Vec<u8>, Place), Problem> {
        if self.is_declared {
            Ok((self.bytes, self.place))
        } else {
            Err(Code::UnsupportedMediaType.into())
        }
    }
}

impl FromRequest<Arc<AppState>> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self, Problem> {
        let essence = essence(request.headers());
        let is_declared = FILES.iter().any(|name| essence.eq_ignore_ascii_case(name));
        let (bytes, place) = read(request, state, FILE_BYTES_MAX).await?;
        Ok(Self {
            bytes,
            is_declared,
            place,
        })
    }
}

async fn read(request: Request, state: &AppState, bytes_max: usize) -> Result<(Vec<u8>, Place), Problem> {
    if encodings(request.headers()).next().is_some() {
        return Err(Code::ContentEncodingUnsupported.into());
    }
    let context = request.extensions().get::<RequestContext>();
    let mut place = state
        .bodies
        .enter(context.map_or(Holder::Unknown, RequestContext::holder));
    let bytes = body::read(request.into_body(), bytes_max, &mut place).await?;
    Ok((bytes, place))
}

/// How a body was packed, in the order in which it was done, in small letters.
pub fn encodings(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let values = headers.get_all(CONTENT_ENCODING).into_iter();
    let words = values.flat_map(|value| value.to_str().unwrap_or("unreadable").split(','));
    let words = words.map(|word| word.trim().to_ascii_lowercase());
    words.filter(|word| !word.is_empty() && word != "identity")
}

fn essence(headers: &HeaderMap) -> &str {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim()
}

fn declared(headers: &HeaderMap) -> Declared {
    let essence = essence(headers);
    let kinds = [
        ("application/json", Declared::Json),
        (MERGE_PATCH, Declared::MergePatch),
    ];
    let kind = kinds.into_iter().find(|(name, _)| essence.eq_ignore_ascii_case(name));
    kind.map_or(Declared::Otherwise, |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_body_is_packed_as_it_says() {
        let packed = |texts: &[&'static str]| {
            let values = texts
                .iter()
                .map(|text| (CONTENT_ENCODING, HeaderValue::from_static(text)));
            encodings(&values.collect()).collect::<Vec<_>>()
        };
        assert_eq!(packed(&["identity", "Gzip , br", ""]), ["gzip", "br"]);
        assert!(packed(&[]).is_empty());
    }

    #[test]
    fn json_may_be_declared_with_parameters() {
        let said = |text| declared(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))]));
        for (text, kind) in [
            ("application/json", Declared::Json),
            ("Application/JSON; charset=utf-8", Declared::Json),
            ("application/Merge-Patch+json;x=y", Declared::MergePatch),
            ("text/json", Declared::Otherwise),
            ("application/x-www-form-urlencoded", Declared::Otherwise),
        ] {
            assert_eq!(said(text), kind, "{text}");
        }
        assert_eq!(declared(&HeaderMap::new()), Declared::Otherwise);
    }
}
