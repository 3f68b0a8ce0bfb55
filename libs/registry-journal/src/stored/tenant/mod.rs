//! A tenant's events as they are written.

mod read;
mod shapes;
mod write;

pub(super) use read::{into_domain, secret_hash};
pub(crate) use write::from_domain;
