//! Lists as files.

use chrono::{DateTime, Utc};
use registry_documents::ActorDocument;
use serde::Deserialize;

/// A list of shops as a file.
#[derive(Debug, Clone, Deserialize)]
pub struct Export {
    /// Its id.
    pub id: String,
    /// How it stands.
    pub state: String,
    /// As what.
    pub format: String,
    /// Of which shops, as a query; none if they were chosen one by one.
    pub filter: Option<String>,
    /// Whether business numbers stand in it whole.
    pub with_numbers: bool,
    /// Why.
    pub reason: String,
    /// Who wanted it.
    pub actor: ActorDocument,
    /// How many shops the list had.
    pub rows_expected: u64,
    /// How many are written.
    pub rows: u64,
    /// In how many bytes.
    pub bytes: u64,
    /// Why it failed.
    pub error: Option<ExportError>,
    /// When it was wanted.
    pub created_at: DateTime<Utc>,
    /// When it is forgotten.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a file could not be made.
#[derive(Debug, Clone, Deserialize)]
pub struct ExportError {
    /// The word for it.
    pub code: String,
    /// At which of its rows.
    pub row: Option<u64>,
}
