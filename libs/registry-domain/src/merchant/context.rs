//! What is known when a command is decided on, beside the merchant and what the command says.

use super::verdict::QuarantineStanding;
use crate::alerts::SetAlertRule;
use crate::calendar::Calendar;

/// What else the tenant has, as far as a registration must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// The same merchant code stands under another member.
    pub merchant_code_elsewhere: bool,
    /// The same business number stands under another merchant.
    pub business_number_elsewhere: bool,
}

/// What is known under the lock, as far as the command is about it. Whoever sends the command could only guess it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// What else the tenant has, for a registration.
    pub surroundings: Surroundings,
    /// How the callback stands that is driven again or given up.
    pub standing: QuarantineStanding,
    /// The merchant has the payment approval already, to the letter.
    pub knows_approval: bool,
    /// Of what the tenant wants to be told, for whoever judges that.
    pub alert_rules: Vec<SetAlertRule>,
    /// On which days the tenant works, for the same.
    pub calendar: Calendar,
}
