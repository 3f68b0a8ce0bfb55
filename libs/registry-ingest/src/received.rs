//! The proof that a callback came through a URL which we gave away. Only [`admit`] makes one.

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use registry_urls::{CallbackToken, TokenKeys};

use crate::sender::SenderCheck;

/// A body as it came off the network. Nothing is known of what it says.
pub struct ReceivedBody {
    /// The bytes; only the first of them if it was too large.
    pub bytes: Vec<u8>,
    /// Whether there was more of it than is read of one body.
    pub is_cut: bool,
    /// When the last of these bytes arrived.
    pub received_at: DateTime<Utc>,
}

impl fmt::Debug for ReceivedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceivedBody({} bytes)", self.bytes.len())
    }
}

/// Somebody who knows a URL that we gave away, before anything of a body was read.
#[derive(Debug, Clone, Copy)]
pub struct Admitted {
    token: CallbackToken,
    sender_listed: Option<bool>,
    sender_refused: bool,
}

impl Admitted {
    /// Whom the URL was given for.
    pub fn token(&self) -> CallbackToken {
        self.token
    }

    /// The callback, with the body that was sent to the URL.
    pub fn with(self, body: ReceivedBody) -> VerifiedCallback {
        VerifiedCallback { admitted: self, body }
    }
}

/// A callback that came through a URL which we gave away. That makes it a claim of somebody who knows the URL; whether
/// it is true is another question.
#[derive(Debug)]
pub struct VerifiedCallback {
    admitted: Admitted,
    body: ReceivedBody,
}

impl VerifiedCallback {
    /// Whom the URL was given for.
    pub fn token(&self) -> CallbackToken {
        self.admitted.token
    }

    /// Whether the sender is on the list; none when that was not checked.
    pub fn sender_listed(&self) -> Option<bool> {
        self.admitted.sender_listed
    }

    pub(crate) fn into_body(self) -> Vec<u8> {
        self.body.bytes
    }

    pub(crate) fn length(&self) -> usize {
        self.body.bytes.len()
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.body.is_cut
    }

    pub(crate) fn received_at(&self) -> DateTime<Utc> {
        self.body.received_at
    }

    pub(crate) fn sender_refused(&self) -> bool {
        self.admitted.sender_refused
    }
}

/// Checks the token, which needs neither the body nor storage. `None` = not one of our URLs; then nothing of the callback
/// may be read or kept. `sender` is who sends it, as far as the proxies in front can be believed.
pub fn admit(token: &str, sender: Option<IpAddr>, keys: &TokenKeys, senders: &SenderCheck) -> Option<Admitted> {
    let token = keys.verify(token)?;
    let sender_listed = senders.is_listed(sender);
    Some(Admitted {
        token,
        sender_listed,
        sender_refused: senders.refuses(sender_listed),
    })
}
