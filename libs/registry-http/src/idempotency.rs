//! `Idempotency-Key`: a request with one has its effect only once.

use axum::http::HeaderMap;
use registry_journal::{Idempotency, IdempotencyKey};
use sha2::{Digest, Sha256};

use crate::problem::{Code, Problem};

/// The name of the header.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// On an answer: the request had been done before, this is what came of it then.
pub const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";

/// The key of a request, if it has one, with what the request wants: the same key must not ask for something else.
pub fn read(headers: &HeaderMap, path: &str, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    let key = text
        .and_then(|text| IdempotencyKey::parse(text).ok())
        .ok_or(Code::IdempotencyKeyInvalid)?;
    Ok(Some(Idempotency {
        key,
        fingerprint: fingerprint(path, body),
    }))
}

/// The same for a request that must have a key.
pub fn read_required(headers: &HeaderMap, path: &str, body: &[u8]) -> Result<Idempotency, Problem> {
    read(headers, path, body)?.ok_or_else(|| Code::IdempotencyKeyRequired.into())
}

/// Keys are honoured on POST only. A path holds no line break, so nothing can run into its neighbour.
fn fingerprint(path: &str, body: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update("POST\n")
        .chain_update(path)
        .chain_update("\n")
        .chain_update(body)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(keys: &[&'static str]) -> HeaderMap {
        keys.iter()
            .map(|key| (IDEMPOTENCY_KEY.parse().unwrap(), HeaderValue::from_static(key)))
            .collect()
    }

    #[test]
    fn one_key_with_what_is_wanted() {
        let read = |path, body| read(&headers(&["k-1"]), path, body).unwrap().unwrap();
        assert_eq!(read("/a", b"{}").key.as_str(), "k-1");
        assert_eq!(read("/a", b"{}"), read("/a", b"{}"));
        assert_ne!(read("/a", b"{}"), read("/b", b"{}"));
        assert_ne!(read("/a", b"{}"), read("/a", b"{ }"));
    }

    #[test]
    fn no_key_and_no_good_key_are_told_apart() {
        assert_eq!(read(&headers(&[]), "/a", b"").unwrap(), None);
        assert_eq!(
            read_required(&headers(&[]), "/a", b"").unwrap_err().code(),
            Code::IdempotencyKeyRequired
        );
        for bad in [&[""][..], &["a b"], &["a", "b"]] {
            assert_eq!(
                read(&headers(bad), "/a", b"").unwrap_err().code(),
                Code::IdempotencyKeyInvalid
            );
        }
    }
}
