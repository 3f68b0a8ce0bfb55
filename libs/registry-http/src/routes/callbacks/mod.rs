//! What Paymint sends.

pub mod door;
pub mod payload;
mod reading;
pub mod redrive;
