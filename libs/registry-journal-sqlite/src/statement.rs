//! What statements that write are made of.

use std::fmt::Write as _;

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

pub(crate) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

pub(crate) fn hex_bytes(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}
