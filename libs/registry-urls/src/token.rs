//! The secret in a callback URL. Upstream signs nothing, so the URL itself carries the proof: a keyed hash over whom it
//! was given for. Checking it needs no database.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use registry_domain::{LinkId, MerchantId, TenantId};
use sha2::Sha256;
use uuid::Uuid;

/// Formats of a token, its first byte. Those of the pages of shops follow in `shop.rs`: 4 and 5.
const OF_LINK: u8 = 1;
const OF_TENANT: u8 = 2;
const OF_MERCHANT: u8 = 3;

const UUID_LENGTH: usize = 16;
const MAC_LENGTH: usize = 32;
/// Format byte and key id.
const HEAD_LENGTH: usize = 2;

/// Characters of the longest token.
pub const TOKEN_LENGTH_MAX: usize = (HEAD_LENGTH + 3 * UUID_LENGTH + MAC_LENGTH) * 4 / 3 + 1;

/// Whom a callback URL was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackToken {
    /// One link of one merchant.
    Link {
        /// The tenant.
        tenant_id: TenantId,
        /// The merchant.
        merchant_id: MerchantId,
        /// The link.
        link_id: LinkId,
    },
    /// One merchant, whatever its links: for the bills that the partner sends for it.
    Merchant {
        /// The tenant.
        tenant_id: TenantId,
        /// The merchant.
        merchant_id: MerchantId,
    },
    /// A whole tenant: the merchant is found by the codes in the body.
    Tenant {
        /// The tenant.
        tenant_id: TenantId,
    },
}

impl CallbackToken {
    /// The tenant.
    pub fn tenant_id(&self) -> TenantId {
        match self {
            Self::Link { tenant_id, .. } | Self::Merchant { tenant_id, .. } | Self::Tenant { tenant_id } => *tenant_id,
        }
    }

    /// The link, if the token was given for one.
    pub fn link_id(&self) -> Option<LinkId> {
        match self {
            Self::Link { link_id, .. } => Some(*link_id),
            Self::Merchant { .. } | Self::Tenant { .. } => None,
        }
    }

    fn to_bytes(self, key_id: u8) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_LENGTH + 3 * UUID_LENGTH + MAC_LENGTH);
        match self {
            Self::Link {
                tenant_id,
                merchant_id,
                link_id,
            } => {
                bytes.extend([OF_LINK, key_id]);
                for id in [tenant_id.as_uuid(), merchant_id.as_uuid(), link_id.as_uuid()] {
                    bytes.extend_from_slice(id.as_bytes());
                }
            }
            Self::Merchant { tenant_id, merchant_id } => {
                bytes.extend([OF_MERCHANT, key_id]);
                for id in [tenant_id.as_uuid(), merchant_id.as_uuid()] {
                    bytes.extend_from_slice(id.as_bytes());
                }
            }
            Self::Tenant { tenant_id } => {
                bytes.extend([OF_TENANT, key_id]);
                bytes.extend_from_slice(tenant_id.as_uuid().as_bytes());
            }
        }
        bytes
    }

    /// Reads what the keyed hash has proven to be ours.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, ids) = bytes.split_at_checked(HEAD_LENGTH)?;
        let ids: Vec<Uuid> = ids
            .chunks(UUID_LENGTH)
            .map(Uuid::from_slice)
            .collect::<Result<_, _>>()
            .ok()?;
        match (head.first()?, ids.as_slice()) {
            (&OF_LINK, [tenant, merchant, link]) => Some(Self::Link {
                tenant_id: TenantId::from_uuid(*tenant),
                merchant_id: MerchantId::from_uuid(*merchant),
                link_id: LinkId::from_uuid(*link),
            }),
            (&OF_MERCHANT, [tenant, merchant]) => Some(Self::Merchant {
                tenant_id: TenantId::from_uuid(*tenant),
                merchant_id: MerchantId::from_uuid(*merchant),
            }),
            (&OF_TENANT, [tenant]) => Some(Self::Tenant {
                tenant_id: TenantId::from_uuid(*tenant),
            }),
            _ => None,
        }
    }
}

/// Why a text does not hold token keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("token keys are one or two lines of a number from 0 to 255 and 64 hexadecimal digits, with different numbers")]
pub struct TokenKeysError;

/// The keys under which callback tokens are made. The first one signs; a second one is still believed, so that keys
/// can be changed without breaking URLs that were given away.
#[derive(Clone)]
pub struct TokenKeys {
    keys: Vec<(u8, Hmac<Sha256>)>,
}

impl TokenKeys {
    /// Reads lines of `<number> <64 hexadecimal digits>`.
    pub fn parse(text: &str) -> Result<Self, TokenKeysError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines
            .map(parse_line)
            .collect::<Option<Vec<_>>>()
            .ok_or(TokenKeysError)?;
        match keys.as_slice() {
            [_] => Ok(Self { keys }),
            [first, second] if first.0 != second.0 => Ok(Self { keys }),
            _ => Err(TokenKeysError),
        }
    }

    /// A value that tells each key from others, by its number: nothing of the key can be found out from it.
    pub fn checks(&self) -> Vec<(u8, [u8; 32])> {
        // No token begins like this, so that none can be made from it.
        const TEXT: &[u8] = b"check value of the installation";
        let check = |mac: &Hmac<Sha256>| mac.clone().chain_update(TEXT).finalize().into_bytes().into();
        self.keys.iter().map(|(number, mac)| (*number, check(mac))).collect()
    }

    /// The token for a URL.
    pub fn issue(&self, token: CallbackToken) -> String {
        let Some((key_id, mac)) = self.keys.first() else {
            return String::new();
        };
        let mut bytes = token.to_bytes(*key_id);
        let tag = mac.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A format and what it is about, signed with so many bytes of the keyed hash. Formats are told apart by their first byte,
    /// so that none can stand for another.
    pub(crate) fn seal(&self, format: u8, content: &[u8], tag_length: usize) -> String {
        let Some((key_id, mac)) = self.keys.first() else {
            return String::new();
        };
        let mut bytes = [&[format, *key_id], content].concat();
        let tag = mac.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(tag.into_iter().take(tag_length));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What was sealed so; none if it is not ours, or of another format or length. Takes the same time for every wrong tag.
    pub(crate) fn unseal<const LENGTH: usize>(
        &self,
        format: u8,
        text: &str,
        tag_length: usize,
    ) -> Option<[u8; LENGTH]> {
        if text.len() > TOKEN_LENGTH_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, tag) = bytes.split_at_checked(HEAD_LENGTH + LENGTH)?;
        let (head, content) = signed.split_at_checked(HEAD_LENGTH)?;
        let [its_format, key_id] = head else { return None };
        if *its_format != format || tag.len() != tag_length {
            return None;
        }
        let (_, mac) = self.keys.iter().find(|(id, _)| id == key_id)?;
        mac.clone().chain_update(signed).verify_truncated_left(tag).ok()?;
        content.try_into().ok()
    }

    /// Whom a token was given for; none if it is not ours. Takes the same time for every wrong tag.
    pub fn verify(&self, text: &str) -> Option<CallbackToken> {
        if text.len() > TOKEN_LENGTH_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (content, tag) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LENGTH)?)?;
        let key_id = content.get(1)?;
        let (_, mac) = self.keys.iter().find(|(id, _)| id == key_id)?;
        mac.clone().chain_update(content).verify_slice(tag).ok()?;
        CallbackToken::from_bytes(content)
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys(hidden)")
    }
}

fn parse_line(line: &str) -> Option<(u8, Hmac<Sha256>)> {
    let (id, key) = line.split_once(char::is_whitespace)?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(key.trim(), &mut bytes).ok()?;
    Some((id.parse().ok()?, Hmac::new_from_slice(&bytes).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(lines: &[(u8, u8)]) -> TokenKeys {
        let lines: Vec<String> = lines
            .iter()
            .map(|(id, byte)| format!("{id} {}", format!("{byte:02x}").repeat(32)))
            .collect();
        TokenKeys::parse(&lines.join("\n")).unwrap()
    }

    fn link() -> CallbackToken {
        CallbackToken::Link {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(1)),
            merchant_id: MerchantId::from_uuid(Uuid::from_u128(2)),
            link_id: LinkId::from_uuid(Uuid::from_u128(3)),
        }
    }

    #[test]
    fn a_token_reads_back() {
        let keys = keys(&[(1, 7)]);
        let tenant_id = link().tenant_id();
        let merchant = CallbackToken::Merchant {
            tenant_id,
            merchant_id: MerchantId::from_uuid(Uuid::from_u128(2)),
        };
        for token in [link(), merchant, CallbackToken::Tenant { tenant_id }] {
            let text = keys.issue(token);
            assert!(text.len() <= TOKEN_LENGTH_MAX);
            assert_eq!(keys.verify(&text), Some(token));
        }
    }

    #[test]
    fn no_character_of_a_token_can_be_changed() {
        let keys = keys(&[(1, 7)]);
        let text = keys.issue(link());
        for position in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                keys.verify(&String::from_utf8(changed).unwrap()),
                None,
                "position {position}"
            );
        }
        for wrong in [
            "",
            "A",
            "AQ",
            &"A".repeat(110),
            &"A".repeat(100_000),
            "한글",
            &text[..text.len() - 2],
        ] {
            assert_eq!(keys.verify(wrong), None);
        }
    }

    #[test]
    fn two_keys_are_believed_during_a_change_and_a_third_is_not() {
        let (old, both, new, stranger) = (
            keys(&[(1, 7)]),
            keys(&[(2, 8), (1, 7)]),
            keys(&[(2, 8)]),
            keys(&[(1, 9)]),
        );
        let given_away = old.issue(link());
        assert_eq!(both.verify(&given_away), Some(link()));
        assert_eq!(both.verify(&both.issue(link())), Some(link()));
        assert_eq!(new.verify(&given_away), None);
        assert_eq!(stranger.verify(&given_away), None);
    }

    #[test]
    fn key_files_are_checked() {
        let key = "0f".repeat(32);
        assert!(TokenKeys::parse(&format!("1 {key}\n2 {key}\n")).is_ok());
        for text in [
            "",
            "1",
            &format!("256 {key}"),
            &format!("1 {key}\n1 {key}"),
            &format!("1 {key}0"),
            "1 xyz",
        ] {
            assert!(TokenKeys::parse(text).is_err(), "{text}");
        }
    }
}
