//! For whoever runs the installation.

pub mod livez;
pub mod metrics;
pub mod readyz;
