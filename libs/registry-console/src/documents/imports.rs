//! Files of shops, as far as pages show them.

use serde::Deserialize;

/// A file that was read.
#[derive(Debug, Clone, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `csv` or `xlsx`.
    pub format: String,
    /// How its bytes were read.
    pub encoding: Option<String>,
    /// What stood between two texts.
    pub separator: Option<String>,
    /// How many rows.
    pub rows: u64,
    /// Its columns.
    pub columns: Vec<ImportColumn>,
}

/// A column of a file.
#[derive(Debug, Clone, Deserialize)]
pub struct ImportColumn {
    /// What stands above it.
    pub heading: String,
    /// What it seems to be.
    pub field: Option<String>,
    /// What stands in the first rows.
    pub samples: Vec<String>,
}
