//! Rows about views.

use chrono::{DateTime, Utc};
use registry_domain::views::{Column, ViewName};
use registry_domain::{Version, ViewId};
use registry_journal::port::{Inconsistency, View};
use uuid::Uuid;

use crate::{BadColumn, RawRow, RawValue};

/// A view.
#[expect(missing_docs, reason = "columns")]
pub struct RawView<Time> {
    pub view_id: Uuid,
    pub owner_id: Option<Uuid>,
    pub shared: bool,
    pub name: String,
    pub query: String,
    pub columns: String,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
    pub is_default: bool,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawView<Time> {
    type Row = View;

    fn into_row(self) -> Result<View, Inconsistency> {
        let id = ViewId::from_uuid(self.view_id);
        self.read(id).map_err(|error| Inconsistency::of("views", id, error))
    }
}

impl<Time: RawValue<DateTime<Utc>>> RawView<Time> {
    fn read(self, id: ViewId) -> Result<View, BadColumn> {
        let words = self.columns.split(',').filter(|word| !word.is_empty());
        let columns = words.map(|word| Column::from_word(word).ok_or(BadColumn("columns")));
        Ok(View {
            id,
            owner: self.owner_id,
            is_shared: self.shared,
            name: ViewName::recorded(&self.name).map_err(|_| BadColumn("name"))?,
            columns: columns.collect::<Result<_, _>>()?,
            query: self.query,
            version: Version(self.version.read("version")?),
            created_at: self.created_at.read("created_at")?,
            updated_at: self.updated_at.read("updated_at")?,
            is_default: self.is_default,
        })
    }
}

/// With which view somebody begins.
#[expect(missing_docs, reason = "columns")]
pub struct RawDefaultView {
    pub owner_id: Uuid,
    pub view_id: Uuid,
}

impl RawRow for RawDefaultView {
    type Row = (Uuid, ViewId);

    fn into_row(self) -> Result<(Uuid, ViewId), Inconsistency> {
        Ok((self.owner_id, ViewId::from_uuid(self.view_id)))
    }
}

/// Columns as one text.
pub fn column_words(columns: &[Column]) -> String {
    let words: Vec<_> = columns.iter().map(|column| column.as_str()).collect();
    words.join(",")
}
