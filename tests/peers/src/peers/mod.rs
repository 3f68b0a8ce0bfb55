//! The peers, each used as its own documentation says.

pub mod disintegrate;
pub mod es_entity;
pub mod esrs;
pub mod eventcore;
pub mod postgres_es;
