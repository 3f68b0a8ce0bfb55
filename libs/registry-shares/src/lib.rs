//! Who may have how much of what all share: places and bytes at once, requests over time.
//!
//! No step of the flow: whoever serves or calls holds its limits by it. It knows tenants by their id and nothing else; what a
//! limit is about, and what is said to whoever meets it, is its user's business.

pub mod rates;
pub mod room;
