//! Time and ids: the two things that a pure core must be given. The only place in the workspace that makes them.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, cut to microseconds: what both engines can store and every contract shows.
    fn now(&self) -> DateTime<Utc>;
}

/// Makes ids and secrets.
pub trait IdSource: Send + Sync {
    /// A new `UUIDv7`.
    fn uuid(&self) -> Uuid;

    /// 256 random bits, fit for a key or a token.
    fn secret(&self) -> [u8; 32];
}

/// The clock and the id source that a process runs with.
#[derive(Clone)]
pub struct Ambient {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn IdSource>,
}

impl Ambient {
    /// The machine's clock and randomness.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(System),
            ids: Arc::new(System),
        }
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

impl IdSource for System {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        // Without randomness there is no safe way on; the system call fails only before the kernel is seeded.
        getrandom::fill(&mut secret).expect("the operating system gives random bytes");
        secret
    }
}
