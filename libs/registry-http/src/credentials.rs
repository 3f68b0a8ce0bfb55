//! API keys as text: `rk_<key id, 32 hex digits>_<secret, 43 characters of base64url>`.
//!
//! The id finds the key, the secret proves it. Only a hash of the secret is kept anywhere.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use registry_domain::KeyId;
use registry_domain::tenant::SecretHash;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

const PREFIX: &str = "rk_";
const KEY_ID_LENGTH: usize = 32;

/// The text of a new API key, to be shown once, and the hash to be kept.
pub fn mint(key_id: KeyId, secret: [u8; 32]) -> (String, SecretHash) {
    let text = format!(
        "{PREFIX}{}_{}",
        key_id.as_uuid().simple(),
        URL_SAFE_NO_PAD.encode(secret)
    );
    (text, hash(&secret))
}

/// An API key that a client presented. Whether it is a good one is not known yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    /// Which key it says it is.
    pub key_id: KeyId,
    /// Hash of the secret that came with it.
    pub secret_hash: SecretHash,
}

impl Presented {
    /// Reads an API key. `None` for anything that [`mint`] does not write.
    pub fn parse(text: &str) -> Option<Self> {
        let (key_id, rest) = text.strip_prefix(PREFIX)?.split_at_checked(KEY_ID_LENGTH)?;
        let is_canonical = key_id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let key_id = Uuid::try_parse(key_id).ok().filter(|_| is_canonical)?;
        let secret: [u8; 32] = URL_SAFE_NO_PAD.decode(rest.strip_prefix('_')?).ok()?.try_into().ok()?;
        Some(Self {
            key_id: KeyId::from_uuid(key_id),
            secret_hash: hash(&secret),
        })
    }

    /// Whether the secret is the one whose hash was kept. Takes the same time for every wrong one.
    pub fn proves(&self, kept: SecretHash) -> bool {
        self.secret_hash.0.ct_eq(&kept.0).into()
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({})", self.key_id)
    }
}

fn hash(secret: &[u8; 32]) -> SecretHash {
    SecretHash(Sha256::digest(secret).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_ID: KeyId = KeyId::from_uuid(Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001));

    #[test]
    fn a_minted_key_proves_itself_and_no_other() {
        let (text, kept) = mint(KEY_ID, [0xFB; 32]);
        assert_eq!(text.len(), 3 + 32 + 1 + 43);
        let presented = Presented::parse(&text).unwrap();
        assert_eq!(presented.key_id, KEY_ID);
        assert!(presented.proves(kept));
        assert!(!Presented::parse(&mint(KEY_ID, [0xFA; 32]).0).unwrap().proves(kept));
    }

    #[test]
    fn nothing_else_reads_as_a_key() {
        let (good, _) = mint(KEY_ID, [7; 32]);
        for bad in [
            String::new(),
            "rk_".to_owned(),
            good[3..].to_owned(),
            good[..good.len() - 1].to_owned(),
            format!("{good}A"),
            format!("{good}="),
            good.to_uppercase(),
            good.replacen('_', "-", 2),
            format!("rk_{}", "가".repeat(40)),
        ] {
            assert_eq!(Presented::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn the_secret_does_not_show() {
        let presented = Presented::parse(&mint(KEY_ID, [7; 32]).0).unwrap();
        assert_eq!(format!("{presented:?}"), format!("Presented({KEY_ID})"));
    }
}
