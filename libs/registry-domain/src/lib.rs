//! The core: what a merchant and a tenant are, which commands they take, which events follow.
//!
//! Everything here is synchronous and pure. This crate knows no storage, no network, no clock, no serialisation:
//! time and ids come in as arguments, and the events it returns are written down by somebody else.
//!
//! Read in this order: [`ids`], [`unicode`], [`codes`], [`business`], [`text`] (values that cannot be wrong), [`review`] (what
//! upstream says), [`merchant`] (state, command, event, [`merchant::decide`], [`merchant::evolve`]), [`calendar`] (business days), [`alerts`] (what waits too long), [`destinations`] (who is told), [`people`] (who may do what),
//! [`tenant`], [`search`] (what a merchant is found by), [`waits`] (how long shops wait, and what is usual), [`views`] (what people keep of their questions), [`jobs`] (one wish for many shops).

pub mod actor;
mod adjustment;
pub mod alerts;
pub mod business;
pub mod calendar;
mod causes;
pub mod codes;
pub mod destinations;
pub mod exports;
mod words;

pub mod ids;
pub mod jobs;
pub mod merchant;
pub mod people;
pub mod review;
pub mod search;
pub mod tenant;
pub mod text;
pub mod unicode;
pub mod views;
pub mod waits;

pub use actor::{Actor, Channel, CorrelationId, OnBehalfOf};
pub use adjustment::Adjustment;
pub use business::{BusinessNumber, ReportedNumber};
pub use causes::causes;
pub use codes::{MemberCode, MerchantCode, Reference};
pub use ids::{
    AlertId, DeliveryId, DestinationId, EventId, ExportId, ImportId, JobId, KeyId, LinkId, MerchantId, PersonId,
    PlanId, Seq, SessionId, Stamp, TenantId, UnclaimedId, Version, ViewId,
};
pub use text::{FreeText, Label, Note};
