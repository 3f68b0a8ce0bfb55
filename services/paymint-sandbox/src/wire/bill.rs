//! The calls about bills.

pub(super) mod cancel;
pub(super) mod create;
pub(super) mod destroy;
pub(super) mod read;
pub(super) mod resend;
pub(super) mod rp;

/// What most answers about bills repeat of the call.
const ECHOED: [&str; 3] = ["apiKey", "member", "merchant"];
