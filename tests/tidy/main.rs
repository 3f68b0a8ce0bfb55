//! The repository tests itself: what would otherwise be asked of every reviewer. A failure says what to do.

mod repository;

mod documents;
mod edges;
mod manifests;
mod migrations;
mod released;
mod schemas;
mod sizes;
mod statements;
mod words;
