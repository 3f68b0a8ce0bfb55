//! The calls about cards on file. Only their names are documented; the fields are our reading.

pub(super) mod delete;
pub(super) mod manage;
pub(super) mod read;
