//! People: how they are called, and what they may do for a tenant.
//!
//! Who a person is (address, name, password) stands in rows and never in a log. The log knows them by id.

mod email;
mod groups;
mod rights;
mod sign_in;
#[cfg(test)]
mod tests;

pub use email::{EMAIL_LENGTH_MAX, EmailAddress, EmailError};
pub use groups::{MappingChange, mapping_changes};
pub use rights::{Extra, Member, Rights, RightsError, Role};
pub use sign_in::{LinkPurpose, SignInMethod};
