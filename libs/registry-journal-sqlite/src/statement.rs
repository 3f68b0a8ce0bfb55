//! What statements that write are made of.

use serde::Serialize;
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::types::Uuid;

pub(crate) type Statement = Query<'static, Sqlite, SqliteArguments>;

/// Rows of texts and numbers: writing them as JSON cannot fail.
pub(crate) fn to_json<T: Serialize>(rows: impl Iterator<Item = T>) -> String {
    let rows: Vec<T> = rows.collect();
    serde_json::to_string(&rows).expect("rows of texts and numbers are valid JSON")
}

pub(crate) fn hex_bytes(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

pub(crate) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}
