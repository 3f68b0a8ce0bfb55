//! The signature of a message, as the Standard Webhooks say it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use registry_domain::merchant::SecretText;
use sha2::Sha256;
use zeroize::Zeroizing;

/// What the text of a secret begins with.
const PREFIX: &str = "whsec_";

/// With what messages to a destination are signed.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<Vec<u8>>);

impl SigningSecret {
    /// A secret of 256 random bits, as its receiver gets it.
    pub fn text_of(random: [u8; 32]) -> SecretText {
        SecretText::new(format!("{PREFIX}{}", STANDARD.encode(random)))
    }

    /// Reads the text of a secret.
    pub(crate) fn read(text: &SecretText) -> Option<Self> {
        let encoded = text.expose().strip_prefix(PREFIX)?;
        STANDARD.decode(encoded).ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        let mac = mac
            .chain_update(format!("{id}.{seconds}.").as_bytes())
            .chain_update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(hidden)")
    }
}

/// The signatures of a message: one with each secret that works.
pub(crate) fn signatures(secrets: &[SigningSecret], id: &str, seconds: i64, body: &[u8]) -> String {
    let signed: Vec<_> = secrets.iter().map(|secret| secret.sign(id, seconds, body)).collect();
    signed.join(" ")
}

#[cfg(test)]
mod tests {
    use standardwebhooks::Webhook;

    use super::*;

    #[test]
    fn whoever_knows_either_secret_can_tell_that_it_is_ours() {
        let texts = [[1; 32], [2; 32]].map(SigningSecret::text_of);
        let secrets = texts.each_ref().map(|text| SigningSecret::read(text).unwrap());
        let body = br#"{"type":"alert.raised"}"#;
        let signed = signatures(&secrets, "evt_1", 1_700_000_000, body);
        let signed: Vec<_> = signed.split(' ').collect();
        let theirs = |text: &SecretText| {
            let webhook = Webhook::new(text.expose()).unwrap();
            webhook.sign("evt_1", 1_700_000_000, body).unwrap()
        };
        assert_eq!(signed, texts.each_ref().map(theirs));
        assert!(SigningSecret::read(&SecretText::new("secret".to_owned())).is_none());
        assert_eq!(format!("{:?}", secrets[0]), "SigningSecret(hidden)");
    }
}
