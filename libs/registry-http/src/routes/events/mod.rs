//! The feed: everything that happened to a tenant, in the order of its log.

pub mod feed;
pub mod live;
mod log;
pub mod stream;
