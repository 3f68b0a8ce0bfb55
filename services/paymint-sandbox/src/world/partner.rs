//! How it stands with one partner.

use serde::{Deserialize, Serialize};

/// The points in a partner's wallet at the beginning.
const POINTS: i32 = 1_000_000;

/// How it stands with one partner, as `PUT /_sandbox/partners/{number}` takes it. What is left out is as at the
/// beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Partner {
    /// The points in its wallet.
    pub(crate) points: i32,
    /// The result code with which every call of it is refused, such as `PARTNER_006`.
    pub(crate) refused_with: Option<String>,
}

impl Default for Partner {
    fn default() -> Self {
        Self {
            points: POINTS,
            refused_with: None,
        }
    }
}
