//! What a browser takes along to the provider and back, sealed: nothing of it is kept here.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How long somebody may take at the provider.
const LIMIT: TimeDelta = TimeDelta::minutes(10);

const NONCE_LENGTH: usize = 12;
const PURPOSE: &[u8] = b"sign-in round trip 1";

/// What belongs to one sign-in, from its beginning to its end.
#[derive(Serialize, Deserialize)]
pub(super) struct RoundTrip {
    /// The provider gives it back.
    pub(super) state: String,
    /// The provider puts it into the token.
    pub(super) nonce: String,
    /// Proves that whoever ends the sign-in began it.
    pub(super) verifier: String,
    /// Where the person wanted to go.
    pub(super) return_path: String,
    /// When it began.
    pub(super) begun_at: DateTime<Utc>,
}

impl RoundTrip {
    pub(super) fn seal(&self, key: &[u8; 32], random: &[u8; 32]) -> String {
        let mut nonce = [0; NONCE_LENGTH];
        nonce.copy_from_slice(&random[..NONCE_LENGTH]);
        let text = serde_json::to_vec(self).expect("texts and a moment are valid JSON");
        let payload = Payload {
            msg: &text,
            aad: PURPOSE,
        };
        let sealed = cipher(key).encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.expect("AES-GCM takes texts below 64 GiB");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed[..]].concat())
    }

    /// None for what was not sealed here, or too long ago.
    pub(super) fn open(key: &[u8; 32], sealed: &str, now: DateTime<Utc>) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LENGTH>()?;
        let payload = Payload {
            msg: sealed,
            aad: PURPOSE,
        };
        let text = cipher(key).decrypt(&Nonce::from(*nonce), payload).ok()?;
        let opened: Self = serde_json::from_slice(&text).ok()?;
        let age = now - opened.begun_at;
        (TimeDelta::zero() <= age && age < LIMIT).then_some(opened)
    }
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    let derived: [u8; 32] = mac.chain_update(PURPOSE).finalize().into_bytes().into();
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(derived))
}

/// A path of this site, and no other place: whatever else is asked for leads home.
pub(super) fn local_path<'a>(wanted: &'a str, home: &'a str) -> &'a str {
    let is_plain = wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_plain = is_plain && !wanted.contains("/.");
    let is_local = wanted == home
        || wanted
            .strip_prefix(home)
            .is_some_and(|rest| rest.starts_with(['/', '?']));
    if is_plain && is_local && wanted.len() <= 1_024 {
        wanted
    } else {
        home
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_for_ten_minutes_and_with_its_key_only() {
        let begun_at = DateTime::<Utc>::UNIX_EPOCH;
        let trip = RoundTrip {
            state: "state".to_owned(),
            nonce: "nonce".to_owned(),
            verifier: "verifier".to_owned(),
            return_path: "/console/acme".to_owned(),
            begun_at,
        };
        let sealed = trip.seal(&[7; 32], &[1; 32]);
        assert!(!sealed.contains("verifier"));
        let open = |key, sealed: &str, seconds| {
            RoundTrip::open(&key, sealed, begun_at + TimeDelta::seconds(seconds)).map(|trip| trip.verifier)
        };
        assert_eq!(open([7; 32], &sealed, 599).as_deref(), Some("verifier"));
        assert_eq!(open([7; 32], &sealed, 600), None);
        assert_eq!(open([7; 32], &sealed, -1), None);
        assert_eq!(open([8; 32], &sealed, 0), None);
        assert_eq!(open([7; 32], &sealed[1..], 0), None);
        assert_eq!(open([7; 32], "", 0), None);
    }

    #[test]
    fn nobody_is_led_elsewhere() {
        for good in ["/console", "/console/acme/merchants?stage=opened", "/console?x"] {
            assert_eq!(local_path(good, "/console"), good);
        }
        for bad in [
            "",
            "console",
            "//evil.example",
            "/\\evil.example",
            "/console\\x",
            "https://evil.example/console",
            "/consoles",
            "/v1/me",
            "/console/\r\nLocation: x",
        ] {
            assert_eq!(local_path(bad, "/console"), "/console", "{bad}");
        }
    }
}
