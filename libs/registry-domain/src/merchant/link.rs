//! The URLs of a registration link.

use std::fmt;

/// Text that must not be printed by accident: URLs that let somebody in.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that may send or store it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}

/// The URL at which a shop fills in its registration at Paymint.
pub type RegistrationUrl = SecretText;

/// Where the tenant wants the shop to be sent after its registration.
pub type RedirectUrl = SecretText;
