//! What the catalogue of problems is written in: a line for each kind makes the enum, and what it says of each.

/// A title, which names the kind of problem, and a detail, which says what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Names the kind of problem.
    pub title: &'static str,
    /// Says what happened or what to do.
    pub detail: &'static str,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident, $status:ident, $code:literal,
        $title:literal, $detail:literal, $korean_title:literal, $korean_detail:literal;)+) => {
        /// A kind of problem. Its code is part of the contract and never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every kind of problem.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),+
                }
            }

            /// The HTTP status that it is answered with.
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$variant => StatusCode::$status),+
                }
            }

            /// What it says.
            pub const fn text(self, language: Language) -> Text {
                match (self, language) {
                    $((Self::$variant, Language::English) => Text { title: $title, detail: $detail },
                    (Self::$variant, Language::Korean) => Text { title: $korean_title, detail: $korean_detail }),+
                }
            }
        }
    };
}

pub(super) use kinds;
