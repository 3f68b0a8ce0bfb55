//! Reading the body of a callback: unpacked, without the picture of a signature where that is too large, and of what is larger
//! still the beginning.

use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use registry_ingest::WithoutPicture;
use ruzstd::decoding::StreamingDecoder;
use tokio::sync::Semaphore;

use crate::body::encodings;
use crate::problem::{Code, Problem};
use registry_web::body::{self, Keep};
use registry_web::room::Place;

/// Most bytes of a callback, unpacked and without the picture of a signature, which is not kept.
const CALLBACK_BYTES_MAX: usize = 1024 * 1024;

/// How much is kept of one that is larger: enough to see what it was.
const LARGER_BYTES_KEPT: usize = 16 * 1024;

/// How far one is read for what stands behind the picture.
const READ_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How often a body may be packed.
const PACKINGS_MAX: usize = 2;

/// How much is unpacked at once.
const UNPACKED_AT_ONCE: usize = 16 * 1024;

/// One at a time, beside the tasks that serve everybody: Paymint has never packed anything.
static UNPACKING: Semaphore = Semaphore::const_new(1);

/// A callback, or its beginning.
#[derive(Debug)]
pub struct ReadCallback {
    /// The bytes, unpacked.
    pub bytes: Vec<u8>,
    /// Whether there is more.
    pub is_cut: bool,
}

/// Reads a body that was sent with these headers.
pub async fn read(headers: &HeaderMap, body: Body, place: &mut Place) -> Result<ReadCallback, Problem> {
    let mut packings = Vec::new();
    for name in encodings(headers) {
        packings.push(Packing::of(&name).ok_or(Code::ContentEncodingUnsupported)?);
    }
    if packings.len() > PACKINGS_MAX {
        return Err(Code::ContentEncodingUnsupported.into());
    }
    let announced = body.size_hint().lower();
    let mut kept = Kept::new(announced > CALLBACK_BYTES_MAX as u64 && packings.is_empty());
    body::keep(body, &mut kept, place).await?;
    if packings.is_empty() {
        return Ok(kept.finish());
    }
    unpack_aside(kept.finish(), packings, place).await
}

/// What is kept of a callback while it comes.
struct Kept {
    bytes: Vec<u8>,
    /// Once it is too large to be kept as it is.
    without_picture: Option<WithoutPicture>,
    read: usize,
    is_cut: bool,
}

impl Kept {
    fn new(is_large: bool) -> Self {
        Self {
            bytes: Vec::new(),
            without_picture: is_large.then(WithoutPicture::default),
            read: 0,
            is_cut: false,
        }
    }

    fn finish(self) -> ReadCallback {
        let mut bytes = self.without_picture.map_or(self.bytes, WithoutPicture::into_kept);
        if self.is_cut {
            bytes.truncate(LARGER_BYTES_KEPT);
        }
        ReadCallback {
            bytes,
            is_cut: self.is_cut,
        }
    }
}

impl Keep for Kept {
    fn push(&mut self, part: &[u8]) -> ControlFlow<()> {
        self.read += part.len();
        match &mut self.without_picture {
            None if self.read <= CALLBACK_BYTES_MAX => self.bytes.extend_from_slice(part),
            None => {
                let mut without = WithoutPicture::default();
                without.push(&std::mem::take(&mut self.bytes));
                without.push(part);
                self.without_picture = Some(without);
            }
            Some(without) => without.push(part),
        }
        self.is_cut = self.length() > CALLBACK_BYTES_MAX || self.read > READ_BYTES_MAX;
        if self.is_cut {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn length(&self) -> usize {
        self.without_picture
            .as_ref()
            .map_or(self.bytes.len(), |without| without.kept().len())
    }
}

/// How a body can be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Deflate,
    Brotli,
    Zstandard,
}

impl Packing {
    fn of(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstandard),
            _ => None,
        }
    }

    fn reader<'a>(self, packed: &'a [u8]) -> Box<dyn Read + 'a> {
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            // Some leave out the frame that the standard asks for.
            Self::Deflate if has_zlib_frame(packed) => Box::new(ZlibDecoder::new(packed)),
            Self::Deflate => Box::new(DeflateDecoder::new(packed)),
            Self::Brotli => Box::new(Decompressor::new(packed, UNPACKED_AT_ONCE)),
            Self::Zstandard => match StreamingDecoder::new(Cursor::new(packed)) {
                Ok(reader) => Box::new(reader),
                Err(_) => Box::new(Unreadable),
            },
        }
    }
}

/// Method 8, and the first two bytes are a multiple of 31 (RFC 1950).
fn has_zlib_frame(packed: &[u8]) -> bool {
    matches!(packed, [first, second, ..] if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31))
}

/// What is not packed as it says.
struct Unreadable;

impl Read for Unreadable {
    fn read(&mut self, _buffer: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::InvalidData.into())
    }
}

async fn unpack_aside(
    packed: ReadCallback,
    packings: Vec<Packing>,
    place: &mut Place,
) -> Result<ReadCallback, Problem> {
    // Never closed.
    let _turn = UNPACKING.acquire().await;
    let unpacked = tokio::task::spawn_blocking(move || {
        packings
            .into_iter()
            .rev()
            .try_fold(packed, |packed, packing| unpack(&packed, packing))
    });
    let unpacked = unpacked.await.map_err(|_ended| Problem::from(Code::Internal))??;
    body::account(unpacked.bytes.len(), place)?;
    Ok(unpacked)
}

/// Unpacks as much as is read of any callback, so that none can be made to take more than that. What was damaged on its way is
/// for its sender to send again, and is not guessed at. What is text was never packed: it is taken as it is.
fn unpack(packed: &ReadCallback, packing: Packing) -> Result<ReadCallback, Code> {
    if std::str::from_utf8(&packed.bytes).is_ok() {
        return Ok(ReadCallback {
            bytes: packed.bytes.clone(),
            is_cut: packed.is_cut,
        });
    }
    let mut reader = packing.reader(&packed.bytes);
    let mut kept = Kept::new(false);
    let mut buffer = vec![0; UNPACKED_AT_ONCE];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) if kept.push(&buffer[..length]).is_break() => break,
            Ok(_) => {}
            Err(_) if packed.is_cut => break,
            Err(_) => return Err(Code::MalformedRequest),
        }
    }
    kept.is_cut |= packed.is_cut;
    Ok(kept.finish())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn kept(parts: impl IntoIterator<Item = Vec<u8>>, is_large: bool) -> ReadCallback {
        let mut kept = Kept::new(is_large);
        let _wanted = parts.into_iter().try_for_each(|part| kept.push(&part));
        kept.finish()
    }

    fn whole(bytes: Vec<u8>) -> ReadCallback {
        ReadCallback { bytes, is_cut: false }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn packed(bytes: &[u8]) -> Vec<(Packing, Vec<u8>)> {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(bytes).unwrap();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        deflate.write_all(bytes).unwrap();
        vec![
            (Packing::Gzip, gzip(bytes)),
            (Packing::Deflate, zlib.finish().unwrap()),
            (Packing::Deflate, deflate.finish().unwrap()),
            (Packing::Zstandard, compress_to_vec(bytes, CompressionLevel::Fastest)),
        ]
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let body = br#"{"memberId":"m","merchant":{"reviewStatus":"P"}}"#.repeat(100);
        for (packing, bytes) in packed(&body) {
            let unpacked = unpack(&whole(bytes.clone()), packing).unwrap();
            assert_eq!((unpacked.bytes, unpacked.is_cut), (body.clone(), false), "{packing:?}");
            // Cut off on its way.
            let cut = whole(bytes[..bytes.len() - 9].to_vec());
            match (packing, unpack(&cut, packing)) {
                (_, Err(code)) => assert_eq!(code, Code::MalformedRequest, "{packing:?}"),
                // Its decoder tells no cut from an end.
                (Packing::Deflate, Ok(beginning)) => assert!(body.starts_with(&beginning.bytes)),
                (_, Ok(_)) => panic!("{packing:?} was cut off"),
            }
        }
        // `brotli` of "hello", as the reference encoder has it.
        let hello = whole(b"\x0b\x02\x80hello\x03".to_vec());
        assert_eq!(unpack(&hello, Packing::Brotli).unwrap().bytes, b"hello");
        for packing in [Packing::Gzip, Packing::Deflate, Packing::Brotli, Packing::Zstandard] {
            let plain = unpack(&whole(b"{\"memberId\":\"m\"}".to_vec()), packing).unwrap();
            assert_eq!(plain.bytes, b"{\"memberId\":\"m\"}", "{packing:?}");
        }
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_a_callback_is_read() {
        for (packing, bytes) in packed(&vec![b' '; 64 * CALLBACK_BYTES_MAX]) {
            let unpacked = unpack(&whole(bytes), packing).unwrap();
            assert_eq!(
                (unpacked.bytes.len(), unpacked.is_cut),
                (LARGER_BYTES_KEPT, true),
                "{packing:?}"
            );
        }
    }

    #[test]
    fn of_a_body_that_is_too_large_the_beginning_is_kept() {
        let part = || vec![b' '; 100 * 1024];
        let fits = kept((0..10).map(|_| part()), false);
        assert_eq!((fits.bytes.len(), fits.is_cut), (1_000 * 1024, false));
        for is_large in [false, true] {
            let larger = kept((0..11).map(|_| part()), is_large);
            assert_eq!((larger.bytes.len(), larger.is_cut), (LARGER_BYTES_KEPT, true));
        }
    }

    #[test]
    fn what_stands_behind_a_picture_is_kept() {
        let picture = || vec![b'x'; CALLBACK_BYTES_MAX];
        let body = [
            b"{\"apprSign\":\"".to_vec(),
            picture(),
            picture(),
            b"\",\"billId\":\"b\"}".to_vec(),
        ];
        for is_large in [false, true] {
            let read = kept(body.clone(), is_large);
            assert_eq!(
                (read.bytes.as_slice(), read.is_cut),
                (&b"{\"apprSign\":\"\",\"billId\":\"b\"}"[..], false)
            );
        }
        let endless = kept([body[0].clone()].into_iter().chain((0..9).map(|_| picture())), true);
        assert_eq!(
            (endless.bytes.as_slice(), endless.is_cut),
            (&b"{\"apprSign\":\""[..], true)
        );
    }
}
