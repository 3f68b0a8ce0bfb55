//! Reading a body: how large, how long, and in whose share of the memory.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;

use crate::room::Place;

/// How long the whole body may take to arrive.
const BODY_READ_TIME: Duration = Duration::from_secs(10);

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more bytes than it may have.
    #[error("the body is too large")]
    TooLarge,
    /// It did not come to its end in time.
    #[error("the body took too long")]
    TooSlow,
    /// It ended before its end.
    #[error("the body broke off")]
    BrokenOff,
    /// There is no room for it now.
    #[error("there is no room for the body")]
    NoRoom,
}

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
pub async fn read(body: Body, bytes_max: usize, place: &mut Place) -> Result<Vec<u8>, BodyError> {
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
        return Err(BodyError::TooLarge);
    }
    Ok(whole.bytes)
}

/// Reads a body to its end, or to where no more of it is wanted, in the time that it may take.
pub async fn keep(body: Body, kept: &mut impl Keep, place: &mut Place) -> Result<(), BodyError> {
    let read = collect(body, kept, place);
    let read = tokio::time::timeout(BODY_READ_TIME, read).await;
    read.unwrap_or(Err(BodyError::TooSlow))
}

async fn collect(mut body: Body, kept: &mut impl Keep, place: &mut Place) -> Result<(), BodyError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::BrokenOff)?;
        let Ok(data) = frame.into_data() else { continue };
        if push(kept, &data, place)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Takes the next part of a body, which is accounted for.
fn push(kept: &mut impl Keep, part: &[u8], place: &mut Place) -> Result<ControlFlow<()>, BodyError> {
    let before = kept.length();
    let goes_on = kept.push(part);
    account(kept.length().saturating_sub(before), place)?;
    Ok(goes_on)
}

/// Takes so many bytes of the room for bodies.
pub fn account(bytes: usize, place: &mut Place) -> Result<(), BodyError> {
    place.grow(bytes).map_err(|_| BodyError::NoRoom)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use futures::stream;

    use super::*;
    use crate::room::{Holder, Room};

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
            let error = read(larger, 1_000, &mut place()).await.unwrap_err();
            assert_eq!(error, BodyError::TooLarge);
        }
    }

    #[tokio::test]
    async fn a_body_for_which_there_is_no_room_is_sent_away_for_now() {
        let room = Room::new(1_000);
        let read = read(streamed(11, 90), 1_000, &mut room.enter(Holder::Unknown)).await;
        assert_eq!(read, Err(BodyError::NoRoom));
        assert_eq!(room.taken(), 0, "what had come is given back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let silent = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let read = read(silent, 1_000, &mut place()).await;
        assert_eq!(read, Err(BodyError::TooSlow));
    }
}
