//! Passwords: what may be one, and how it is kept.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use registry_domain::people::EmailAddress;
use registry_domain::unicode::composed;
use registry_journal::port::PasswordHash;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::error::SignInError;

/// Fewest characters of a password.
pub const PASSWORD_LENGTH_MIN: usize = 12;

/// Most characters of a password: hashing must not become work for whoever sends novels.
pub const PASSWORD_LENGTH_MAX: usize = 256;

/// How much memory hashing takes, in KiB, and how often it goes over it: what OWASP asks for. A second of two processors hashes
/// some forty.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// One password is hashed at a time: callbacks must not feel it.
const HASHED_AT_ONCE: usize = 1;

/// How many may wait for that.
const WAITING_MAX: usize = 32;

/// A hash that no password opens: whoever asks for an account that is not there waits as long as others.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`PASSWORD_LENGTH_MIN`] characters.
    #[error("must have at least {PASSWORD_LENGTH_MIN} characters")]
    TooShort,
    /// More than [`PASSWORD_LENGTH_MAX`] characters.
    #[error("must have at most {PASSWORD_LENGTH_MAX} characters")]
    TooLong,
    /// The address, or what stands before its `@`, is most of it.
    #[error("must not be made of the e-mail address")]
    LikeTheAddress,
    /// One or two characters, over and over.
    #[error("must not repeat one or two characters")]
    Repetitive,
}

/// A password as somebody typed it, in one spelling: 가 is one character whatever it was typed on. Gone when it is let go.
pub(crate) struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// For comparing: none if it is longer than any password.
    pub(crate) fn presented(text: &str) -> Option<Self> {
        let composed = composed(text);
        let fits = composed.chars().count() <= PASSWORD_LENGTH_MAX;
        fits.then(|| Self(Zeroizing::new(composed.as_bytes().to_vec())))
    }

    /// For keeping.
    pub(crate) fn chosen(text: &str, email: &EmailAddress) -> Result<Self, PasswordError> {
        let password = Self::presented(text).ok_or(PasswordError::TooLong)?;
        let composed = composed(text);
        if composed.chars().count() < PASSWORD_LENGTH_MIN {
            return Err(PasswordError::TooShort);
        }
        let mut kinds: Vec<_> = composed.chars().collect();
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.len() <= 2 {
            return Err(PasswordError::Repetitive);
        }
        let lower = composed.to_lowercase();
        let local = email.as_str().split('@').next().unwrap_or_default();
        let rest = lower.replace(email.as_str(), "").replace(local, "");
        if rest.len() < lower.len() && rest.chars().count() < PASSWORD_LENGTH_MIN / 2 {
            return Err(PasswordError::LikeTheAddress);
        }
        Ok(password)
    }
}

/// Hashes passwords, one after the other.
pub(crate) struct Hasher {
    at_once: Arc<Semaphore>,
    waiting: Semaphore,
}

/// Whoever has it is the only one who hashes.
pub(crate) struct Turn<'a> {
    at_once: tokio::sync::OwnedSemaphorePermit,
    waiting: tokio::sync::SemaphorePermit<'a>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(HASHED_AT_ONCE)),
            waiting: Semaphore::new(WAITING_MAX),
        }
    }

    /// Waits for one's turn; refuses where too many wait already.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, SignInError> {
        let waiting = self.waiting.try_acquire().map_err(|_| SignInError::Busy)?;
        let at_once = Arc::clone(&self.at_once).acquire_owned().await;
        Ok(Turn {
            at_once: at_once.map_err(|_| SignInError::Busy)?,
            waiting,
        })
    }
}

impl Turn<'_> {
    /// The hash of a password under a new salt.
    pub(crate) async fn hash(self, password: Password, salt: [u8; 16]) -> Result<PasswordHash, SignInError> {
        let at_once = self.at_once;
        let hashed = spawn_blocking(move || {
            // Whoever gives up waiting does not let the next one in before this is done.
            let _at_once = at_once;
            argon2()?.hash_password_with_salt(&password.0, &salt).ok()
        });
        let hash = hashed.await.ok().flatten().ok_or(SignInError::Hashing)?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// Whether a password is the one that was kept. Where none was kept it takes as long and is not. Gives the turn back.
    pub(crate) async fn verify(self, password: Password, kept: Option<PasswordHash>) -> (bool, Self) {
        let kept = kept.map_or_else(|| NOBODYS.to_owned(), |hash| hash.0);
        let (at_once, waiting) = (self.at_once, self.waiting);
        let verified = spawn_blocking(move || {
            let is_right = argon2().is_some_and(|argon2| argon2.verify_password(&password.0, kept.as_str()).is_ok());
            (is_right, at_once)
        });
        match verified.await {
            Ok((is_right, at_once)) => {
                let turn = Self { at_once, waiting };
                (is_right, turn)
            }
            // It panicked, which it never does. There is no turn left to give back.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<(), PasswordError> {
        let email = EmailAddress::parse("kim.ops@example.test").unwrap();
        Password::chosen(text, &email).map(drop)
    }

    #[test]
    fn what_may_be_a_password() {
        assert_eq!(chosen("correct horse battery"), Ok(()));
        assert_eq!(chosen("가나다라마바사아자차카타"), Ok(()));
        assert_eq!(chosen("short"), Err(PasswordError::TooShort));
        assert_eq!(chosen(&"ab".repeat(129)), Err(PasswordError::TooLong));
        assert_eq!(chosen("abababababababab"), Err(PasswordError::Repetitive));
        assert_eq!(chosen("kim.ops@example.test"), Err(PasswordError::LikeTheAddress));
        assert_eq!(chosen("Kim.Opskim.ops12"), Err(PasswordError::LikeTheAddress));
    }

    #[tokio::test]
    async fn a_password_opens_its_hash_however_it_was_typed() {
        let hasher = Hasher::new();
        let email = EmailAddress::parse("kim@example.test").unwrap();
        let password = Password::chosen("비밀번호는 길수록 좋다", &email).unwrap();
        let hash = hasher.turn().await.unwrap().hash(password, [7; 16]).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        // The same in letters of their own, as another keyboard types them.
        let decomposed: String = "비밀번호는 길수록 좋다".chars().flat_map(decompose).collect();
        assert_ne!(decomposed, "비밀번호는 길수록 좋다");
        for (text, opens) in [
            ("비밀번호는 길수록 좋다", true),
            (decomposed.as_str(), true),
            ("비밀번호는 길수록 좋다 ", false),
            ("", false),
        ] {
            let turn = hasher.turn().await.unwrap();
            let (is_right, _turn) = turn
                .verify(Password::presented(text).unwrap(), Some(hash.clone()))
                .await;
            assert_eq!(is_right, opens, "{text}");
        }
    }

    fn decompose(syllable: char) -> Vec<char> {
        let index = match u32::from(syllable).checked_sub(0xac00) {
            Some(index) if index < 11_172 => index,
            _ => return vec![syllable],
        };
        let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11a7 + index % 28];
        let shown = parts.into_iter().filter(|part| *part != 0x11a7);
        shown.filter_map(char::from_u32).collect()
    }

    #[tokio::test]
    async fn nobody_has_nobodys_password() {
        use argon2::password_hash::phc;

        assert!(phc::PasswordHash::new(NOBODYS).is_ok(), "it takes as long as any other");
        let hasher = Hasher::new();
        let turn = hasher.turn().await.unwrap();
        let (is_right, _turn) = turn.verify(Password::presented("nobody").unwrap(), None).await;
        assert!(!is_right);
    }

    #[tokio::test]
    async fn whoever_comes_while_too_many_wait_is_told_so() {
        let hasher = Hasher::new();
        let turn = hasher.turn().await.unwrap();
        let mut waiting: Vec<_> = (1..WAITING_MAX).map(|_| Box::pin(hasher.turn())).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        assert!(matches!(hasher.turn().await, Err(SignInError::Busy)));
        drop(turn);
        assert!(futures::poll!(&mut waiting[0]).is_ready());
    }
}
