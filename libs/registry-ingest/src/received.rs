//! The proof that a callback came through a URL which we gave away. Only [`verify`] makes one.

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::sender::SenderCheck;
use crate::token::{CallbackToken, TokenKeys};

/// A callback as it came off the network. Nothing is known of it.
pub struct ReceivedCallback<'a> {
    /// The token in the URL.
    pub token: &'a str,
    /// The body, to the byte.
    pub body: Vec<u8>,
    /// Who sent it, as far as the proxies in front can be believed.
    pub sender: Option<IpAddr>,
    /// When the last byte arrived.
    pub received_at: DateTime<Utc>,
}

impl fmt::Debug for ReceivedCallback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceivedCallback({} bytes)", self.body.len())
    }
}

/// A callback that came through a URL which we gave away. That makes it a claim of somebody who knows the URL; whether
/// it is true is another question.
pub struct VerifiedCallback {
    token: CallbackToken,
    body: Vec<u8>,
    received_at: DateTime<Utc>,
    sender_listed: Option<bool>,
    sender_refused: bool,
}

impl VerifiedCallback {
    /// Whom the URL was given for.
    pub fn token(&self) -> CallbackToken {
        self.token
    }

    /// Whether the sender is on the list; none when that was not checked.
    pub fn sender_listed(&self) -> Option<bool> {
        self.sender_listed
    }

    pub(crate) fn into_body(self) -> Vec<u8> {
        self.body
    }

    pub(crate) fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }

    pub(crate) fn sender_refused(&self) -> bool {
        self.sender_refused
    }
}

impl fmt::Debug for VerifiedCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedCallback({:?}, {} bytes)", self.token, self.body.len())
    }
}

/// Checks the token. `None` = not one of our URLs; then nothing of the callback may be kept.
pub fn verify(received: ReceivedCallback<'_>, keys: &TokenKeys, senders: &SenderCheck) -> Option<VerifiedCallback> {
    let token = keys.verify(received.token)?;
    let sender_listed = senders.is_listed(received.sender);
    Some(VerifiedCallback {
        token,
        body: received.body,
        received_at: received.received_at,
        sender_listed,
        sender_refused: senders.refuses(sender_listed),
    })
}
