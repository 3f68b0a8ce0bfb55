//! Enums that every contract spells with one word per value.

/// Gives an enum its words: `ALL`, `as_str` and the inverse `from_word`.
macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of every value, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word used in every contract (REST, NATS, storage).
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The value of a word, the inverse of [`Self::as_str`].
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use words;
