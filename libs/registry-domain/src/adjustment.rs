//! What a change says of one thing that may be there or not.

/// What becomes of a value that may be unset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Adjustment<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is unset.
    Unset,
    /// It is this from now on.
    Set(T),
}

impl<T> Adjustment<T> {
    /// The value after it.
    pub fn applied_to(self, known: Option<T>) -> Option<T> {
        match self {
            Self::Keep => known,
            Self::Unset => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The value that is set by it.
    pub const fn set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Unset => None,
        }
    }

    /// The same of another kind of value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Adjustment<U> {
        match self {
            Self::Keep => Adjustment::Keep,
            Self::Unset => Adjustment::Unset,
            Self::Set(value) => Adjustment::Set(change(value)),
        }
    }
}
