//! What people keep of their questions.

use serde::Deserialize;

/// A view of the list of merchants.
#[derive(Debug, Clone, Deserialize)]
pub struct View {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whether everybody of the tenant sees it.
    pub shared: bool,
    /// Whether whoever looks made it.
    pub own: bool,
    /// Whether whoever looks begins with it.
    pub default: bool,
    /// The query for the API.
    pub query: String,
    /// What is shown of each merchant; what usually is, if there is none.
    pub columns: Vec<String>,
    /// Counts up with each change.
    pub version: u64,
}
