//! How people come in.

use crate::words::words;

/// By what somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInMethod {
    /// A password.
    Password,
    /// The OpenID provider's word.
    Oidc,
    /// A link that an operator made, and that works once.
    Link,
}

words!(SignInMethod {
    Password => "password",
    Oidc => "oidc",
    Link => "link",
});

/// What a link that works once is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Set a password.
    Invitation,
    /// Sign in, at once.
    SignIn,
}

words!(LinkPurpose {
    Invitation => "invitation",
    SignIn => "sign_in",
});
