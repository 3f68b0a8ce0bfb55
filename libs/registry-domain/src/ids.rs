//! Identifiers and log positions. One type per kind of thing, so that a link id cannot be passed for a merchant id.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ followed by 32 hexadecimal digits")]
pub struct IdError {
    prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of the text form, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that is known to be of this kind (from our own storage or an id source).
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for storage.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(self.0.simple().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_prefixed(text, $prefix).map(Self).ok_or(IdError { prefix: $prefix })
            }
        }
    };
}

id!(
    /// A partner of Paymint that uses this installation. The unit of isolation and order.
    TenantId,
    "ten"
);
id!(
    /// A sub-merchant: one (member code, merchant code) pair of one tenant.
    MerchantId,
    "mer"
);
id!(
    /// One request for a registration URL and, if it succeeds, the issued link.
    LinkId,
    "lnk"
);
id!(
    /// One event of the log.
    EventId,
    "evt"
);
id!(
    /// One API key of a tenant. The id is public, the secret is not.
    KeyId,
    "key"
);
id!(
    /// A pair of codes of which upstream spoke although the tenant never registered it.
    UnclaimedId,
    "unc"
);
id!(
    /// What a tenant was told of: a shop that waits too long, or something that is wrong with the tenant itself.
    AlertId,
    "alt"
);
id!(
    /// To whom or what a tenant's alerts are carried.
    DestinationId,
    "dst"
);
id!(
    /// One message on its way to a destination.
    DeliveryId,
    "dlv"
);
id!(
    /// Somebody who works with this installation.
    PersonId,
    "psn"
);
id!(
    /// A person who is signed in with one browser. The id names the session and does not open it.
    SessionId,
    "ses"
);
id!(
    /// A question to the list of merchants that somebody keeps.
    ViewId,
    "viw"
);
id!(
    /// One wish for many merchants, once it is confirmed.
    JobId,
    "job"
);
id!(
    /// The same before: the plan and the job of a wish have one number.
    PlanId,
    "pln"
);
id!(
    /// A file from which shops are to be registered.
    ImportId,
    "imp"
);
id!(
    /// A list of merchants that is taken out as a file.
    ExportId,
    "exp"
);

impl PlanId {
    /// The job that becomes of it.
    pub const fn job(self) -> JobId {
        JobId(self.0)
    }
}

impl JobId {
    /// The plan that it was.
    pub const fn plan(self) -> PlanId {
        PlanId(self.0)
    }
}

impl MerchantId {
    /// The same id with the moment of registration in front: milliseconds in the first 48 bits, the microseconds beyond
    /// them as a fraction in the 12 that follow the version (RFC 9562 section 6.2, method 3). So the ids of a tenant's
    /// merchants lie in the order in which they were registered.
    #[must_use]
    pub fn registered_at(self, at: DateTime<Utc>) -> Self {
        const MOMENT: u128 = (0xffff_ffff_ffff << 80) | (0xfff << 64);
        let micros = u128::from(at.timestamp_micros().max(0).unsigned_abs());
        let (millis, fraction) = (micros / 1_000, micros % 1_000 * 4_096 / 1_000);
        let rest = self.0.as_u128() & !MOMENT;
        Self(Uuid::from_u128(rest | ((millis << 80) & MOMENT) | (fraction << 64)))
    }
}

/// Exactly one spelling per id: lower-case hex without hyphens, so that ids can be compared as text.
fn parse_prefixed(text: &str, prefix: &str) -> Option<Uuid> {
    let hex = text.strip_prefix(prefix)?.strip_prefix('_')?;
    let canonical = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if canonical { Uuid::try_parse(hex).ok() } else { None }
}

/// Position in a tenant's log. Gap-free from 1; [`Seq::ZERO`] stands before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// The position before the first event.
    pub const ZERO: Self = Self(0);

    /// The position that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many events a stream (one merchant, or the tenant's own stream) has. Gap-free from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

impl Version {
    /// A stream without events.
    pub const ZERO: Self = Self(0);

    /// The version after one more event.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The version before the last event; none for a stream without events.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(version) => Some(Self(version)),
            None => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where and when an event stands in the log. Given by the write path, never by the caller of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The event.
    pub event_id: EventId,
    /// Position in the tenant's log.
    pub seq: Seq,
    /// Position in the stream.
    pub version: Version,
    /// When it was written; never decreases within a tenant.
    pub recorded_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = MerchantId::from_uuid(Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string(), "mer_01970000000070008000000000000001");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn merchants_lie_in_the_order_of_their_registration() {
        let drawn = MerchantId::from_uuid(Uuid::from_u128(0x0197_0000_0000_7fff_8000_0000_0000_0001));
        let at = |micros| DateTime::from_timestamp_micros(micros).expect("a moment");
        let mut before = drawn.registered_at(at(-1));
        for micros in (1_800_000_000_000_000..1_800_000_000_002_100).chain([4_102_444_800_000_000]) {
            let id = drawn.registered_at(at(micros));
            assert!(id > before, "{micros}");
            assert_eq!(id, id.registered_at(at(micros)));
            assert_eq!(id.as_uuid().get_version_num(), 7);
            assert_eq!(id.as_uuid().as_u128() << 66, drawn.as_uuid().as_u128() << 66);
            let seconds = id.as_uuid().get_timestamp().map(|stamp| stamp.to_unix().0);
            assert_eq!(
                seconds.and_then(|seconds| i64::try_from(seconds).ok()),
                Some(micros / 1_000_000)
            );
            before = id;
        }
    }

    #[test]
    fn other_spellings_and_kinds_are_refused() {
        for text in [
            "",
            "mer_",
            "lnk_01970000000070008000000000000001",
            "mer_0197000000007000800000000000000",
            "mer_0197000000007000800000000000000G",
            "mer_0197000000007000800000000000000A",
            "mer_01970000-0000-7000-8000-000000000001",
        ] {
            assert!(text.parse::<MerchantId>().is_err(), "{text}");
        }
    }
}
