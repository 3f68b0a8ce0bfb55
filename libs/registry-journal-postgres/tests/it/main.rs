//! The promises that every adapter keeps, and what is PostgreSQL's own: who may see and do what, which way each
//! statement takes, several processes side by side, and servers and networks that fail.

mod clocks;
mod cluster;
mod contract;
mod harness;
mod list_plans;
mod plans;
mod pooler;
mod processes;
mod proxy;
mod schema;
mod trouble;
mod walls;
