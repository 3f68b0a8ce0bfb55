//! What we make of a callback, and why.

use crate::words::words;

/// What kind of callback it was, told by its shape: both kinds may come through any URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackKind {
    /// A mapping result.
    Mapping,
    /// A payment approval.
    Approval,
    /// It could not be told.
    Unreadable,
}

words!(CallbackKind {
    Mapping => "mapping",
    Approval => "approval",
    Unreadable => "unreadable",
});

/// What we made of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It moved the state, or at least refreshed it.
    Applied,
    /// It says what the latest applied, or the latest held one said; or it is a payment approval that is known.
    Duplicate,
    /// It is doubtful: upstream is to be asked first.
    Held,
    /// It was driven again, and something that we believe was said after it had come. It changes nothing any more.
    Outdated,
    /// It could not be used. The bytes are kept and can be driven again.
    Quarantined(QuarantineReason),
}

impl Verdict {
    /// The word used in every contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Held => "held",
            Self::Outdated => "outdated",
            Self::Quarantined(_) => "quarantined",
        }
    }

    /// The verdict of a word and, for a quarantine, its reason. `None` when the two do not fit.
    pub fn from_words(word: &str, reason: Option<QuarantineReason>) -> Option<Self> {
        match (word, reason) {
            ("applied", None) => Some(Self::Applied),
            ("duplicate", None) => Some(Self::Duplicate),
            ("held", None) => Some(Self::Held),
            ("outdated", None) => Some(Self::Outdated),
            ("quarantined", Some(reason)) => Some(Self::Quarantined(reason)),
            _ => None,
        }
    }

    /// The reason of a quarantine.
    pub const fn reason(self) -> Option<QuarantineReason> {
        match self {
            Self::Quarantined(reason) => Some(reason),
            Self::Applied | Self::Duplicate | Self::Held | Self::Outdated => None,
        }
    }
}

/// Why a callback could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuarantineReason {
    /// The body is not JSON.
    Unparseable,
    /// JSON, but not of the shape of any callback that we know.
    UnknownShape,
    /// A field has a type that cannot be read.
    WrongType,
    /// The codes in the body are not those of the merchant the URL was issued for.
    CodesMismatch,
    /// They only look like those: something hidden is in them, or letters of another script.
    CodesDisguised,
    /// The link that the URL was issued for has been revoked.
    LinkRevoked,
    /// The merchant has no such link.
    UnknownLink,
    /// A tenant-level URL was called for a pair that the registry does not know.
    UnknownMerchant,
    /// The merchant of the URL does not exist.
    NoSuchMerchant,
    /// The sender is not on the list of Paymint's addresses, and the list is enforced.
    SenderNotAllowed,
    /// The body is larger than what is read of one. Only its beginning was kept.
    TooLarge,
}

words!(QuarantineReason {
    Unparseable => "unparseable",
    UnknownShape => "unknown_shape",
    WrongType => "wrong_type",
    CodesMismatch => "codes_mismatch",
    CodesDisguised => "codes_disguised",
    LinkRevoked => "link_revoked",
    UnknownLink => "unknown_link",
    UnknownMerchant => "unknown_merchant",
    NoSuchMerchant => "no_such_merchant",
    SenderNotAllowed => "sender_not_allowed",
    TooLarge => "too_large",
});

impl QuarantineReason {
    /// Whether a callback like that, through a shop's own URL, says that something may have happened to the shop:
    /// somebody who knows the URL has spoken, and we could not understand it.
    pub const fn is_knock(self) -> bool {
        match self {
            Self::Unparseable
            | Self::UnknownShape
            | Self::WrongType
            | Self::CodesMismatch
            | Self::CodesDisguised
            | Self::TooLarge => true,
            Self::LinkRevoked
            | Self::UnknownLink
            | Self::UnknownMerchant
            | Self::NoSuchMerchant
            | Self::SenderNotAllowed => false,
        }
    }
}

/// What storage knows of a callback that is to be driven again or discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuarantineStanding {
    /// It is not in quarantine: it was used when it came, or it never came.
    #[default]
    Absent,
    /// It is in quarantine, for this reason.
    Open(QuarantineReason),
    /// It was: it has been driven again or discarded.
    Settled,
}

/// Why a claim is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It leaves `opened`.
    LeavesOpened,
    /// It says that the merchant was deleted.
    Deletes,
    /// It equals an earlier, but not the latest, callback to the byte: perhaps a late delivery.
    Redelivered,
    /// It opens the shop, and its sender is not on the list of Paymint's addresses.
    OpensUnlisted,
    /// It opens the shop, and came through the URL for bills, which a partner gives to others.
    OpensByBillsUrl,
    /// It opens a shop that never had a registration link.
    OpensWithoutLink,
    /// It opens the shop, and of the claim that did so before Paymint has said that it is not so.
    OpensOnceMore,
}

words!(Doubt {
    LeavesOpened => "leaves_opened",
    Deletes => "deletes",
    Redelivered => "redelivered",
    OpensUnlisted => "opens_unlisted",
    OpensByBillsUrl => "opens_by_bills_url",
    OpensWithoutLink => "opens_without_link",
    OpensOnceMore => "opens_once_more",
});

/// How a doubtful claim was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Upstream confirmed the claim.
    Confirmed,
    /// Upstream said otherwise.
    Refuted,
    /// Upstream did not answer in time: the newest claim stands, unverified.
    Unanswered,
}

words!(Resolution {
    Confirmed => "confirmed",
    Refuted => "refuted",
    Unanswered => "unanswered",
});
