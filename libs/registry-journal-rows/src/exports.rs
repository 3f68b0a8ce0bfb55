//! Lists that are taken out as files.

use chrono::{DateTime, Utc};
use registry_domain::exports::{ExportFault, ExportState};
use registry_domain::jobs::Reason;
use registry_domain::{CorrelationId, ExportId, TenantId};
use registry_journal::port::{DueExport, Export, ExportPiece, Inconsistency, Written};
use registry_journal::record::actor_from_text;
use uuid::Uuid;

use crate::{BadColumn, RawRow, RawValue};

/// A file that is made, or was.
#[expect(missing_docs, reason = "columns")]
pub struct RawExport<Time> {
    pub export_id: Uuid,
    pub state: String,
    pub wish: String,
    pub actor: String,
    pub correlation_id: Uuid,
    pub reason: String,
    pub created_at: Time,
    pub begun_at: Option<Time>,
    pub ended_at: Option<Time>,
    pub attempts: i64,
    pub expected: i64,
    pub written: i64,
    pub bytes: i64,
    pub fault: Option<String>,
    pub fault_row: Option<i64>,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawExport<Time> {
    type Row = Export;

    fn into_row(self) -> Result<Export, Inconsistency> {
        let id = ExportId::from_uuid(self.export_id);
        self.read(id).map_err(|error| Inconsistency::of("exports", id, error))
    }
}

impl<Time: RawValue<DateTime<Utc>>> RawExport<Time> {
    fn read(self, id: ExportId) -> Result<Export, BadColumn> {
        let fault = self.fault.as_deref().map(ExportFault::from_word);
        let fault = fault.map(|fault| fault.ok_or(BadColumn("fault"))).transpose()?;
        let row = self.fault_row.map(|row| row.read("fault_row")).transpose()?;
        Ok(Export {
            id,
            state: ExportState::from_word(&self.state).ok_or(BadColumn("state"))?,
            wish: self.wish,
            actor: actor_from_text(&self.actor).ok_or(BadColumn("actor"))?,
            correlation_id: CorrelationId::from_uuid(self.correlation_id),
            reason: Reason::recorded(&self.reason).map_err(|_| BadColumn("reason"))?,
            created_at: self.created_at.read("created_at")?,
            begun_at: self.begun_at.read("begun_at")?,
            ended_at: self.ended_at.read("ended_at")?,
            attempts: self.attempts.read("attempts")?,
            expected: self.expected.read("expected")?,
            written: Written {
                rows: self.written.read("written")?,
                bytes: self.bytes.read("bytes")?,
            },
            fault: fault.map(|fault| (fault, row)),
        })
    }
}

/// A file that is to be made.
#[expect(missing_docs, reason = "columns")]
pub struct RawDueExport<Time> {
    pub tenant_id: Uuid,
    pub export_id: Uuid,
    pub created_at: Time,
}

impl<Time: RawValue<DateTime<Utc>>> RawRow for RawDueExport<Time> {
    type Row = DueExport;

    fn into_row(self) -> Result<DueExport, Inconsistency> {
        let id = ExportId::from_uuid(self.export_id);
        let created_at = self.created_at.read("created_at");
        Ok(DueExport {
            tenant_id: TenantId::from_uuid(self.tenant_id),
            id,
            created_at: created_at.map_err(|error| Inconsistency::of("exports", id, error))?,
        })
    }
}

/// A part of a file.
#[expect(missing_docs, reason = "columns")]
pub struct RawExportPiece {
    pub number: i64,
    pub sealed: Vec<u8>,
}

impl RawRow for RawExportPiece {
    type Row = ExportPiece;

    fn into_row(self) -> Result<ExportPiece, Inconsistency> {
        let number = u32::try_from(self.number).map_err(|_| BadColumn("number"));
        Ok(ExportPiece {
            number: number.map_err(|error| Inconsistency::of("export_pieces", self.number, error))?,
            sealed: self.sealed,
        })
    }
}
