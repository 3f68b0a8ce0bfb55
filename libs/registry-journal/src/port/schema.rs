//! Whether a database has the schema that this program was built for.

/// A database's schema, compared with ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// It is ours.
    Current,
    /// There is none yet.
    Empty,
    /// It lacks migrations of ours.
    Older {
        /// The last migration that it has.
        has: i64,
        /// The last migration that we need.
        needs: i64,
    },
    /// It has migrations that we do not know: a newer version of the registry has been here.
    Newer {
        /// The last migration that it has.
        has: i64,
        /// The last migration that we know.
        knows: i64,
    },
}

impl SchemaState {
    /// Compares the last migration that a database has, if any, with the last one that we know.
    pub const fn of(has: Option<i64>, known: i64) -> Self {
        match has {
            None => Self::Empty,
            Some(has) if has < known => Self::Older { has, needs: known },
            Some(has) if has > known => Self::Newer { has, knows: known },
            Some(_) => Self::Current,
        }
    }
}
