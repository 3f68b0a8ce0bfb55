//! What a merchant can be asked to do, and what it can be told. A command holds what its sender knows, and nothing else.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::call::CallFailure;
use super::claim::{Claim, Redrive};
use super::link::{RedirectUrl, RegistrationUrl};
use super::reading::Reading;
use super::stage::Stage;
use super::visit::Visit;
use crate::alerts::AlertRefusal;
use crate::codes::Reference;
use crate::ids::{AlertId, EventId, LinkId, MerchantId, Version};
use crate::text::{Label, Note};
use crate::{Adjustment, BusinessNumber};

/// What a tenant says about a shop when it registers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The natural key.
    pub reference: Reference,
    /// 사업장명.
    pub company_name: Option<Label>,
    /// 지점명.
    pub branch_name: Option<Label>,
    /// 사업자등록번호.
    pub business_number: Option<BusinessNumber>,
    /// At most [`super::TAGS_MAX`].
    pub tags: Vec<Label>,
    /// At most [`super::METADATA_MAX`] entries.
    pub metadata: BTreeMap<String, Label>,
}

/// What becomes of the tenant's own data about a shop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MetadataChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is this from now on, at most [`super::METADATA_MAX`] entries.
    Replace(BTreeMap<String, Label>),
    /// These entries are set, or taken away where nothing is said; the others stay.
    Merge(BTreeMap<String, Option<Label>>),
}

/// A change of what the tenant keeps about a shop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DetailsChange {
    /// 사업장명.
    pub company_name: Adjustment<Label>,
    /// 지점명.
    pub branch_name: Adjustment<Label>,
    /// 사업자등록번호.
    pub business_number: Adjustment<BusinessNumber>,
    /// The tags, whole. `None` = leave them as they are.
    pub tags: Option<Vec<Label>>,
    /// The tenant's own data.
    pub metadata: MetadataChange,
}

/// Everything a merchant can be asked or told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Register the shop.
    Register(Box<Registration>),
    /// Change the tenant's own data.
    ChangeDetails(Box<DetailsChange>),
    /// Put the shop away.
    Archive,
    /// Take the shop back.
    Restore,
    /// Begin to issue a registration URL.
    RequestLink {
        /// The id of the link to be.
        link_id: LinkId,
        /// Where the shop shall be sent afterwards.
        redirect_url: Option<RedirectUrl>,
    },
    /// Upstream issued the URL.
    RecordLinkIssued {
        /// The link.
        link_id: LinkId,
        /// The URL.
        url: RegistrationUrl,
    },
    /// Upstream did not issue the URL.
    RecordLinkFailed {
        /// The link.
        link_id: LinkId,
        /// Why.
        failure: CallFailure,
    },
    /// Take a link back.
    RevokeLink {
        /// The link.
        link_id: LinkId,
    },
    /// A callback came in.
    ReceiveCallback(Box<Claim>),
    /// Upstream was asked and answered.
    RecordReading(Box<Reading>),
    /// Upstream did not answer in time: let go of the claims that are held since this moment or longer.
    ReleaseHold {
        /// Now, less the tenant's hold time.
        requested_until: DateTime<Utc>,
    },
    /// Drive a callback again. Its receipt is the original one: it is judged by when it first came.
    RedriveCallback(Box<Claim>, Redrive),
    /// Give up a callback in quarantine.
    DiscardCallback {
        /// The event that recorded it.
        event_id: EventId,
        /// Why.
        reason: Label,
    },
    /// Write a note on the shop.
    AddNote(Note),
    /// The shop did something at its own pages.
    RecordVisit {
        /// What.
        visit: Visit,
        /// Now, less the time in which doing the same again is no news.
        quiet_since: DateTime<Utc>,
    },
    /// Find out whether somebody is to be told of the shop.
    JudgeAlerts {
        /// The id of an alert to be.
        alert_id: AlertId,
        /// After how many business days a wait in a stage is unusual for the tenant's shops, as far as that is known.
        unusual: Vec<(Stage, u16)>,
        /// Now.
        now: DateTime<Utc>,
    },
    /// Take note of an alert.
    AcknowledgeAlert {
        /// Which.
        alert_id: AlertId,
        /// Only if it was changed last by this event.
        expected: Option<Version>,
    },
    /// Put an alert to sleep, or wake it.
    SnoozeAlert {
        /// Which.
        alert_id: AlertId,
        /// Until when; none for from now on again.
        until: Option<DateTime<Utc>>,
        /// Only if it was changed last by this event.
        expected: Option<Version>,
    },
}

/// Why a link cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// `/auth/mapping` takes codes of at most 30 characters.
    #[error("a registration URL can be issued only for codes of at most 30 characters")]
    CodesTooLong,
    /// The shop is archived.
    #[error("the merchant is archived")]
    Archived,
    /// The shop has as many links as one may have.
    #[error("the merchant has too many registration links")]
    TooManyLinks,
}

/// Why a command was refused. Reports from upstream are never refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such merchant.
    #[error("no such merchant")]
    NoSuchMerchant,
    /// The natural key is taken.
    #[error("a merchant with these codes exists")]
    ReferenceTaken {
        /// By this one.
        existing: MerchantId,
    },
    /// The caller has seen another version than the current one.
    #[error("the merchant has changed")]
    VersionMismatch {
        /// The current version.
        current: Version,
    },
    /// The merchant has no such link, or that link is past what was asked for.
    #[error("no such link, or it is settled already")]
    NoSuchLink,
    /// No such callback is in quarantine.
    #[error("no such callback is in quarantine")]
    NotQuarantined,
    /// The merchant's personal data was destroyed: nothing personal is kept of it any more.
    #[error("the merchant was erased")]
    Erased,
    /// With what is added, the tenant would keep more entries of its own than it may.
    #[error("a merchant may have at most {} entries of metadata", super::METADATA_MAX)]
    TooMuchMetadata,
    /// Nothing can be said to the alert.
    #[error(transparent)]
    Alert(#[from] AlertRefusal),
    /// A link cannot be asked for.
    #[error(transparent)]
    Link(#[from] LinkRefusal),
}
