//! Payment approvals.

pub mod callback_url;
pub mod list;
