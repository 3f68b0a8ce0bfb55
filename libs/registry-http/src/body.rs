//! Reading a body: how large, how long, of which type, and in whose share of the memory.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt;
use registry_web::RequestContext;
use registry_web::room::{Holder, Place};

use crate::fields::{Fields, Null};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// Most bytes of a body of the API.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long the whole body may take to arrive.
const BODY_READ_TIME: Duration = Duration::from_secs(10);

/// After how many seconds a client should come back for whose body there was no room.
const NO_ROOM_SECONDS: u32 = 1;

/// What is kept of a body while it comes.
pub trait Keep {
    /// Takes the next part. `Break` if no more of the body is wanted.
    fn push(&mut self, part: &[u8]) -> ControlFlow<()>;

    /// How many bytes are kept.
    fn length(&self) -> usize;
}

/// A body that is kept whole or not at all.
struct Whole {
    bytes: Vec<u8>,
    bytes_max: usize,
    is_cut: bool,
}

impl Keep for Whole {
    fn push(&mut self, part: &[u8]) -> ControlFlow<()> {
        self.is_cut = part.len() > self.bytes_max - self.bytes.len();
        if self.is_cut {
            return ControlFlow::Break(());
        }
        self.bytes.extend_from_slice(part);
        ControlFlow::Continue(())
    }

    fn length(&self) -> usize {
        self.bytes.len()
    }
}

/// Reads a body of at most so many bytes.
pub async fn read(body: Body, bytes_max: usize, place: &mut Place) -> Result<Vec<u8>, Problem> {
    // Memory is taken for what has come, not for what was announced.
    let mut whole = Whole {
        bytes: Vec::new(),
        bytes_max,
        is_cut: body.size_hint().lower() > bytes_max as u64,
    };
    if !whole.is_cut {
        keep(body, &mut whole, place).await?;
    }
    if whole.is_cut {
        return Err(Code::BodyTooLarge.into());
    }
    Ok(whole.bytes)
}

/// Reads a body to its end, or to where no more of it is wanted, in the time that it may take.
pub async fn keep(body: Body, kept: &mut impl Keep, place: &mut Place) -> Result<(), Problem> {
    let read = collect(body, kept, place);
    let read = tokio::time::timeout(BODY_READ_TIME, read).await;
    read.unwrap_or_else(|_elapsed| Err(Code::RequestTimeout.into()))
}

async fn collect(mut body: Body, kept: &mut impl Keep, place: &mut Place) -> Result<(), Problem> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_broken_off| Problem::from(Code::MalformedRequest))?;
        let Ok(data) = frame.into_data() else { continue };
        if push(kept, &data, place)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Takes the next part of a body, which is accounted for.
fn push(kept: &mut impl Keep, part: &[u8], place: &mut Place) -> Result<ControlFlow<()>, Problem> {
    let before = kept.length();
    let goes_on = kept.push(part);
    account(kept.length().saturating_sub(before), place)?;
    Ok(goes_on)
}

/// Takes so many bytes of the room for bodies.
pub fn account(bytes: usize, place: &mut Place) -> Result<(), Problem> {
    let no_room = |_| Problem::from(Code::Overloaded).retry_after(NO_ROOM_SECONDS);
    place.grow(bytes).map_err(no_room)
}

/// A body that should be JSON, read within the limits.
pub struct JsonBody {
    /// The bytes as they came.
    pub bytes: Vec<u8>,
    is_json: bool,
    /// The body takes memory for as long as somebody has it.
    _place: Place,
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

impl FromRequest<Arc<AppState>> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self, Problem> {
        if encodings(request.headers()).next().is_some() {
            return Err(Code::ContentEncodingUnsupported.into());
        }
        let is_json = is_json(request.headers());
        let context = request.extensions().get::<RequestContext>();
        let sender = context.and_then(|context| context.sender);
        let mut place = state.bodies.enter(sender.map_or(Holder::Unknown, Holder::Address));
        let bytes = read(request.into_body(), BODY_BYTES_MAX, &mut place).await?;
        Ok(Self {
            bytes,
            is_json,
            _place: place,
        })
    }
}

/// How a body was packed, in the order in which it was done, in small letters.
pub fn encodings(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let values = headers.get_all(CONTENT_ENCODING).into_iter();
    let words = values.flat_map(|value| value.to_str().unwrap_or("unreadable").split(','));
    let words = words.map(|word| word.trim().to_ascii_lowercase());
    words.filter(|word| !word.is_empty() && word != "identity")
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
    use bytes::Bytes;
    use futures::stream;

    use super::*;
    use registry_web::room::Room;

    fn place() -> Place {
        Room::new(1024 * 1024).enter(Holder::Unknown)
    }

    /// A body whose length nobody announced.
    fn streamed(chunks: usize, length: usize) -> Body {
        let chunk = move |_| Ok::<_, Infallible>(Bytes::from(vec![b' '; length]));
        Body::from_stream(stream::iter((0..chunks).map(chunk)))
    }

    #[tokio::test]
    async fn one_byte_too_many_is_too_many() {
        for whole in [Body::from(vec![b' '; 1_000]), streamed(10, 100)] {
            assert_eq!(read(whole, 1_000, &mut place()).await.unwrap().len(), 1_000);
        }
        for larger in [Body::from(vec![b' '; 1_001]), streamed(11, 91)] {
            let problem = read(larger, 1_000, &mut place()).await.unwrap_err();
            assert_eq!(problem.code(), Code::BodyTooLarge);
        }
    }

    #[tokio::test]
    async fn a_body_for_which_there_is_no_room_is_sent_away_for_now() {
        let room = Room::new(1_000);
        let problem = read(streamed(11, 90), 1_000, &mut room.enter(Holder::Unknown)).await;
        assert_eq!(problem.unwrap_err().code(), Code::Overloaded);
        assert_eq!(room.taken(), 0, "what had come is given back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let silent = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let problem = read(silent, 1_000, &mut place()).await.unwrap_err();
        assert_eq!(problem.code(), Code::RequestTimeout);
    }

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
