//! The harness of the whole-app tests: the real service on a real port, a sandbox upstream over HTTP, a real
//! nats-server, fresh files. It knows the service from outside; only where a test runs it in its own process, from
//! inside.
//!
//! Read in this order: [`settings`] (what the environment gives), [`logs`] (where everything is written, and what must
//! not be), [`api`] (a client), [`sandbox`] (the upstream), [`nats`] (a server, and what stands in it), [`clock`] and [`app`] (the
//! service in this process), [`process`] (the real program), [`dev`] (the same as a person sees it), [`callback`] (callbacks without the
//! sandbox), [`raw`] (bytes on a connection), [`sinks`] (whoever takes messages), [`storm`] (many lives in bad weather).

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness panics whenever a test cannot go on: that is its way to fail"
)]

pub mod settings;

pub mod logs;

pub mod api;
pub mod sandbox;

pub mod nats;
pub mod postgres;

mod audit;
pub mod tenant;

pub mod clock;

pub mod app;
pub mod dev;
pub mod process;

pub mod callback;
pub mod raw;
pub mod sinks;

pub mod storm;

pub use api::{Answer, Api, until};
pub use app::TestApp;
pub use audit::check_published;
pub use nats::TestNats;
pub use process::{Installation, Process, write_key};
pub use sandbox::TestSandbox;
pub use tenant::TestTenant;

/// Nothing that a test waits for takes this long.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// A business number with a right check digit.
pub const BUSINESS_NUMBER: &str = "1178178260";
