//! API keys that did not work, and why.

/// Why a key did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyFailure {
    /// There was none, or what was there has not the form of one.
    Absent,
    /// There is no such key, or its secret is another.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It was used from a network that it is not bound to.
    Network,
    /// Its tenant is suspended.
    Suspended,
    /// Too many keys from this address did not work: this one was not looked at.
    Unseen,
}

impl KeyFailure {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Absent,
        Self::Unknown,
        Self::Expired,
        Self::Revoked,
        Self::Network,
        Self::Suspended,
        Self::Unseen,
    ];

    /// The word for it in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Network => "network",
            Self::Suspended => "suspended",
            Self::Unseen => "unseen",
        }
    }
}
