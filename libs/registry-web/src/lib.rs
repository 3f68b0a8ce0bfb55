//! What everything that is served over HTTP stands on: connections with limits, whose request it is, in which language it
//! is answered, how much memory bodies may take.
//!
//! This crate knows no merchant, no route and no storage: the API and the console are served by it alike.
//!
//! Read in this order: [`mod@serve`] (connections), [`forwarded`] and [`language`] (what the head of a request says),
//! [`context`] (what is known before a handler runs), [`failures`] (who tries secrets), [`room`] (memory for
//! bodies), [`body`] (reading one).

pub mod body;
pub mod context;
pub mod failures;
pub mod forwarded;
pub mod language;
pub mod room {
    //! Memory for bodies: how many bytes of requests may be in this process at once, and who may have how many of them.

    pub use registry_shares::room::{Holder, NoRoom, Place, Room};
}
pub mod serve;

/// Errors in log lines.
pub use registry_domain::causes;

pub use context::RequestContext;
pub use language::Language;
pub use serve::{Gate, GateLimits, ServeError, ServeLimits, serve};
