//! A merchant's events as they are written.

mod read;
mod shapes;
mod write;

pub(super) use read::into_domain;
pub(crate) use write::from_domain;
