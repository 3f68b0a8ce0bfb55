//! What a sandbox is told when it starts.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

/// The longest partner key, in characters (official request tables).
const KEY_MAX_CHARACTERS: usize = 32;

/// The settings of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Where to listen. Port 0 takes a free one. There is no login, so keep it off public networks.
    pub listen: SocketAddr,
    /// The address under which browsers reach the sandbox; registration URLs begin with it. Without it they begin with
    /// the address that is listened on.
    pub public_url: Option<Url>,
    /// One key for each partner. Partners do not see each other's mappings.
    pub api_keys: Vec<PartnerKey>,
    /// Where all chance comes from. Two sandboxes with one seed that are asked the same do the same.
    pub seed: u64,
    /// Where what it knows is kept for the next start; without it the sandbox forgets everything when it stops.
    pub state_file: Option<PathBuf>,
}

/// A partner's made-up `apiKey`. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PartnerKey(String);

impl PartnerKey {
    /// Takes a key of 1 to 32 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, PartnerKeyError> {
        let fits = (1..=KEY_MAX_CHARACTERS).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PartnerKeyError)
        }
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PartnerKey {
    type Err = PartnerKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Debug for PartnerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PartnerKey(redacted)")
    }
}

/// A text is not a [`PartnerKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a partner key has 1 to {KEY_MAX_CHARACTERS} visible ASCII characters")]
pub struct PartnerKeyError;
