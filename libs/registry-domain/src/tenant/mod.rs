//! A tenant: one partner of Paymint, with its upstream contract, its settings and its API keys.

mod access;
mod alerting;
mod command;
mod context;
mod decide;
mod event;
mod evolve;
mod keys;
mod return_url;
mod settings;
mod state;
#[cfg(test)]
mod tests;

pub use access::{Access, AuditOutcome};
pub use command::{
    Command, Creation, ExpectedRule, KeyIssue, KeyRotation, LastManager, ListedPair, Refusal, SilentLinks,
    UnclaimedClaim, UnclaimedResolution, Upstream,
};
pub use context::{Context, UnclaimedStanding};
pub use decide::decide;
pub use event::Event;
pub use evolve::evolve;
pub use return_url::ReturnUrl;
pub use settings::{CallPath, FieldName, HoldTime, ReadBack, SettingError, Settings, SettingsChange, SilenceDays};
pub use state::{
    ApiKey, KEY_NETWORKS_MAX, KEYS_MAX, LowBalance, MEMBERS_MAX, RESERVED_SLUGS, Scope, SecretHash, Slug, SlugError,
    Tenant, TenantState, UpstreamEndpoint, UpstreamPause,
};
