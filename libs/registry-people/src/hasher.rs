//! How passwords are kept and compared: one is hashed at a time, and who waits for that has a share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use registry_journal::port::PasswordHash;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::SignInError;
use crate::password::Password;
use crate::throttle::network_of;

/// How much memory hashing takes, in KiB, and how often it goes over it: what OWASP asks for. A second of two processors hashes
/// some forty.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// One password is hashed at a time: callbacks must not feel it.
const HASHED_AT_ONCE: usize = 1;

/// How many may wait for that.
const WAITING_MAX: usize = 32;

/// And how many from one address: behind it may sit an office, but not everybody.
const WAITING_PER_ADDRESS_MAX: usize = 8;

/// A hash that no password opens: whoever asks for an account that is not there waits as long as others.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords, one after the other.
pub(crate) struct Hasher {
    at_once: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

/// Who waits, and whose turn it is.
#[derive(Default)]
struct Waiting {
    total: usize,
    /// From where. None is somebody whose address is not known.
    by: HashMap<Option<IpAddr>, usize>,
}

/// A place among those who wait. Given back when dropped.
struct WaitingPlace<'a> {
    waiting: &'a Mutex<Waiting>,
    from: Option<IpAddr>,
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.total -= 1;
        if let Some(count) = waiting.by.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                waiting.by.remove(&self.from);
            }
        }
    }
}

/// Whoever has it is the only one who hashes.
pub(crate) struct Turn<'a> {
    at_once: tokio::sync::OwnedSemaphorePermit,
    waiting: WaitingPlace<'a>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(HASHED_AT_ONCE)),
            waiting: Mutex::default(),
        }
    }

    /// Waits for one's turn; refuses where too many wait already, at all or from the same address.
    pub(crate) async fn turn(&self, from: Option<IpAddr>) -> Result<Turn<'_>, SignInError> {
        let waiting = self.place(from.map(network_of))?;
        let at_once = Arc::clone(&self.at_once).acquire_owned().await;
        Ok(Turn {
            at_once: at_once.map_err(|_| SignInError::Busy)?,
            waiting,
        })
    }

    fn place(&self, from: Option<IpAddr>) -> Result<WaitingPlace<'_>, SignInError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = waiting.by.get(&from).copied().unwrap_or_default();
        if waiting.total >= WAITING_MAX || of_address >= WAITING_PER_ADDRESS_MAX {
            return Err(SignInError::Busy);
        }
        waiting.total += 1;
        waiting.by.insert(from, of_address + 1);
        Ok(WaitingPlace {
            waiting: &self.waiting,
            from,
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
    use registry_domain::people::EmailAddress;

    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_hash_however_it_was_typed() {
        let hasher = Hasher::new();
        let email = EmailAddress::parse("kim@example.test").unwrap();
        let password = Password::chosen("비밀번호는 길수록 좋다", &email).unwrap();
        let hash = hasher.turn(None).await.unwrap().hash(password, [7; 16]).await.unwrap();
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
            let turn = hasher.turn(None).await.unwrap();
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
        let turn = hasher.turn(None).await.unwrap();
        let (is_right, _turn) = turn.verify(Password::presented("nobody").unwrap(), None).await;
        assert!(!is_right);
    }

    #[tokio::test]
    async fn whoever_comes_while_too_many_wait_is_told_so() {
        let hasher = Hasher::new();
        let from = |office: usize| {
            Some(IpAddr::from([
                192,
                0,
                2,
                u8::try_from(office / WAITING_PER_ADDRESS_MAX).unwrap(),
            ]))
        };
        let turn = hasher.turn(from(0)).await.unwrap();
        let mut waiting: Vec<_> = (1..WAITING_MAX).map(|one| Box::pin(hasher.turn(from(one)))).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        assert!(matches!(hasher.turn(from(WAITING_MAX)).await, Err(SignInError::Busy)));
        drop(turn);
        assert!(futures::poll!(&mut waiting[0]).is_ready());
    }

    #[tokio::test]
    async fn one_address_does_not_keep_the_others_out() {
        let hasher = Hasher::new();
        let flooder: fn(u16) -> Option<IpAddr> = |last| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
        let _turn = hasher.turn(flooder(0)).await.unwrap();
        let mut flood: Vec<_> = (1..100).map(|last| Box::pin(hasher.turn(flooder(last)))).collect();
        let mut refused = 0;
        for one in &mut flood {
            refused += usize::from(matches!(
                futures::poll!(one),
                std::task::Poll::Ready(Err(SignInError::Busy))
            ));
        }
        assert_eq!(refused, 100 - WAITING_PER_ADDRESS_MAX);
        let mut other = Box::pin(hasher.turn(Some(IpAddr::from([192, 0, 2, 1]))));
        assert!(
            futures::poll!(&mut other).is_pending(),
            "there is room for somebody else"
        );
        drop(flood);
        assert_eq!(
            hasher.waiting.lock().unwrap().total,
            2,
            "who gives up gives the place back"
        );
    }
}
