//! What Paymint sends.

pub mod door;
pub mod payload;
