//! Keys: one master key per installation, one data key per merchant (and per tenant) wrapped by it.

use std::array::TryFromSliceError;
use std::fmt;

use aes_gcm::aead::{Aead, AeadInOut, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hmac::{Hmac, Mac};
use registry_domain::TenantId;
use sha2::Sha256;
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::submission::IdempotencyKey;

/// Format of a wrapped key: the first byte, so that another cipher can follow one day.
const FORMAT: u8 = 1;

/// Bytes by which what is sealed is longer than its text, beside the format.
const TAG_LENGTH: usize = 16;
const NONCE_LENGTH: usize = 12;

/// What a kept Idempotency-Key begins with. The blank behind it can stand in no key that a client sends.
const KEYED: &str = "hmac-sha256 ";

/// A wrapped or sealed text could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Shorter than any sealed text, or of a format that this version does not know.
    #[error("not a sealed text of a known format")]
    Format,
    /// The key is another one, or a byte was changed.
    #[error("the key does not open it")]
    Key,
}

/// Why a text is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 64 hexadecimal digits")]
pub struct MasterKeyError;

/// The key of the installation. Whoever has it and the database can read all personal data.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, MasterKeyError> {
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| MasterKeyError)?;
        Ok(Self(key))
    }

    /// Takes 256 random bits.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key for another purpose, the same for every process of the installation.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        mac_with(&self.0)
            .chain_update(purpose.as_bytes())
            .finalize()
            .into_bytes()
            .into()
    }
}

fn mac_with(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length")
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(hidden)")
    }
}

/// The key under which one owner's personal data is sealed. Destroying its wrapped form erases that data.
#[derive(Clone)]
pub struct DataKey {
    cipher: Aes256Gcm,
}

impl DataKey {
    fn new(bytes: &[u8; 32]) -> Self {
        Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*bytes)),
        }
    }

    /// Seals a text for the one place named by `id`. An id may be used once per key: the nonce comes from it.
    pub fn seal(&self, id: Uuid, text: &[u8]) -> Vec<u8> {
        seal_with(&self.cipher, id, text)
    }

    /// Opens what [`Self::seal`] made for this id.
    pub fn open(&self, id: Uuid, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        open_with(&self.cipher, id, sealed)
    }
}

/// Tells one key from another, and nothing else about it: it is derived from the key and leads to no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCheck([u8; 32]);

impl KeyCheck {
    /// As it is stored.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 32]> for KeyCheck {
    fn from(derived: [u8; 32]) -> Self {
        Self(derived)
    }
}

impl TryFrom<&[u8]> for KeyCheck {
    type Error = TryFromSliceError;

    fn try_from(stored: &[u8]) -> Result<Self, TryFromSliceError> {
        stored.try_into().map(Self)
    }
}

/// Wraps and unwraps data keys, and hides what clients call their requests.
pub struct Keyring {
    cipher: Aes256Gcm,
    check: KeyCheck,
    idempotency: Hmac<Sha256>,
    files: Hmac<Sha256>,
}

impl Keyring {
    /// A keyring under a master key.
    pub fn new(master: &MasterKey) -> Self {
        let mut idempotency = master.derive("idempotency keys");
        let mut files = master.derive("files of people");
        let keyring = Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(master.0)),
            check: KeyCheck(master.derive("check value of the installation")),
            idempotency: mac_with(&idempotency),
            files: mac_with(&files),
        };
        idempotency.zeroize();
        files.zeroize();
        keyring
    }

    /// What tells its master key from others.
    pub const fn check(&self) -> KeyCheck {
        self.check
    }

    /// Makes a data key for an owner out of 256 random bits; returns it with its wrapped form.
    pub fn create(&self, owner: Uuid, mut random: [u8; 32]) -> (DataKey, Vec<u8>) {
        let key = DataKey::new(&random);
        let wrapped = seal_with(&self.cipher, owner, &random);
        random.zeroize();
        (key, wrapped)
    }

    /// What is kept of a client's Idempotency-Key, in the log for ever: whether two are the same can be told, and only by
    /// whoever has the master key. The key may hold an order number or a name. Two tenants' keys never look alike.
    pub fn keyed(&self, tenant: TenantId, key: &IdempotencyKey) -> String {
        let mac = self.idempotency.clone().chain_update(tenant.as_uuid().as_bytes());
        let mac = mac.chain_update(key.as_str().as_bytes());
        format!("{KEYED}{}", hex::encode(mac.finalize().into_bytes()))
    }

    /// The key of a file that somebody handed over, or of what a job takes from one. It is derived and kept nowhere.
    pub fn of_file(&self, owner: Uuid) -> DataKey {
        let mac = self.files.clone().chain_update(owner.as_bytes());
        let mut bytes: [u8; 32] = mac.finalize().into_bytes().into();
        let key = DataKey::new(&bytes);
        bytes.zeroize();
        key
    }

    /// Unwraps an owner's data key.
    pub fn unwrap(&self, owner: Uuid, wrapped: &[u8]) -> Result<DataKey, OpenError> {
        let mut bytes = open_with(&self.cipher, owner, wrapped)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| OpenError::Format)
            .map(|key| DataKey::new(&key));
        bytes.zeroize();
        key
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(hidden)")
    }
}

/// The last 12 bytes of a `UUIDv7` hold its 74 random bits: unique wherever the id is.
fn nonce_of(id: Uuid) -> [u8; NONCE_LENGTH] {
    let mut nonce = [0; NONCE_LENGTH];
    nonce.copy_from_slice(&id.as_bytes()[16 - NONCE_LENGTH..]);
    nonce
}

fn seal_with(cipher: &Aes256Gcm, id: Uuid, text: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(1 + text.len() + TAG_LENGTH);
    framed.push(FORMAT);
    framed.extend_from_slice(text);
    let tag = cipher
        .encrypt_inout_detached(&Nonce::from(nonce_of(id)), id.as_bytes(), (&mut framed[1..]).into())
        .expect("AES-GCM takes texts below 64 GiB");
    framed.extend_from_slice(&tag);
    framed
}

fn open_with(cipher: &Aes256Gcm, id: Uuid, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    match sealed.split_first() {
        Some((&FORMAT, rest)) => {
            let payload = Payload {
                msg: rest,
                aad: id.as_bytes(),
            };
            cipher
                .decrypt(&Nonce::from(nonce_of(id)), payload)
                .map_err(|_| OpenError::Key)
        }
        Some(_) | None => Err(OpenError::Format),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_with_its_key_and_id_only() {
        let keyring = Keyring::new(&MasterKey::from_bytes([1; 32]));
        let (owner, event, other) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let (key, wrapped) = keyring.create(owner, [7; 32]);
        let sealed = key.seal(event, "가나다".as_bytes());
        let unwrapped = keyring.unwrap(owner, &wrapped).unwrap();
        assert_eq!(unwrapped.open(event, &sealed).unwrap(), "가나다".as_bytes());
        assert_eq!(unwrapped.open(other, &sealed), Err(OpenError::Key));
        assert_eq!(keyring.unwrap(other, &wrapped).err(), Some(OpenError::Key));
        let stranger = Keyring::new(&MasterKey::from_bytes([2; 32]));
        assert_eq!(stranger.unwrap(owner, &wrapped).err(), Some(OpenError::Key));
        assert_eq!(key.open(event, &[]), Err(OpenError::Format));
    }

    #[test]
    fn an_idempotency_key_is_kept_as_a_hash_that_no_release_may_change() {
        let keyring = Keyring::new(&MasterKey::from_bytes([7; 32]));
        let key = |text| IdempotencyKey::parse(text).unwrap();
        let tenant = |number| TenantId::from_uuid(Uuid::from_u128(number));
        let kept = keyring.keyed(tenant(1), &key("link-1"));
        assert_eq!(
            kept,
            "hmac-sha256 d50134634655599633c37c4c028d22169bd03f07d6e9abc64cefd54fa388ad0c"
        );
        assert_ne!(kept, keyring.keyed(tenant(2), &key("link-1")));
        assert_ne!(kept, keyring.keyed(tenant(1), &key("link-2")));
        let stranger = Keyring::new(&MasterKey::from_bytes([8; 32]));
        assert_ne!(kept, stranger.keyed(tenant(1), &key("link-1")));
        // No client can name a request by what is kept of another one's key.
        assert!(IdempotencyKey::parse(&kept).is_err());
    }

    #[test]
    fn a_master_key_is_64_hexadecimal_digits() {
        assert!(MasterKey::from_hex(&format!("{}\n", "0f".repeat(32))).is_ok());
        for text in ["", "0f", &"0g".repeat(32), &"0f".repeat(33)] {
            assert!(MasterKey::from_hex(text).is_err());
        }
    }
}
