//! A tenant's events as they are written.

mod access;
mod read;
mod shapes;
mod write;

pub(crate) use access::merchant_of;
pub(super) use read::{into_domain, secret_hash};
pub(crate) use write::from_domain;
