//! Reading a body: how large, how long, of which type, and in whose share of the memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
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

/// A body of which at most so much was read.
#[derive(Debug)]
pub struct Beginning {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether there is more.
    pub is_cut: bool,
}

/// Reads a body of at most so many bytes.
pub async fn read(body: Body, bytes_max: usize, place: &mut Place) -> Result<Vec<u8>, Problem> {
    let Beginning { bytes, is_cut } = read_beginning(body, bytes_max, place).await?;
    if is_cut {
        return Err(Code::BodyTooLarge.into());
    }
    Ok(bytes)
}

/// Reads a body to its end, or at least so many bytes of one that is larger.
pub async fn read_beginning(body: Body, bytes_max: usize, place: &mut Place) -> Result<Beginning, Problem> {
    let read = collect(body, bytes_max, place);
    let read = tokio::time::timeout(BODY_READ_TIME, read).await;
    read.unwrap_or_else(|_elapsed| Err(Code::RequestTimeout.into()))
}

/// Every byte is accounted for before it is kept.
async fn collect(mut body: Body, bytes_max: usize, place: &mut Place) -> Result<Beginning, Problem> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    // Memory is taken for what has come, not for what was announced.
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_broken_off| Problem::from(Code::MalformedRequest))?;
        let Ok(data) = frame.into_data() else { continue };
        let kept = &data[..data.len().min(bytes_max - bytes.len())];
        let no_room = |_| Problem::from(Code::Overloaded).retry_after(NO_ROOM_SECONDS);
        place.grow(kept.len()).map_err(no_room)?;
        bytes.extend_from_slice(kept);
        if kept.len() < data.len() || bytes.len() == bytes_max && announced > bytes_max {
            return Ok(Beginning { bytes, is_cut: true });
        }
    }
    Ok(Beginning { bytes, is_cut: false })
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
    async fn of_a_body_that_is_too_large_the_beginning_is_read() {
        for larger in [Body::from(vec![b' '; 1_001]), streamed(11, 91), streamed(11, 100)] {
            let Beginning { bytes, is_cut } = read_beginning(larger, 1_000, &mut place()).await.unwrap();
            assert_eq!((bytes.len(), is_cut), (1_000, true));
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
