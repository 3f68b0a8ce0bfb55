//! Why somebody does not come in, or a membership does not change.

use chrono::TimeDelta;
use registry_domain::tenant;
use registry_journal::{ReadError, WriteError};

use crate::password::PasswordError;

/// Why somebody does not come in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Address and password do not open anything. Why is not said: the answer must not tell whether there is such an account.
    #[error("the address or the password is wrong")]
    Refused,
    /// Too many sign-ins failed of late. This one was not looked at.
    #[error("too many sign-ins failed of late")]
    Slowed {
        /// After which time another one is looked at.
        retry_after: TimeDelta,
    },
    /// Too many people sign in at this moment.
    #[error("too many people are signing in")]
    Busy,
    /// Nobody signs in with a password here.
    #[error("signing in with a password is switched off")]
    PasswordsOff,
    /// There is no OpenID provider.
    #[error("no OpenID provider is set up")]
    OidcOff,
    /// The link was used, has expired, or never was.
    #[error("the link works no longer")]
    LinkUnusable,
    /// The password that was chosen cannot be taken.
    #[error("the password cannot be taken")]
    PasswordUnfit(#[from] PasswordError),
    /// The provider knows the person, and nothing here is open to them.
    #[error("nothing is open to this person")]
    NoRights {
        /// Their groups, as the provider calls them: somebody must map one to a role.
        groups: Vec<String>,
    },
    /// An operator keeps the person out.
    #[error("the person is kept out")]
    Disabled,
    /// The provider cannot be reached, or answers nonsense: others can still sign in with a password.
    #[error("the OpenID provider does not answer as it should")]
    ProviderUnreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The provider said no, or what it said proves nothing.
    #[error("the OpenID provider's answer proves nothing: {0}")]
    ProviderRefused(&'static str),
    /// The browser came back without what it took along, or too late: it begins anew.
    #[error("the sign-in was begun elsewhere or too long ago")]
    RoundTripLost,
    /// Storage could not be asked.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A membership could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Hashing failed, which it never should.
    #[error("a password cannot be hashed")]
    Hashing,
}

impl SignInError {
    /// Whether it is the installation's fault: to be logged, and answered with a status of the 500s.
    pub const fn is_ours(&self) -> bool {
        match self {
            Self::Read(_) | Self::Write(_) | Self::Hashing | Self::ProviderUnreachable(_) => true,
            Self::Refused
            | Self::Slowed { .. }
            | Self::Busy
            | Self::PasswordsOff
            | Self::OidcOff
            | Self::LinkUnusable
            | Self::PasswordUnfit(_)
            | Self::NoRights { .. }
            | Self::Disabled
            | Self::ProviderRefused(_)
            | Self::RoundTripLost => false,
        }
    }
}

/// Why a membership does not change.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The tenant's rules do not allow it.
    #[error(transparent)]
    Refused(#[from] tenant::Refusal),
    /// The address belongs to somebody whom others know, and nobody vouches that it is the same person.
    #[error("the address belongs to somebody who is known here already")]
    KnownElsewhere,
    /// Storage could not be asked.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
