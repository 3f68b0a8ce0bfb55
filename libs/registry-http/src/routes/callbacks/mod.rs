//! What Paymint sends.

pub mod door;
pub mod payload;
pub mod redrive;
