//! Signing in with an address and a password.

use registry_domain::people::{EmailAddress, SignInMethod};

use crate::error::SignInError;
use crate::links::HOME;
use crate::password::Password;
use crate::people::People;
use crate::report::Refused;
use crate::sessions::{Browser, NewSession};
use crate::throttle::{FORGOTTEN_AFTER, Suspects};

impl People {
    /// Signs somebody in who knows the password of an account. One who does not hears the same, after the same time, whether
    /// or not there is such an account; and the more often that happens, the longer the next one waits.
    pub async fn sign_in_with_password(
        &self,
        email: &str,
        password: &str,
        browser: &Browser,
    ) -> Result<NewSession, SignInError> {
        if !self.inner.config.local_accounts {
            return Err(self.refused(Refused::PasswordsOff, SignInError::PasswordsOff));
        }
        let presented = EmailAddress::parse(email).ok().zip(Password::presented(password));
        let Some((email, password)) = presented else {
            // What cannot be an address or a password is nobody's.
            return Err(self.refused(Refused::Credentials, SignInError::Refused));
        };
        let suspects = Suspects::new(&self.inner.config.key, &email, browser.address);
        // Whoever guesses takes turns with everybody else: so no two guesses are looked at on the ground of one count.
        let turn = self.inner.hasher.turn(browser.address).await?;
        let now = self.now();
        let failures = self.store().sign_in_failures(&suspects.all()).await?;
        let person = self.store().person_by_email(&email).await?;
        let whose = person.as_ref().map(|person| person.id);
        let refused = |reason, error| match whose {
            Some(person) => self.kept_out(person, browser, reason, error),
            None => self.refused(reason, error),
        };
        if let Some(retry_after) = suspects.wait(&failures, now) {
            return Err(refused(Refused::Slowed, SignInError::Slowed { retry_after }));
        }
        let kept = person.as_ref().and_then(|person| person.password_hash.clone());
        let (is_right, turn) = turn.verify(password, kept).await;
        let found = person.filter(|person| is_right && person.disabled_at.is_none());
        let Some(person) = found else {
            let (at, forgotten) = (self.now(), self.now() - FORGOTTEN_AFTER);
            let noted = self.store().note_sign_in_failure(&suspects.all(), at, forgotten).await;
            drop(turn);
            noted?;
            return Err(refused(Refused::Credentials, SignInError::Refused));
        };
        drop(turn);
        self.store().forget_sign_in_failures(suspects.account()).await?;
        self.begin_session(person, SignInMethod::Password, None, browser, HOME.to_owned())
            .await
    }
}
