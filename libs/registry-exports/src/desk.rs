//! What people and programs do with exports.

use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use registry_domain::exports::ExportState;
use registry_domain::jobs::Reason;
use registry_domain::tenant::{Access, Command};
use registry_domain::{ExportId, TenantId};
use registry_journal::port::{Export, ExportEnd, ExportPosition, PageSize, ReadError, Written};
use registry_journal::{Ambient, Archive, Order, Origin, Outcome, Submission, WriteError, Writer};

use crate::limits::ExportLimits;
use crate::make::place;
use crate::numbers::ExportNumbers;
use crate::pieces::parts;
use crate::table::kind;
use crate::wish::{ExportWish, WishError};

/// Why nothing was made, changed or handed out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no such export, or it is forgotten.
    #[error("there is no such export")]
    NoSuchExport,
    /// There are as many as there may be.
    #[error("there are as many exports as there may be")]
    TooManyExports,
    /// It is about too many merchants.
    #[error("an export may have at most {most} rows")]
    TooManyRows {
        /// So many there may be.
        most: u64,
    },
    /// It is not ready, or will never be.
    #[error("an export that is {} cannot be taken", .0.as_str())]
    NotReady(ExportState),
    /// A piece of it is not there, or does not open.
    #[error("a piece of the export cannot be read")]
    Shut,
    /// What was wanted cannot be read.
    #[error(transparent)]
    Wish(#[from] WishError),
    /// It was not read or written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log did not take it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What exports are kept with.
pub struct ExportDeskParts {
    /// The log.
    pub archive: Archive,
    /// The way into it.
    pub writer: Writer,
    /// Clock and ids.
    pub ambient: Ambient,
    /// How much there may be of what.
    pub limits: ExportLimits,
    /// Counts.
    pub numbers: ExportNumbers,
}

/// Takes wishes, and hands out files. Cheap to clone.
#[derive(Clone)]
pub struct ExportDesk(Arc<ExportDeskParts>);

/// A file that can be taken.
#[derive(Debug, Clone)]
pub struct Taking {
    /// The export.
    pub export: Export,
    /// What was wanted.
    pub wish: ExportWish,
}

impl Taking {
    /// How many bytes it has.
    pub const fn bytes(&self) -> u64 {
        self.export.written.bytes
    }

    /// What its name ends with, and what it is.
    pub const fn kind(&self) -> (&'static str, &'static str) {
        kind(self.wish.format)
    }
}

impl ExportDesk {
    /// A desk.
    pub fn new(parts: ExportDeskParts) -> Self {
        Self(Arc::new(parts))
    }

    /// How much there may be of what.
    pub fn limits(&self) -> ExportLimits {
        self.0.limits
    }

    /// Takes a wish for a list that has so many merchants now. The log says it first: no file is made that it does not tell of.
    pub async fn ask(
        &self,
        tenant: TenantId,
        wish: &ExportWish,
        expected: u64,
        reason: Reason,
        origin: &Origin,
    ) -> Result<Export, ExportError> {
        let ExportDeskParts {
            archive,
            ambient,
            limits,
            ..
        } = &*self.0;
        if expected > limits.rows_max {
            return Err(ExportError::TooManyRows { most: limits.rows_max });
        }
        self.forget(tenant).await?;
        if self.is_full(tenant).await? {
            return Err(ExportError::TooManyExports);
        }
        let export = Export {
            id: ExportId::from_uuid(ambient.ids.uuid()),
            state: ExportState::Queued,
            wish: wish.to_text(),
            actor: origin.actor.clone(),
            correlation_id: origin.correlation_id,
            reason,
            created_at: ambient.now(),
            begun_at: None,
            ended_at: None,
            attempts: 0,
            expected,
            written: Written::default(),
            fault: None,
        };
        let access = Access::MerchantsExported {
            format: wish.format,
            rows: expected,
            filters: wish.filters(),
            with_numbers: wish.with_numbers,
            export_id: export.id,
            reason: Some(export.reason.clone()),
        };
        self.tell(tenant, access, origin).await?;
        if archive.reader().add_export(tenant, &export, limits.kept_max).await? {
            Ok(export)
        } else {
            Err(ExportError::TooManyExports)
        }
    }

    /// An export.
    pub async fn get(&self, tenant: TenantId, id: ExportId) -> Result<Export, ExportError> {
        let found = self.0.archive.reader().export(tenant, id).await?;
        found
            .filter(|export| self.expires_at(export).is_none_or(|end| self.0.ambient.now() < end))
            .ok_or(ExportError::NoSuchExport)
    }

    /// A page of a tenant's exports, the newest first.
    pub async fn list(
        &self,
        tenant: TenantId,
        before: Option<ExportPosition>,
        limit: PageSize,
    ) -> Result<Vec<Export>, ExportError> {
        let mut found = self.0.archive.reader().exports(tenant, before, limit).await?;
        let now = self.0.ambient.now();
        found.retain(|export| self.expires_at(export).is_none_or(|end| now < end));
        Ok(found)
    }

    /// When an export is forgotten; none while it is yet to be made.
    pub fn expires_at(&self, export: &Export) -> Option<DateTime<Utc>> {
        Some(export.ended_at? + self.0.limits.kept_for)
    }

    /// Gives one up. One that has come to its end stays as it is.
    pub async fn cancel(&self, tenant: TenantId, id: ExportId) -> Result<Export, ExportError> {
        self.get(tenant, id).await?;
        let end = ExportEnd {
            state: ExportState::Cancelled,
            written: Written::default(),
            fault: None,
            at: self.0.ambient.now(),
        };
        self.0.archive.reader().end_export(tenant, id, None, end).await?;
        self.get(tenant, id).await
    }

    /// A file that is to be taken.
    pub async fn file(&self, tenant: TenantId, id: ExportId) -> Result<Taking, ExportError> {
        let export = self.get(tenant, id).await?;
        if !export.state.can_be_taken() {
            return Err(ExportError::NotReady(export.state));
        }
        let wish = ExportWish::from_text(&export.wish)?;
        Ok(Taking { export, wish })
    }

    /// Tells the log that somebody takes it, from a byte on. Before that, nothing of it is handed out.
    pub async fn tell_taken(
        &self,
        tenant: TenantId,
        id: ExportId,
        from: u64,
        origin: &Origin,
    ) -> Result<(), ExportError> {
        let access = Access::ExportTaken { export_id: id, from };
        self.tell(tenant, access, origin).await
    }

    /// In which pieces a part of a file stands.
    pub fn parts(range: RangeInclusive<u64>) -> impl Iterator<Item = (u32, usize, usize)> + Send {
        parts(range)
    }

    /// The bytes of a piece from where to where.
    pub async fn part(
        &self,
        tenant: TenantId,
        export: &Export,
        (number, from, until): (u32, usize, usize),
    ) -> Result<Vec<u8>, ExportError> {
        let archive = &self.0.archive;
        let piece = archive.reader().export_piece(tenant, export.id, number).await?;
        let piece = piece.ok_or(ExportError::Shut)?;
        let key = archive.key_of_file(export.id.as_uuid());
        let opened = key.open(place(export.attempts, number), &piece.sealed);
        let mut bytes = opened.map_err(|_| ExportError::Shut)?;
        if until > bytes.len() || from > until {
            return Err(ExportError::Shut);
        }
        bytes.truncate(until);
        bytes.drain(..from);
        self.0.numbers.taken(bytes.len() as u64);
        Ok(bytes)
    }

    /// Makes room: what is older than it is kept goes at once, and not when it is swept.
    async fn forget(&self, tenant: TenantId) -> Result<(), ExportError> {
        let before = self.0.ambient.now() - self.0.limits.kept_for;
        Ok(self.0.archive.reader().forget_exports(tenant, before).await?)
    }

    async fn is_full(&self, tenant: TenantId) -> Result<bool, ExportError> {
        let most = self.0.limits.kept_max;
        let kept = self.0.archive.reader().exports(tenant, None, PageSize::clamped(most));
        Ok(kept.await?.len() >= most as usize)
    }

    async fn tell(&self, tenant: TenantId, access: Access, origin: &Origin) -> Result<(), ExportError> {
        let submission = Submission {
            tenant_id: tenant,
            origin: origin.clone(),
            idempotency: None,
            order: Order::Tenant(Command::RecordAccess(access)),
        };
        match self.0.writer.submit(submission).await? {
            Outcome::Written(_) => Ok(()),
            // Only a tenant that is not there refuses it, and a fact of the tenant carries no key.
            Outcome::Replayed(_) | Outcome::KeyReused | Outcome::Refused(_) | Outcome::TenantRefused(_) => {
                Err(WriteError::Failed.into())
            }
        }
    }
}
