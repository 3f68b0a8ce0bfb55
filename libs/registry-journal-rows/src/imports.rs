//! Files and what their rows say.

use chrono::{DateTime, Utc};
use registry_domain::ImportId;
use registry_journal::port::{ImportFile, Inconsistency, RowSource};
use registry_journal::record::actor_from_text;
use uuid::Uuid;

use crate::{BadColumn, RawRow, RawValue};

/// A file.
#[expect(missing_docs, reason = "columns")]
pub struct RawImportFile<Time> {
    pub import_id: Uuid,
    pub created_at: Time,
    pub actor: Option<String>,
    pub sealed: Vec<u8>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawImportFile<Time> {
    type Row = ImportFile;

    fn into_row(self) -> Result<ImportFile, Inconsistency> {
        let id = ImportId::from_uuid(self.import_id);
        let inconsistent = |error| Inconsistency::of("import_files", id, error);
        let actor = self.actor.map(|text| actor_from_text(&text).ok_or(BadColumn("actor")));
        Ok(ImportFile {
            id,
            created_at: self.created_at.read("created_at").map_err(inconsistent)?,
            actor: actor.transpose().map_err(inconsistent)?,
            sealed: self.sealed,
        })
    }
}

/// What a row of a job says.
#[expect(missing_docs, reason = "columns")]
pub struct RawRowSource {
    pub number: i64,
    pub sealed: Vec<u8>,
}

impl RawRow for RawRowSource {
    type Row = RowSource;

    fn into_row(self) -> Result<RowSource, Inconsistency> {
        let number = u32::try_from(self.number).map_err(|_| BadColumn("number"));
        Ok(RowSource {
            number: number.map_err(|error| Inconsistency::of("job_sources", self.number, error))?,
            sealed: self.sealed,
        })
    }
}
