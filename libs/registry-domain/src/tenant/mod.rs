//! A tenant: one partner of Paymint, with its upstream contract and its API keys.

mod command;
mod decide;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use command::{Command, Creation, KeyIssue, Refusal, UnclaimedClaim, Upstream};
pub use decide::decide;
pub use event::Event;
pub use state::{ApiKey, KEYS_MAX, Scope, SecretHash, Slug, SlugError, Tenant, TenantState, UpstreamEndpoint, evolve};
