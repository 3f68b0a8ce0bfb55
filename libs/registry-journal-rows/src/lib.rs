//! Rows as the databases give them, and what they are: what a column means is said once, for all engines.
//!
//! The step between an engine and the port. This crate knows the domain and the port's rows. It knows no driver, no key and no task:
//! nothing here waits or opens what is sealed. Each field is the column of its name, or what a statement calls it. A row that does not
//! fit names its table and key.
//!
//! Read in this order: [`RawValue`] (a column), [`RawRow`] and [`Found`] (a row), then a file for each kind of row; [`list`]
//! goes the other way: it writes the statements that are made at run time.

mod alerts;
mod audit;
mod counts;
mod deliveries;
mod exports;
mod imports;
mod insight;
mod jobs;
pub mod list;
mod log;
mod merchants;
mod people;
mod projected;
mod tenants;
mod views;
mod worklist;

use chrono::{DateTime, Utc};
use registry_domain::{MemberCode, MerchantCode, Reference};
use registry_journal::port::{Inconsistency, Loaded};
use uuid::Uuid;

pub use alerts::{RawAlertCount, RawLateMerchant, alert_rank};
pub use audit::RawAuditEntry;
pub use counts::{CountChanges, CountedStep};
pub use deliveries::{RawDelivery, RawDueThere, RawMoment};
pub use exports::{RawDueExport, RawExport, RawExportPiece};
pub use imports::{RawImportFile, RawRowSource};
pub use insight::{RawStandingCount, RawStayCount, RawStepCount, RawWrongCount, day_number};
pub use jobs::{RawDueJob, RawJob, RawJobRow, RawJobRowCode, details_text, merchant_or_nobody, tag_texts};
pub use log::{RawEvent, RawHead, RawKey, RawStream};
pub use merchants::{
    RawBusinessNumber, RawFacetCount, RawIdempotency, RawKeptCount, RawListedMerchant, RawListedThen, RawMerchant,
    RawMerchantCode, RawMerchantId, RawOwnedMerchant, RawPendingLink, RawSortKey,
};
pub use people::{
    RawCensus, RawPerson, RawPersonLink, RawRoleMapping, RawSession, RawSessionOfPerson, RawSignInFailures,
};
pub use projected::RawProjection;
pub use tenants::{RawKeyUse, RawOwnedTenant, RawPayers, RawPublishCursor, RawSlug, RawTenant, RawTenantHead};
pub use views::{RawDefaultView, RawView, column_words};
pub use worklist::{
    RawApproval, RawAskedAbout, RawDueQuestion, RawHealth, RawQuarantine, RawQuarantineCount, RawQuestionCounts,
    RawSilentLinks, RawUnclaimed,
};

/// A row as an answer to a question.
pub trait RawRow {
    /// What it is.
    type Row;

    /// Reads it.
    fn into_row(self) -> Result<Self::Row, Inconsistency>;
}

/// A number says everything itself.
impl RawRow for i64 {
    type Row = Self;

    fn into_row(self) -> Result<Self, Inconsistency> {
        Ok(self)
    }
}

/// A row that a batch sees.
pub trait Found {
    /// Reads it and puts it where it belongs.
    fn add_to(self, loaded: &mut Loaded) -> Result<(), Inconsistency>;
}

/// A value that no row of ours holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column {0} holds a value that was never written")]
pub struct BadColumn(pub &'static str);

/// A value of a column, as an engine keeps it.
pub trait RawValue<Value> {
    /// What it stands for.
    fn read(self, column: &'static str) -> Result<Value, BadColumn>;
}

/// What an engine keeps just as it is.
macro_rules! kept_as_it_is {
    ($($kept:ty),+) => {
        $(impl RawValue<$kept> for $kept {
            fn read(self, _column: &'static str) -> Result<$kept, BadColumn> {
                Ok(self)
            }
        })+
    };
}

kept_as_it_is!(DateTime<Utc>, String, Uuid);

/// Microseconds since 1970.
impl RawValue<DateTime<Utc>> for i64 {
    fn read(self, column: &'static str) -> Result<DateTime<Utc>, BadColumn> {
        DateTime::from_timestamp_micros(self).ok_or(BadColumn(column))
    }
}

/// The inverse of [`bigint`].
impl RawValue<u64> for i64 {
    fn read(self, column: &'static str) -> Result<u64, BadColumn> {
        u64::try_from(self).map_err(|_| BadColumn(column))
    }
}

impl RawValue<[u8; 32]> for Vec<u8> {
    fn read(self, column: &'static str) -> Result<[u8; 32], BadColumn> {
        self.try_into().map_err(|_| BadColumn(column))
    }
}

impl RawValue<String> for Vec<u8> {
    fn read(self, column: &'static str) -> Result<String, BadColumn> {
        String::from_utf8(self).map_err(|_| BadColumn(column))
    }
}

impl RawValue<Uuid> for Vec<u8> {
    fn read(self, column: &'static str) -> Result<Uuid, BadColumn> {
        Uuid::from_slice(&self).map_err(|_| BadColumn(column))
    }
}

impl<Value, Raw: RawValue<Value>> RawValue<Option<Value>> for Option<Raw> {
    fn read(self, column: &'static str) -> Result<Option<Value>, BadColumn> {
        self.map(|raw| raw.read(column)).transpose()
    }
}

/// A number of ours as a database counts. No log grows that long.
pub fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn reference(member: &str, merchant: &str) -> Result<Reference, BadColumn> {
    Ok(Reference {
        member_code: MemberCode::recorded(member).map_err(|_| BadColumn("member_code"))?,
        merchant_code: MerchantCode::recorded(merchant).map_err(|_| BadColumn("merchant_code"))?,
    })
}
